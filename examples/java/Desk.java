// 收费窗口（Java，JNA）。用法：java -cp jna.jar:. Desk 配置文件 二维码 让参保人确认的命令
// 只给配置文件时，从标准输入逐行接受经办人员的操作（接入验收）
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.ptr.IntByReference;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Scanner;

public class Desk {
    // 32 位 Windows 上继承 com.sun.jna.win32.StdCallLibrary
    interface Yanmi extends Library {
        int yanmi_open(String config, IntByReference handle);
        int yanmi_close(int handle);
        int yanmi_message(int encoding, byte[] out, int size, IntByReference needed);
        int yanmi_scan(int handle, String qrCode, String business, String operatorId, String operatorName,
                String officeId, String officeName, String reference, byte[] visit, byte[] out, int size,
                IntByReference needed);
        int yanmi_begin(int handle, int medium, String token, String place, String reference, byte[] visit,
                byte[] out, int size, IntByReference needed);
        int yanmi_switch_token(int handle, String visit, String token, byte[] out, int size, IntByReference needed);
        int yanmi_status(int handle, String visit, int seconds, byte[] out, int size, IntByReference needed);
        int yanmi_notify(int handle, String visit, String amount, byte[] out, int size, IntByReference needed);
        int yanmi_gate(int handle, String visit, String settlement, String amount, byte[] out, int size,
                IntByReference needed);
    }

    // 字符串以 UTF-8 传入（Windows 上配置为 gbk 时改为 GBK）
    static final Yanmi YANMI = Native.load("yanmi", Yanmi.class,
            Collections.singletonMap(Library.OPTION_STRING_ENCODING, "UTF-8"));

    static String text(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) end++;
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    static String message() {
        byte[] line = new byte[1024];
        YANMI.yanmi_message(0, line, line.length, null);
        return text(line);
    }

    // 一个窗口：每行一个操作，各答一行“返回值 提示”
    static void window(int desk) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        byte[] id = new byte[33];
        for (Scanner in = new Scanner(System.in, "UTF-8"); in.hasNextLine();) {
            String[] words = in.nextLine().split(" ");
            String value = words.length > 1 ? words[1] : "";
            int code = 9007;
            switch (words[0]) {
                case "scan": code = YANMI.yanmi_begin(desk, 0, value, null, null, id, null, 0, null); break;
                case "token": code = YANMI.yanmi_switch_token(desk, text(id), value, null, 0, null); break;
                case "notice": code = YANMI.yanmi_notify(desk, text(id), value, null, 0, null); break;
                case "status": code = YANMI.yanmi_status(desk, text(id), 0, null, 0, null); break;
                case "gate": code = YANMI.yanmi_gate(desk, text(id), "2207", value, null, 0, null); break;
            }
            out.println(code + " " + message());
        }
        YANMI.yanmi_close(desk);
    }

    // 核对返回值，并显示给经办人员的提示
    static void expect(String step, int code, int expected) {
        System.out.println(step + "：" + code + " " + message());
        if (code != expected) {
            System.exit(1);
        }
    }

    public static void main(String[] args) throws Exception {
        IntByReference handle = new IntByReference();
        if (args.length == 1) {
            if (YANMI.yanmi_open(args[0], handle) != 0) System.exit(1);
            window(handle.getValue());
            return;
        }
        byte[] visitBytes = new byte[33];
        byte[] out = new byte[4096];
        expect("打开", YANMI.yanmi_open(args[0], handle), 0);
        int desk = handle.getValue();
        expect("扫码", YANMI.yanmi_scan(desk, args[1], "01301", "001", "经办人", "01", "收费处", "MZ-JAVA-1",
                visitBytes, out, out.length, null), 0);
        String visit = text(visitBytes);
        expect("通知", YANMI.yanmi_notify(desk, visit, "35.00", out, out.length, null), 0);
        // 参保人还没有确认：1 不结算
        expect("闸口", YANMI.yanmi_gate(desk, visit, "2207", "35.00", out, out.length, null), 1);
        if (new ProcessBuilder("sh", "-c", args[2]).inheritIO().start().waitFor() != 0) System.exit(1);
        // 只有返回 0 才可结算
        expect("闸口", YANMI.yanmi_gate(desk, visit, "2207", "35.00", out, out.length, null), 0);
        System.out.println("依据：" + text(out));
        expect("关闭", YANMI.yanmi_close(desk), 0);
        expect("关闭后", YANMI.yanmi_notify(desk, visit, "35.00", null, 0, null), 9004);
    }
}
