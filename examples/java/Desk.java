// 收费窗口（Java，JNA）。用法：java -cp jna.jar:. Desk 配置文件 二维码 让参保人确认的命令
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.ptr.IntByReference;
import java.nio.charset.StandardCharsets;
import java.util.Collections;

public class Desk {
    // 32 位 Windows 上继承 com.sun.jna.win32.StdCallLibrary
    interface Yanmi extends Library {
        int yanmi_open(String config, IntByReference handle);
        int yanmi_close(int handle);
        int yanmi_message(int encoding, byte[] out, int size, IntByReference needed);
        int yanmi_scan(int handle, String qrCode, String business, String operatorId, String operatorName,
                String officeId, String officeName, String reference, byte[] visit, byte[] out, int size,
                IntByReference needed);
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

    // 核对返回值，并显示给经办人员的提示
    static void expect(String step, int code, int expected) {
        byte[] line = new byte[1024];
        YANMI.yanmi_message(0, line, line.length, null);
        System.out.println(step + "：" + code + " " + text(line));
        if (code != expected) {
            System.exit(1);
        }
    }

    public static void main(String[] args) throws Exception {
        IntByReference handle = new IntByReference();
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
