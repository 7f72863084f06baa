/* 验密工具包（Java）：线上密码核验认证的加密、两个调用与结算判断，一个文件，拷进自己的程序即可。

   语言    Java 8 的语法；JDK 8 或更新
   需要    BouncyCastle（SM4、SM3）：bcprov-jdk15on 或 bcprov-jdk18on 1.60 以上，一般的 HIS 都已带有；不用 JSON 的库
   试过    Debian 12 的 JDK 17（以 --release 8 编译）与 libbcprov-java 1.72：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
   没试过  真正的 JDK 8、Windows；https 只信 JDK 的 cacerts，自签的根证书须先导入

   javac -encoding UTF-8 -cp bcprov.jar YanmiKit.java        Windows 上下面的“:”写作“;”
   java -cp bcprov.jar:. YanmiKit vectors vectors.json           核对全部已知答案
   java -cp bcprov.jar:. YanmiKit settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
   java -cp bcprov.jar:. YanmiKit settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收） */

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.digests.SM3Digest;
import org.bouncycastle.crypto.engines.SM4Engine;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.KeyParameter;

public final class YanmiKit {
    static final String NOTICE = "/cfc/api/tokenPwdCheckNotc", STATUS = "/cfc/api/tokenPwdStas"; // 1.7.1 与 1.7.2

    /** 不合规范的内容；code 是中心对它的返回码（-2 形式不对，-4 解不开）。 */
    public static final class Refused extends Exception {
        public final int code;

        Refused(int code, String why) {
            super(why);
            this.code = code;
        }
    }

    // ---- 一、六个函数 ----

    /** 下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。 */
    public static byte[] keyBytes(String text) {
        byte[] bytes = text.matches("[0-9A-Fa-f]{32}") ? unhex(text) : utf8(text);
        if (bytes.length != 16) throw new IllegalArgumentException("密钥应为 32 位十六进制或 16 个 ASCII 字符");
        return bytes;
    }

    /** 加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。 */
    public static String seal(byte[] key, String text) {
        byte[] plain = utf8(text);
        int fill = 16 - plain.length % 16; // 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少
        byte[] data = Arrays.copyOf(plain, plain.length + fill);
        Arrays.fill(data, plain.length, data.length, (byte) fill);
        return hex(sm4(true, key, data));
    }

