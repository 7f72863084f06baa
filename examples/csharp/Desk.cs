// 收费窗口（C#，P/Invoke）。用法：Desk.exe 配置文件 二维码 让参保人确认的命令
//                                 Desk.exe 配置文件   从标准输入逐行接受经办人员的操作（接入验收）
using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

static class Desk
{
    // Windows 上 "yanmi" 即 yanmi.dll；StdCall 在 64 位与 Linux 上无影响
    const string Library = "yanmi";

    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_open(byte[] config, out int handle);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_close(int handle);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_message(int encoding, byte[] text, int size, IntPtr needed);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_scan(int handle, byte[] qrCode, byte[] business, byte[] operatorId, byte[] operatorName,
        byte[] officeId, byte[] officeName, byte[] reference, byte[] visit, byte[] json, int size, IntPtr needed);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_begin(int handle, int medium, byte[] token, byte[] place, byte[] reference, byte[] visit,
        byte[] json, int size, IntPtr needed);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_switch_token(int handle, byte[] visit, byte[] token, byte[] json, int size, IntPtr needed);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_status(int handle, byte[] visit, int seconds, byte[] json, int size, IntPtr needed);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_notify(int handle, byte[] visit, byte[] amount, byte[] json, int size, IntPtr needed);
    [DllImport(Library, CallingConvention = CallingConvention.StdCall, ExactSpelling = true)]
    static extern int yanmi_gate(int handle, byte[] visit, byte[] settlement, byte[] amount, byte[] json, int size, IntPtr needed);

    // 配置为 gbk 时，这里用 Encoding.GetEncoding(936)
    static byte[] Text(string text) { return Encoding.UTF8.GetBytes(text + "\0"); }

    static string Text(byte[] bytes) { return Encoding.UTF8.GetString(bytes, 0, Array.IndexOf(bytes, (byte)0)); }

    static string Message()
    {
        byte[] line = new byte[1024];
        yanmi_message(0, line, line.Length, IntPtr.Zero);
        return Text(line);
    }

    // 一个窗口：每行一个操作，各答一行“返回值 提示”
    static void Window(int desk)
    {
        byte[] visit = new byte[33];
        for (string line; (line = Console.ReadLine()) != null;)
        {
            string[] words = line.Split(' ');
            byte[] value = Text(words.Length > 1 ? words[1] : "");
            int code = 9007;
            switch (words[0])
            {
                case "scan": code = yanmi_begin(desk, 0, value, null, null, visit, null, 0, IntPtr.Zero); break;
                case "token": code = yanmi_switch_token(desk, visit, value, null, 0, IntPtr.Zero); break;
                case "notice": code = yanmi_notify(desk, visit, value, null, 0, IntPtr.Zero); break;
                case "status": code = yanmi_status(desk, visit, 0, null, 0, IntPtr.Zero); break;
                case "gate": code = yanmi_gate(desk, visit, Text("2207"), value, null, 0, IntPtr.Zero); break;
            }
            Console.WriteLine(code + " " + Message());
            Console.Out.Flush();
        }
        yanmi_close(desk);
    }

    // 核对返回值，并显示给经办人员的提示
    static void Expect(string step, int code, int expected)
    {
        Console.WriteLine(step + "：" + code + " " + Message());
        if (code != expected) Environment.Exit(1);
    }

    static void Main(string[] args)
    {
        int desk;
        byte[] visit = new byte[33], json = new byte[4096];
        if (args.Length == 1)
        {
            if (yanmi_open(Text(args[0]), out desk) != 0) Environment.Exit(1);
            Window(desk);
            return;
        }
        Expect("打开", yanmi_open(Text(args[0]), out desk), 0);
        Expect("扫码", yanmi_scan(desk, Text(args[1]), Text("01301"), Text("001"), Text("经办人"), Text("01"),
            Text("收费处"), Text("MZ-CS-1"), visit, json, json.Length, IntPtr.Zero), 0);
        Expect("通知", yanmi_notify(desk, visit, Text("19.90"), json, json.Length, IntPtr.Zero), 0);
        // 参保人还没有确认：1 不结算
        Expect("闸口", yanmi_gate(desk, visit, Text("2207"), Text("19.90"), json, json.Length, IntPtr.Zero), 1);
        Process person = Process.Start(new ProcessStartInfo("sh", "-c \"" + args[2] + "\"") { UseShellExecute = false });
        person.WaitForExit();
        if (person.ExitCode != 0) Environment.Exit(1);
        // 只有返回 0 才可结算
        Expect("闸口", yanmi_gate(desk, visit, Text("2207"), Text("19.90"), json, json.Length, IntPtr.Zero), 0);
        Console.WriteLine("依据：" + Text(json));
        Expect("关闭", yanmi_close(desk), 0);
    }
}