    /** 解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。 */
    public static String unseal(byte[] key, String encData) throws Refused {
        if (!encData.matches("([0-9A-Fa-f]{32})+")) throw new Refused(-2, "encData 应为十六进制，长度为 32 的倍数");
        byte[] data = sm4(false, key, unhex(encData));
        int fill = data[data.length - 1];
        boolean right = fill >= 1 && fill <= 16;
        for (int at = 1; right && at <= fill; at++) right = data[data.length - at] == fill;
        if (!right) throw new Refused(-4, "填充不是 PKCS7，多半是密钥不对：与中心比对密钥校验值");
        try {
            // new String(…) 会把坏字节悄悄换成问号，所以不用它
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data, 0, data.length - fill)).toString();
            members(text);
            return text;
        } catch (CharacterCodingException why) {
            throw new Refused(-4, "明文不是 UTF-8");
        }
    }

    /** 密钥校验值：双方各自算出 6 位来比对，不必说出密钥。 */
    public static String kcv(byte[] key) {
        return hex(sm4(true, key, new byte[16])).substring(0, 6);
    }

    /** userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)）。 */
    public static String passwordDigest(String password) {
        SM3Digest digest = new SM3Digest();
        byte[] data = utf8(password), out = new byte[32];
        digest.update(data, 0, data.length);
        digest.doFinal(out, 0);
        return hex(out);
    }

    /** 请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320。 */
    public static String requestMac(byte[] key, String path, String orgId, String version, String reqtType, String timestamp, String encData) {
        return mac(key, "request", path, orgId, version, reqtType, timestamp, encData);
    }

    /** 应答的 mac 把请求的 mac（request）算在内，所以只属于这一次请求；拒绝也有。 */
    public static String answerMac(byte[] key, String request, int code, String message, String encData) {
        return mac(key, "answer", request, String.valueOf(code), message, encData == null ? "" : encData);
    }

    static String mac(byte[] key, String... parts) {
        byte[] derived = hmac(hmac(new byte[32], key), utf8("yanmi/envelope/mac/1\u0001")); // HKDF-SM3，没有 salt
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (String part : parts) {
            byte[] bytes = utf8(part);
            byte[] length = ByteBuffer.allocate(8).putLong(bytes.length).array();
            all.write(length, 0, length.length);
            all.write(bytes, 0, bytes.length);
        }
        return hex(hmac(derived, all.toByteArray()));
    }

    // ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ----

    /** decision：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。
        code：返回码；没有得到应答为空串，mac 不符为 "mac"。seconds：要求等多少秒再发，0 为没有要求。 */
    public static final class Judgment {
        public final String decision, code, why, next;
        public final int seconds;
        boolean proven;

        Judgment(String decision, Object code, String why, String next, int seconds) {
            this.decision = decision;
            this.code = String.valueOf(code);
            this.why = why;
            this.next = next;
            this.seconds = seconds;
        }

        @Override
        public String toString() {
            return why + "。" + next + (seconds > 0 ? "（" + seconds + " 秒之后再发）" : "");
        }
    }

    static Judgment judgment(String decision, Object code, String why, String next) {
        return new Judgment(decision, code, why, next, 0);
    }

    static Judgment noAnswer(String why) {
        return judgment("offline", "", "无法得到中心的应答：" + why, INSTEAD);
    }

    /** 1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
        request 是请求的 mac（没有则 null），notices 是本次就诊通知了几次。 */
    public static Judgment judge(String call, byte[] key, String request, boolean macRequired, int http, String retryAfter, String body, int notices) {
        Judgment strange = noAnswer("中心的应答不合规范（HTTP " + http + "）");
        Map<String, String> answer;
        String encData, data;
        int code;
        try {
            answer = members(body.startsWith("\uFEFF") ? body.substring(1) : body);
            data = answer.get("data");
            encData = data == null ? null : members(data).get("encData");
            code = Integer.parseInt(String.valueOf(answer.get("code")));
        } catch (Refused | NumberFormatException why) {
            return strange;
        }
        String message = answer.get("message") == null ? "" : answer.get("message"), mac = answer.get("mac");
        boolean proven = request != null && mac != null && !mac.isEmpty();
        if (proven && !MessageDigest.isEqual(utf8(mac.toUpperCase()), utf8(answerMac(key, request, code, message, encData)))) {
            return judgment("refuse", "mac", "中心的应答不可信：mac 不符，被改动过或不是对本次请求的", RENOTIFY);
        }
        if (!proven && macRequired && (code == 0 || code == 500320)) { // 能让人结算的，必须有 mac
            return judgment("refuse", "mac", "中心的应答不可信：没有 mac", RENOTIFY);
        }
        Judgment said;
        if (code != 0) {
            said = refusal(code, message, retryAfter);
        } else if (http != 200) {
            return strange;
        } else {
            try {
                Map<String, String> plain = members(unseal(key, encData == null ? "" : encData));
                said = state(call, plain.get(call.equals("notice") ? "notcFlag" : "checkStas"), notices);
            } catch (Refused why) {
                return noAnswer(why.getMessage());
            }
            if (said == null) return strange;
        }
        said.proven = proven;
        return said;
    }

    /** 交易状态。 */
    static Judgment state(String call, String flag, int notices) {
        boolean one = "1".equals(flag);
        if (!one && !"0".equals(flag)) return null;
        if (call.equals("notice")) {
            return one ? judgment("wait", 0, "已通知参保人的渠道应用", NOT_CONFIRMED[0])
                    : judgment("offline", 0, "通知参保人的渠道应用失败：通知结果标识为 0", INSTEAD);
        }
        return one ? judgment("settle", 0, "线上密码核验认证通过", "请继续办理医保业务并结算。")
                : judgment("refuse", 0, "参保人尚未完成线上认证，结算前需先完成安全认证", NOT_CONFIRMED[Math.min(notices, 3) - 1]);
    }

    /** 业务返回。 */
    static Judgment refusal(int code, String message, String retryAfter) {
        String why = message + "（" + code + "）", next = next(code);
        if (code == 500320) return judgment("settle", code, why, "请继续办理医保业务并结算。"); // 免密不是失败：直接结算
        int seconds = 0;
        if (code == -6 || code == 500084) {
            Matcher told = Pattern.compile("请 (\\d{1,4}) 秒").matcher(message);
            boolean header = retryAfter != null && retryAfter.matches("\\d{1,4}");
            seconds = header ? Integer.parseInt(retryAfter) : told.find() ? Integer.parseInt(told.group(1)) : 3;
        }
        if (code == 500084 && message.contains("非本人")) {
            next = "请核实持码人身份，未核实前不得结算；核实为本人的，采用" + OFFLINE + "。";
        }
        boolean offline = Arrays.asList(-1, -3, 500033, 500319, 500321).contains(code); // 中心或渠道此刻用不了；其余的要先改正或等待
        return new Judgment(offline ? "offline" : "refuse", code, why, next, seconds);
    }

    // ---- 三、两个调用，与一次就诊 ----

    /** 一个账号与它的中心；各线程可以共用。proven：中心的应答带过 mac，此后没有 mac 的不再采信。 */
    public static final class Center {
        final Map<String, String> set = new LinkedHashMap<>();
        public final byte[] key;
        volatile boolean proven;

        public Center(String file) throws IOException {
            for (String line : read(file).replace("\uFEFF", "").split("\\r?\\n")) {
                int at = line.indexOf('=');
                if (at > 0 && !line.startsWith("#")) set.put(line.substring(0, at).trim(), line.substring(at + 1).trim());
            }
            key = keyBytes(set.get("key"));
            if (!set.get("url").matches("(https://|http://(127\\.|localhost|\\[::1\\])).*") && !"1".equals(set.get("plainHttp"))) {
                throw new IOException("明文 http 只许本机；确知线路可信才写 plainHttp=1");
            }
        }

        /** 1.7.1 通知。amount 是预结算的医疗费总额，如 "128.50"：若有应必传。 */
        public Judgment notify(String token, String amount) {
            return call("notice", NOTICE, "{\"token\":" + quoted(token) + ",\"orgCodg\":" + quoted(set.get("orgCodg"))
                    + ",\"orgName\":" + quoted(set.get("orgName")) + ",\"totalAmount\":" + amount + "}", 1);
        }

        /** 1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次。 */
        public Judgment status(String token, int notices) {
            return call("status", STATUS, "{\"token\":" + quoted(token) + ",\"orgCodg\":" + quoted(set.get("orgCodg")) + "}", notices);
        }

        String setting(String name, String otherwise) {
            return set.containsKey(name) ? set.get(name) : otherwise;
        }

        Judgment call(String call, String path, String text, int notices) {
            String stamp = String.valueOf(System.currentTimeMillis()); // 每次（包括重试）都重新取时间、重新组包
            String orgId = set.get("orgId"), reqtType = setting("prefix", "sys") + "&" + set.get("region"), encData = seal(key, text);
            String use = setting("mac", "auto"), request = null, envelope = "{\"orgId\":" + quoted(orgId) + ",\"encData\":\"" + encData
                    + "\",\"version\":\"1.0.0\",\"timestamp\":\"" + stamp + "\",\"reqtType\":" + quoted(reqtType);
            if (!use.equals("never")) {
                request = requestMac(key, path, orgId, "1.0.0", reqtType, stamp, encData);
                envelope += ",\"mac\":\"" + request + "\"";
            }
            try {
                HttpURLConnection asked = post(set.get("url") + path, utf8(envelope + "}"));
                int http = asked.getResponseCode();
                InputStream in = http < 400 ? asked.getInputStream() : asked.getErrorStream();
                String body = in == null ? "" : new String(bytes(in), StandardCharsets.UTF_8);
                boolean required = use.equals("always") || use.equals("auto") && proven;
                Judgment said = judge(call, key, request, required, http, asked.getHeaderField("Retry-After"), body, notices);
                proven |= said.proven;
                return said;
            } catch (SocketTimeoutException why) {
                return judgment("offline", "", "请求中心超时", INSTEAD);
            } catch (IOException why) { // 连不上、断开、不完整：不论什么原因，都没有得到应答
                return noAnswer(String.valueOf(why.getMessage()));
            }
        }

        HttpURLConnection post(String url, byte[] body) throws IOException {
            HttpURLConnection asked = (HttpURLConnection) new URL(url).openConnection();
            int patience = Integer.parseInt(setting("timeoutMs", "8000"));
            asked.setConnectTimeout(patience);
            asked.setReadTimeout(patience);
            asked.setInstanceFollowRedirects(false);
            asked.setDoOutput(true);
            asked.setFixedLengthStreamingMode(body.length); // 否则连接断开时 JDK 会悄悄把同一个报文再发一次
            asked.setRequestProperty("Content-Type", "application/json");
            try (OutputStream out = asked.getOutputStream()) {
                out.write(body);
            }
            return asked;
        }
    }

    /** 一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
        换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废。 */
    public static final class Visit {
        final Center center;
        final String token;
        int notices;
        Judgment notice;
        long covers = -1, at; // 参保人至多确认了多少分（-1 为没有），最近一次通知的时刻

        public Visit(Center center, String token) {
            this.center = center;
            this.token = token;
        }

        /** 可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上。 */
        public Judgment notify(String amount) {
            long fen = cents(amount);
            Judgment said = center.notify(token, amount);
            if (said.decision.equals("wait") || said.decision.equals("settle")) {
                covers = fen; // 参保人确认的，至多是最近一次通知的金额
            } else if (said.code.isEmpty()) { // 没有得到应答：通知可能到了，只会把金额压低
                covers = covers < 0 ? fen : Math.min(fen, covers);
            }
            notices++;
            notice = said;
            at = System.nanoTime();
            return said;
        }

        /** 点击确认结算时问：每次都重新查询（1.6.2(8)），只有 settle 才结算。退费、撤销不必问。 */
        public Judgment settle(String amount) {
            Judgment said = notice;
            if (said == null) return judgment("refuse", "", "尚未发起线上认证通知", "请为参保人发起线上密码核验认证通知。");
            boolean free = said.decision.equals("settle") && System.nanoTime() - at < 1_800_000_000_000L; // 通知就得到 500320 的，直接办理
            if (!free && !said.code.equals("mac")) {
                Judgment asked = center.status(token, notices);
                boolean unconfirmed = asked.decision.equals("refuse") && asked.code.equals("0");
                boolean failed = said.decision.equals("refuse") || said.decision.equals("offline");
                if (!(unconfirmed && failed)) said = asked; // 通知本身没有成功的，说通知的原因
            }
            if (said.decision.equals("settle") && cents(amount) > covers) {
                return judgment("refuse", 0, "参保人确认的金额低于本次结算金额", RENOTIFY);
            }
            return said;
        }
    }

    /** 金额不用浮点数：换成分。 */
    static long cents(String amount) {
        Matcher found = Pattern.compile("(\\d{1,14})(?:\\.(\\d{1,2}))?").matcher(amount);
        if (!found.matches()) throw new IllegalArgumentException("金额应为元，至多两位小数：" + amount);
        String rest = found.group(2) == null ? "" : found.group(2);
        return Long.parseLong(found.group(1)) * 100 + Long.parseLong((rest + "00").substring(0, 2));
    }

    // ---- 四、命令行 ----

    static final PrintStream OUT = out();

    /** 一个收费窗口：每行一个操作，各答一行“返回值 提示”。 */
    static void window(Center center) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Visit visit = null;
        for (String line; (line = lines.readLine()) != null;) {
            String[] words = (line.trim() + " ").split(" +");
            String what = words[0], value = words.length > 1 ? words[1] : "";
            Judgment said = judgment("wait", 0, "已登记", "");
            if (what.equals("scan") || what.equals("token")) visit = new Visit(center, value);
            else if (what.equals("notice")) said = visit.notify(value);
            else if (what.equals("status")) said = center.status(visit.token, Math.max(visit.notices, 1));
            else said = visit.settle(value);
            OUT.println((said.decision.equals("refuse") ? 1 : said.decision.equals("offline") ? 2 : 0) + " " + said);
        }
    }

    /** 走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算。 */
    static void journey(Center center, String token, String confirm) throws Exception {
        Visit visit = new Visit(center, token);
        OUT.println("密钥校验值：" + kcv(center.key));
        show("通知之前", visit.settle("128.50"), "refuse");
        show("通知", visit.notify("128.50"), "wait");
        show("确认之前", visit.settle("128.50"), "refuse");
        String[] shell = File.separatorChar == '/' ? new String[] {"sh", "-c", confirm} : new String[] {"cmd", "/c", confirm};
        if (new ProcessBuilder(shell).inheritIO().start().waitFor() != 0) throw new IOException("确认命令失败");
        show("确认之后", visit.settle("128.50"), "settle");
        show("金额变大", visit.settle("128.51"), "refuse");
        OUT.println("可以结算");
    }

    static void show(String step, Judgment said, String expected) throws IOException {
        OUT.println(step + "：" + said);
        if (!said.decision.equals(expected)) throw new IOException("应为 " + expected + "，得到 " + said.decision);
    }

    static void vectors(String file) throws Exception {
        Map<String, String> table = members(read(file));
        for (Map.Entry<String, String> row : table.entrySet()) {
            Map<String, String> v = members(row.getValue());
            String got;
            try {
                got = answered(v, v.containsKey("key") ? keyBytes(v.get("key")) : null);
            } catch (Refused why) {
                got = String.valueOf(why.code);
            }
            if (!got.equals(v.get("result"))) {
                throw new IOException("不符：" + row.getKey() + "\n  应为 " + v.get("result") + "\n  得到 " + got);
            }
        }
        OUT.println(table.size() + " 个向量全部相符");
    }

    static String answered(Map<String, String> v, byte[] key) throws Refused {
        switch (v.get("do")) {
            case "seal": return seal(key, v.get("plain"));
            case "unseal": return unseal(key, v.get("encData"));
            case "kcv": return kcv(key);
            case "digest": return passwordDigest(v.get("password"));
            case "requestMac": return requestMac(key, v.get("path"), v.get("orgId"), v.get("version"), v.get("reqtType"), v.get("timestamp"), v.get("encData"));
            case "answerMac": return answerMac(key, v.get("request"), Integer.parseInt(v.get("code")), v.get("message"), v.get("encData"));
            default:
                Judgment said = judge(v.get("call"), key, v.get("request"), v.get("macRequired").equals("1"), Integer.parseInt(v.get("http")),
                        v.get("retryAfter"), v.get("body"), Integer.parseInt(v.get("notices")));
                return said.decision + "|" + said.code + "|" + said.seconds + "|" + said.next;
        }
    }

    public static void main(String[] words) {
        try {
            if (words.length == 2 && words[0].equals("vectors")) vectors(words[1]);
            else if (words.length == 2 && words[0].equals("settle")) window(new Center(words[1]));
            else if (words.length == 4 && words[0].equals("settle")) journey(new Center(words[1]), words[2], words[3]);
            else throw new IOException("用法见本文件开头");
        } catch (Exception why) {
            OUT.println(why.getMessage());
            System.exit(1);
        }
    }

    // ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ----

    static final String OFFLINE = "医保终端刷脸、医保终端密码或动态库密码"; // 本机构没有的方式，从这里删去
    static final String INSTEAD = "请改用" + OFFLINE + "；也可稍后重新发起认证通知。";
    static final String RENOTIFY = "请按本次结算金额重新发起认证通知，再确认结算。";
    static final String INFORM = "本次请采用" + OFFLINE + "，并告知信息科：";
    static final String[] NOT_CONFIRMED = { // 通知了一次、两次、三次及以上
        "请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。",
        "请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。",
        "请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用" + OFFLINE + "。",
    };

    static String next(int code) {
        switch (code) {
            case -1: return INFORM + "中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。";
            case -2: return INFORM + "按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。";
            case -3: return "请稍后重试一次；或改用" + OFFLINE + "。";
            case -4: return INFORM + "核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。";
            case -5: return INFORM + "核对请求地址的路径，区分大小写。";
            case -6: return INFORM + "等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。";
            case 500001: return "令牌无效或已过期：请参保人重新展码，重新解码。";
            case 500002: return "请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用" + OFFLINE + "。";
            case 500003: return "请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用" + OFFLINE + "。";
            case 500012: return "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + OFFLINE + "。";
            case 500033: return INFORM + "国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。";
            case 500042: return "请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用" + OFFLINE + "。";
            case 500050: return "请参保人到医保经办机构核实参保信息，本次采用" + OFFLINE + "。";
            case 500054: return "请参保人到医保经办机构核实参保信息，本次采用" + OFFLINE + "。";
            case 500057: return "请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用" + OFFLINE + "。";
            case 500058: return "请参保人到医保经办机构核实参保信息，本次采用" + OFFLINE + "。";
            case 500084: return "先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。";
            case 500100: return INFORM + "向地方电子凭证中心申请该接口的权限。";
            case 500208: return INFORM + "中心补录渠道认证记录；参保人可先换渠道应用。";
            case 500209: return INFORM + "中心核实停用原因；参保人可先换渠道应用。";
            case 500316: return INFORM + "传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。";
            case 500319: return "请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用" + OFFLINE + "。";
            case 500321: return "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + OFFLINE + "。";
            default: return INSTEAD;
        }
    }

    // ---- 附二：JSON。只读对象的成员；重复的应答谁也说不清，所以拒绝 ----

    /** 成员名到值：字符串去掉引号，null 为 null，其余为原文（内层对象可再读一次）。 */
    public static Map<String, String> members(String text) throws Refused {
        Json json = new Json(text);
        Map<String, String> out = json.object(0);
        json.space();
        if (json.at != text.length()) throw json.wrong();
        return out;
    }

    static final class Json {
        final String text;
        int at;

        Json(String text) {
            this.text = text;
        }

        Refused wrong() {
            return new Refused(-4, "明文不是 JSON 对象，或成员重复");
        }

        void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        }

        boolean take(char mark) {
            space();
            boolean there = at < text.length() && text.charAt(at) == mark;
            if (there) at++;
            return there;
        }

        void need(char mark) throws Refused {
            if (!take(mark)) throw wrong();
        }

        Map<String, String> object(int depth) throws Refused {
            need('{');
            Map<String, String> out = new LinkedHashMap<>();
            if (take('}')) return out;
            do {
                space();
                String name = string();
                need(':');
                String value = value(depth);
                if (out.containsKey(name)) throw wrong();
                out.put(name, value);
            } while (take(','));
            need('}');
            return out;
        }

        String value(int depth) throws Refused {
            space();
            int start = at;
            if (at >= text.length() || depth > 30) throw wrong();
            char first = text.charAt(at);
            if (first == '"') return string();
            if (first == '{') {
                object(depth + 1);
            } else if (first == '[') {
                at++;
                if (!take(']')) {
                    do {
                        value(depth + 1);
                    } while (take(','));
                    need(']');
                }
            } else {
                while (at < text.length() && "+-.0123456789aeflnrstuE".indexOf(text.charAt(at)) >= 0) at++;
                String word = text.substring(start, at);
                if (!word.matches("true|false|null|-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?")) throw wrong();
                if (word.equals("null")) return null;
            }
            return text.substring(start, at);
        }

        String string() throws Refused {
            need('"');
            StringBuilder out = new StringBuilder();
            while (at < text.length()) {
                char mark = text.charAt(at++);
                if (mark == '"' && StandardCharsets.UTF_8.newEncoder().canEncode(out)) return out.toString();
                if (mark == '"') throw wrong(); // 落单的代理字符不是文字
                if (mark < ' ') throw wrong();
                if (mark == '\\') {
                    mark = at < text.length() ? text.charAt(at++) : 0;
                    int which = "\"\\/bfnrtu".indexOf(mark);
                    if (which < 0 || mark == 0) throw wrong();
                    if (mark == 'u') {
                        if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9A-Fa-f]{4}")) throw wrong();
                        mark = (char) Integer.parseInt(text.substring(at, at + 4), 16);
                        at += 4;
                    } else {
                        mark = "\"\\/\b\f\n\r\t".charAt(which);
                    }
                }
                out.append(mark);
            }
            throw wrong();
        }
    }

    static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    // ---- 附三：SM4 与 SM3（BouncyCastle）、字节 ----

    static byte[] sm4(boolean encrypt, byte[] key, byte[] data) {
        SM4Engine engine = new SM4Engine();
        engine.init(encrypt, new KeyParameter(key));
        byte[] out = new byte[data.length];
        for (int at = 0; at < data.length; at += 16) engine.processBlock(data, at, out, at);
        return out;
    }

    static byte[] hmac(byte[] key, byte[] data) {
        HMac hmac = new HMac(new SM3Digest());
        hmac.init(new KeyParameter(key));
        hmac.update(data, 0, data.length);
        byte[] out = new byte[32];
        hmac.doFinal(out, 0);
        return out;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte one : bytes) out.append(String.format("%02X", one));
        return out.toString();
    }

    static byte[] unhex(String digits) {
        byte[] out = new byte[digits.length() / 2];
        for (int at = 0; at < out.length; at++) out[at] = (byte) Integer.parseInt(digits.substring(2 * at, 2 * at + 2), 16);
        return out;
    }

    /** 至多 64 KiB；更大的不是中心的应答，读不完整，也就不是 JSON。 */
    static byte[] bytes(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] some = new byte[4096];
        for (int count; out.size() <= 65536 && (count = in.read(some)) > 0;) out.write(some, 0, count);
        return out.toByteArray();
    }

    static String read(String file) throws IOException {
        return new String(Files.readAllBytes(new File(file).toPath()), StandardCharsets.UTF_8);
    }

    static PrintStream out() {
        try {
            return new PrintStream(System.out, true, "UTF-8");
        } catch (IOException why) {
            return System.out;
        }
    }
}
