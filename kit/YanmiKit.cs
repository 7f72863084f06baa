/* 验密工具包（C#）：线上密码核验认证的加密、两个调用与结算判断，一个文件，拷进自己的工程即可。

   语言    C# 5 的语法：.NET Framework 4（Visual Studio 2010 以后的都能编译）、.NET
   需要    没有依赖；SM4、SM3、JSON 都在本文件末尾。拷进自己的工程时删去“命令行”一节
   试过    Debian 12 的 mono 6.8（mcs -langversion:5）：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
   没试过  Windows 上的 .NET Framework 与 .NET（其编译器会提示 HttpWebRequest 已过时，可以忽略）；
           https 只信系统的根证书；.NET Framework 4.0 上须已装 TLS 1.2 的更新

   mcs -langversion:5 -out:YanmiKit.exe YanmiKit.cs      （Windows：csc YanmiKit.cs）
   mono YanmiKit.exe vectors vectors.json           核对全部已知答案
   mono YanmiKit.exe settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
   mono YanmiKit.exe settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收） */

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

/// <summary>不合规范的内容；Code 是中心对它的返回码（-2 形式不对，-4 解不开）。</summary>
public sealed class RefusedException : Exception
{
    public readonly int Code;

    public RefusedException(int code, string why) : base(why)
    {
        Code = code;
    }
}

/// <summary>Decision：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。
/// Code：返回码；没有得到应答为空串，mac 不符为 "mac"。Seconds：要求等多少秒再发，0 为没有要求。</summary>
public sealed class Judgment
{
    public readonly string Decision, Code, Why, Next;
    public readonly int Seconds;
    public bool Proven;

    public Judgment(string decision, string code, string why, string next, int seconds = 0)
    {
        Decision = decision;
        Code = code;
        Why = why;
        Next = next;
        Seconds = seconds;
    }

    public override string ToString()
    {
        return Why + "。" + Next + (Seconds > 0 ? "（" + Seconds + " 秒之后再发）" : "");
    }
}

public static class YanmiKit
{
    public const string Notice = "/cfc/api/tokenPwdCheckNotc", Status = "/cfc/api/tokenPwdStas"; // 1.7.1 与 1.7.2
    // 坏字节要报错：缺省的 Encoding.UTF8 会悄悄换成问号
    public static readonly UTF8Encoding Utf8 = new UTF8Encoding(false, true);

    // ---- 一、六个函数 ----

    /// <summary>下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。</summary>
    public static byte[] KeyBytes(string text)
    {
        byte[] bytes = Regex.IsMatch(text, "\\A[0-9A-Fa-f]{32}\\z") ? Unhex(text) : Utf8.GetBytes(text);
        if (bytes.Length != 16) throw new ArgumentException("密钥应为 32 位十六进制或 16 个 ASCII 字符");
        return bytes;
    }

    /// <summary>加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。</summary>
    public static string Seal(byte[] key, string text)
    {
        byte[] data = Utf8.GetBytes(text);
        int length = data.Length, fill = 16 - length % 16; // 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少
        Array.Resize(ref data, length + fill);
        for (int at = length; at < data.Length; at++) data[at] = (byte)fill;
        return Hex(Gm.Sm4(Gm.Keys(key), data));
    }

    /// <summary>解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。</summary>
    public static string Unseal(byte[] key, string encData)
    {
        if (!Regex.IsMatch(encData, "\\A([0-9A-Fa-f]{32})+\\z")) throw new RefusedException(-2, "encData 应为十六进制，长度为 32 的倍数");
        uint[] keys = Gm.Keys(key);
        Array.Reverse(keys); // 解密就是把轮密钥倒过来用
        byte[] data = Gm.Sm4(keys, Unhex(encData));
        int fill = data[data.Length - 1];
        bool right = fill >= 1 && fill <= 16;
        for (int at = 1; right && at <= fill; at++) right = data[data.Length - at] == fill;
        if (!right) throw new RefusedException(-4, "填充不是 PKCS7，多半是密钥不对：与中心比对密钥校验值");
        try
        {
            string text = Utf8.GetString(data, 0, data.Length - fill);
            Members(text);
            return text;
        }
        catch (ArgumentException)
        {
            throw new RefusedException(-4, "明文不是 UTF-8");
        }
    }

    /// <summary>密钥校验值：双方各自算出 6 位来比对，不必说出密钥。</summary>
    public static string Kcv(byte[] key)
    {
        return Hex(Gm.Sm4(Gm.Keys(key), new byte[16])).Substring(0, 6);
    }

    /// <summary>userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)）。</summary>
    public static string PasswordDigest(string password)
    {
        return Hex(Gm.Sm3(Utf8.GetBytes(password)));
    }

    /// <summary>请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320。</summary>
    public static string RequestMac(byte[] key, string path, string orgId, string version, string reqtType, string timestamp, string encData)
    {
        return Mac(key, "request", path, orgId, version, reqtType, timestamp, encData);
    }

    /// <summary>应答的 mac 把请求的 mac（request）算在内，所以只属于这一次请求；拒绝也有。</summary>
    public static string AnswerMac(byte[] key, string request, int code, string message, string encData)
    {
        return Mac(key, "answer", request, Text(code), message, encData ?? "");
    }

    static string Mac(byte[] key, params string[] parts)
    {
        byte[] derived = Gm.Hmac(Gm.Hmac(new byte[32], key), Utf8.GetBytes("yanmi/envelope/mac/1\u0001")); // HKDF-SM3，没有 salt
        var all = new List<byte>();
        foreach (string part in parts)
        {
            byte[] bytes = Utf8.GetBytes(part);
            all.AddRange(Gm.Length8(bytes.Length));
            all.AddRange(bytes);
        }
        return Hex(Gm.Hmac(derived, all.ToArray()));
    }

    // ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ----

    public static Judgment NoAnswer(string why)
    {
        return new Judgment("offline", "", "无法得到中心的应答：" + why, Instead);
    }

    /// <summary>1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
    /// request 是请求的 mac（没有则 null），notices 是本次就诊通知了几次。</summary>
    public static Judgment Judge(string call, byte[] key, string request, bool macRequired, int http, string retryAfter, string body, int notices)
    {
        Judgment strange = NoAnswer("中心的应答不合规范（HTTP " + http + "）");
        Dictionary<string, string> answer;
        string encData = null;
        int code;
        try
        {
            answer = Members(body.TrimStart('\uFEFF'));
            string data = Get(answer, "data");
            if (data != null) encData = Get(Members(data), "encData");
        }
        catch (RefusedException)
        {
            return strange;
        }
        if (!int.TryParse(Get(answer, "code"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out code)) return strange;
        string message = Get(answer, "message") ?? "", mac = Get(answer, "mac");
        bool proven = request != null && !string.IsNullOrEmpty(mac);
        if (proven && !Same(mac.ToUpperInvariant(), AnswerMac(key, request, code, message, encData)))
            return new Judgment("refuse", "mac", "中心的应答不可信：mac 不符，被改动过或不是对本次请求的", Renotify);
        if (!proven && macRequired && (code == 0 || code == 500320)) // 能让人结算的，必须有 mac
            return new Judgment("refuse", "mac", "中心的应答不可信：没有 mac", Renotify);
        Judgment said;
        if (code != 0)
        {
            said = Refusal(code, message, retryAfter);
        }
        else if (http != 200)
        {
            return strange;
        }
        else
        {
            try
            {
                Dictionary<string, string> plain = Members(Unseal(key, encData ?? ""));
                said = State(call, Get(plain, call == "notice" ? "notcFlag" : "checkStas"), notices) ?? strange;
            }
            catch (RefusedException why)
            {
                return NoAnswer(why.Message);
            }
        }
        said.Proven = proven;
        return said;
    }

    // 交易状态
    static Judgment State(string call, string flag, int notices)
    {
        if (flag != "0" && flag != "1") return null;
        if (call == "notice")
            return flag == "1" ? new Judgment("wait", "0", "已通知参保人的渠道应用", NotConfirmed[0])
                : new Judgment("offline", "0", "通知参保人的渠道应用失败：通知结果标识为 0", Instead);
        return flag == "1" ? new Judgment("settle", "0", "线上密码核验认证通过", "请继续办理医保业务并结算。")
            : new Judgment("refuse", "0", "参保人尚未完成线上认证，结算前需先完成安全认证", NotConfirmed[Math.Min(notices, 3) - 1]);
    }

    // 业务返回
    static Judgment Refusal(int code, string message, string retryAfter)
    {
        string why = message + "（" + code + "）", next = Next(code);
        if (code == 500320) return new Judgment("settle", Text(code), why, "请继续办理医保业务并结算。"); // 免密不是失败：直接结算
        int seconds = 0;
        if (code == -6 || code == 500084)
        {
            Match told = Regex.Match(message, "请 ([0-9]{1,4}) 秒");
            bool header = Regex.IsMatch(retryAfter ?? "", "\\A[0-9]{1,4}\\z");
            seconds = header ? int.Parse(retryAfter) : told.Success ? int.Parse(told.Groups[1].Value) : 3;
        }
        if (code == 500084 && message.Contains("非本人"))
            next = "请核实持码人身份，未核实前不得结算；核实为本人的，采用" + Offline + "。";
        bool offline = Array.IndexOf(new[] { -1, -3, 500033, 500319, 500321 }, code) >= 0; // 中心或渠道此刻用不了；其余的要先改正或等待
        return new Judgment(offline ? "offline" : "refuse", Text(code), why, next, seconds);
    }

    /// <summary>金额不用浮点数：换成分。</summary>
    public static long Cents(string amount)
    {
        Match found = Regex.Match(amount, "\\A([0-9]{1,14})(\\.([0-9]{1,2}))?\\z");
        if (!found.Success) throw new ArgumentException("金额应为元，至多两位小数：" + amount);
        return long.Parse(found.Groups[1].Value) * 100 + long.Parse(found.Groups[3].Value.PadRight(2, '0'));
    }

    // ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ----

    const string Offline = "医保终端刷脸、医保终端密码或动态库密码"; // 本机构没有的方式，从这里删去
    public const string Instead = "请改用" + Offline + "；也可稍后重新发起认证通知。";
    public const string Renotify = "请按本次结算金额重新发起认证通知，再确认结算。";
    const string Inform = "本次请采用" + Offline + "，并告知信息科：";
    static readonly string[] NotConfirmed = { // 通知了一次、两次、三次及以上
        "请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。",
        "请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。",
        "请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用" + Offline + "。",
    };

    static string Next(int code)
    {
        switch (code)
        {
            case -1: return Inform + "中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。";
            case -2: return Inform + "按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。";
            case -3: return "请稍后重试一次；或改用" + Offline + "。";
            case -4: return Inform + "核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。";
            case -5: return Inform + "核对请求地址的路径，区分大小写。";
            case -6: return Inform + "等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。";
            case 500001: return "令牌无效或已过期：请参保人重新展码，重新解码。";
            case 500002: return "请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用" + Offline + "。";
            case 500003: return "请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用" + Offline + "。";
            case 500012: return "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + Offline + "。";
            case 500033: return Inform + "国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。";
            case 500042: return "请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用" + Offline + "。";
            case 500050: return "请参保人到医保经办机构核实参保信息，本次采用" + Offline + "。";
            case 500054: return "请参保人到医保经办机构核实参保信息，本次采用" + Offline + "。";
            case 500057: return "请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用" + Offline + "。";
            case 500058: return "请参保人到医保经办机构核实参保信息，本次采用" + Offline + "。";
            case 500084: return "先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。";
            case 500100: return Inform + "向地方电子凭证中心申请该接口的权限。";
            case 500208: return Inform + "中心补录渠道认证记录；参保人可先换渠道应用。";
            case 500209: return Inform + "中心核实停用原因；参保人可先换渠道应用。";
            case 500316: return Inform + "传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。";
            case 500319: return "请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用" + Offline + "。";
            case 500321: return "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + Offline + "。";
            default: return Instead;
        }
    }

    // ---- 附二：JSON。只读对象的成员；重复的应答谁也说不清，所以拒绝 ----

    /// <summary>成员名到值：字符串去掉引号，null 为 null，其余为原文（内层对象可再读一次）。</summary>
    public static Dictionary<string, string> Members(string text)
    {
        var json = new Json(text);
        Dictionary<string, string> found = json.Object(0);
        json.End();
        return found;
    }

    public static string Get(Dictionary<string, string> members, string name)
    {
        string value;
        return members.TryGetValue(name, out value) ? value : null;
    }

    public static string Quoted(string text)
    {
        return "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";
    }

    static string Text(int number)
    {
        return number.ToString(CultureInfo.InvariantCulture);
    }

    // 所用时间与内容无关的比较
    static bool Same(string one, string other)
    {
        int different = one.Length ^ other.Length;
        for (int at = 0; at < one.Length; at++) different |= one[at] ^ other[at % other.Length];
        return different == 0;
    }

    public static string Hex(byte[] bytes)
    {
        return BitConverter.ToString(bytes).Replace("-", ""); // 不去掉“-”是常见的错误
    }

    public static byte[] Unhex(string digits)
    {
        var bytes = new byte[digits.Length / 2];
        for (int at = 0; at < bytes.Length; at++) bytes[at] = Convert.ToByte(digits.Substring(2 * at, 2), 16);
        return bytes;
    }
}

// ---- 三、两个调用，与一次就诊 ----

/// <summary>一个账号与它的中心；各线程可以共用。</summary>
public sealed class Center
{
    readonly Dictionary<string, string> set = new Dictionary<string, string>();
    public readonly byte[] Key;
    volatile bool proven; // 中心的应答带过 mac，此后没有 mac 的不再采信

    public Center(string file)
    {
        foreach (string line in File.ReadAllLines(file, YanmiKit.Utf8))
        {
            int at = line.IndexOf('=');
            if (at > 0 && !line.StartsWith("#")) set[line.Substring(0, at).Trim('\uFEFF', ' ')] = line.Substring(at + 1).Trim();
        }
        Key = YanmiKit.KeyBytes(set["key"]);
        if (!Regex.IsMatch(set["url"], "\\A(https://|http://(127\\.|localhost|\\[::1\\]))") && Setting("plainHttp", "") != "1")
            throw new ArgumentException("明文 http 只许本机；确知线路可信才写 plainHttp=1");
        ServicePointManager.SecurityProtocol |= (SecurityProtocolType)3072; // TLS 1.2，.NET Framework 4.0 没有这个名字
        ServicePointManager.Expect100Continue = false;
        ServicePointManager.DefaultConnectionLimit = 64; // 缺省只有 2：两个窗口等着，第三个就超时
    }

    /// <summary>1.7.1 通知。amount 是预结算的医疗费总额，如 "128.50"：若有应必传。</summary>
    public Judgment Notify(string token, string amount)
    {
        return Call("notice", YanmiKit.Notice, "{\"token\":" + YanmiKit.Quoted(token) + ",\"orgCodg\":" + YanmiKit.Quoted(set["orgCodg"])
            + ",\"orgName\":" + YanmiKit.Quoted(set["orgName"]) + ",\"totalAmount\":" + amount + "}", 1);
    }

    /// <summary>1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次。</summary>
    public Judgment Status(string token, int notices = 1)
    {
        return Call("status", YanmiKit.Status, "{\"token\":" + YanmiKit.Quoted(token) + ",\"orgCodg\":" + YanmiKit.Quoted(set["orgCodg"]) + "}", notices);
    }

    string Setting(string name, string otherwise)
    {
        return YanmiKit.Get(set, name) ?? otherwise;
    }

    Judgment Call(string call, string path, string text, int notices)
    {
        // 每次（包括重试）都重新取时间、重新组包
        string stamp = ((long)(DateTime.UtcNow - new DateTime(1970, 1, 1)).TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        string orgId = set["orgId"], reqtType = Setting("prefix", "sys") + "&" + set["region"], encData = YanmiKit.Seal(Key, text);
        string use = Setting("mac", "auto"), request = null, envelope = "{\"orgId\":" + YanmiKit.Quoted(orgId) + ",\"encData\":\"" + encData
            + "\",\"version\":\"1.0.0\",\"timestamp\":\"" + stamp + "\",\"reqtType\":" + YanmiKit.Quoted(reqtType);
        if (use != "never")
        {
            request = YanmiKit.RequestMac(Key, path, orgId, "1.0.0", reqtType, stamp, encData);
            envelope += ",\"mac\":\"" + request + "\"";
        }
        try
        {
            using (HttpWebResponse answer = Post(set["url"] + path, YanmiKit.Utf8.GetBytes(envelope + "}")))
            {
                bool required = use == "always" || (use == "auto" && proven);
                Judgment said = YanmiKit.Judge(call, Key, request, required, (int)answer.StatusCode, answer.Headers["Retry-After"], Body(answer), notices);
                if (said.Proven) proven = true;
                return said;
            }
        }
        catch (WebException why)
        {
            return why.Status == WebExceptionStatus.Timeout ? new Judgment("offline", "", "请求中心超时", YanmiKit.Instead) : YanmiKit.NoAnswer(why.Message);
        }
        catch (IOException why) // 连不上、断开、不完整：不论什么原因，都没有得到应答
        {
            return YanmiKit.NoAnswer(why.Message);
        }
    }

    HttpWebResponse Post(string url, byte[] body)
    {
        var asked = (HttpWebRequest)WebRequest.Create(url);
        asked.Method = "POST";
        asked.ContentType = "application/json";
        asked.Timeout = asked.ReadWriteTimeout = int.Parse(Setting("timeoutMs", "8000"));
        asked.AllowAutoRedirect = false;
        asked.KeepAlive = false; // 否则旧连接断开时会悄悄把同一个报文再发一次
        using (Stream sending = asked.GetRequestStream()) sending.Write(body, 0, body.Length);
        try
        {
            return (HttpWebResponse)asked.GetResponse();
        }
        catch (WebException why)
        {
            if (why.Response == null) throw;
            return (HttpWebResponse)why.Response; // 不是 200 也可能带着中心的拒绝
        }
    }

    // 至多 64 KiB；更大的不是中心的应答，读不完整，也就不是 JSON
    static string Body(HttpWebResponse answer)
    {
        using (Stream stream = answer.GetResponseStream())
        {
            var all = new MemoryStream();
            var some = new byte[4096];
            for (int count; all.Length <= 65536 && (count = stream.Read(some, 0, some.Length)) > 0;) all.Write(some, 0, count);
            return Encoding.UTF8.GetString(all.ToArray());
        }
    }
}

/// <summary>一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
/// 换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废。</summary>
public sealed class Visit
{
    readonly Center center;
    public readonly string Token;
    public int Notices;
    Judgment notice;
    long covers = -1; // 参保人至多确认了多少分（-1 为没有）
    readonly Stopwatch since = new Stopwatch();

    public Visit(Center center, string token)
    {
        this.center = center;
        Token = token;
    }

    /// <summary>可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上。</summary>
    public Judgment Notify(string amount)
    {
        long fen = YanmiKit.Cents(amount);
        Judgment said = center.Notify(Token, amount);
        if (said.Decision == "wait" || said.Decision == "settle") covers = fen; // 参保人确认的，至多是最近一次通知的金额
        else if (said.Code == "") covers = covers < 0 ? fen : Math.Min(fen, covers); // 没有得到应答：通知可能到了，只会把金额压低
        Notices++;
        notice = said;
        since.Restart();
        return said;
    }

    /// <summary>点击确认结算时问：每次都重新查询（1.6.2(8)），只有 settle 才结算。退费、撤销不必问。</summary>
    public Judgment Settle(string amount)
    {
        Judgment said = notice;
        if (said == null) return new Judgment("refuse", "", "尚未发起线上认证通知", "请为参保人发起线上密码核验认证通知。");
        bool free = said.Decision == "settle" && since.Elapsed.TotalMinutes < 30; // 通知就得到 500320 的，直接办理
        if (!free && said.Code != "mac")
        {
            Judgment asked = center.Status(Token, Notices);
            bool unconfirmed = asked.Decision == "refuse" && asked.Code == "0";
            bool failed = said.Decision == "refuse" || said.Decision == "offline";
            if (!(unconfirmed && failed)) said = asked; // 通知本身没有成功的，说通知的原因
        }
        if (said.Decision == "settle" && YanmiKit.Cents(amount) > covers)
            return new Judgment("refuse", "0", "参保人确认的金额低于本次结算金额", YanmiKit.Renotify);
        return said;
    }
}

// ---- 四、命令行 ----

static class Program
{
    static readonly StreamWriter Out = new StreamWriter(Console.OpenStandardOutput(), YanmiKit.Utf8) { AutoFlush = true };

    // 一个收费窗口：每行一个操作，各答一行“返回值 提示”
    static void Window(Center center)
    {
        Visit visit = null;
        for (string line; (line = Console.In.ReadLine()) != null;)
        {
            string[] words = (line.Trim() + " ").Split(' ');
            var said = new Judgment("wait", "0", "已登记", "");
            if (words[0] == "scan" || words[0] == "token") visit = new Visit(center, words[1]);
            else if (words[0] == "notice") said = visit.Notify(words[1]);
            else if (words[0] == "status") said = center.Status(visit.Token, Math.Max(visit.Notices, 1));
            else said = visit.Settle(words[1]);
            Out.Write((said.Decision == "refuse" ? 1 : said.Decision == "offline" ? 2 : 0) + " " + said + "\n");
        }
    }

    // 走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算
    static void Journey(Center center, string token, string confirm)
    {
        var visit = new Visit(center, token);
        Out.Write("密钥校验值：" + YanmiKit.Kcv(center.Key) + "\n");
        Show("通知之前", visit.Settle("128.50"), "refuse");
        Show("通知", visit.Notify("128.50"), "wait");
        Show("确认之前", visit.Settle("128.50"), "refuse");
        bool windows = Path.DirectorySeparatorChar == '\\';
        var shell = new ProcessStartInfo(windows ? "cmd" : "sh", windows ? "/c " + confirm : "-c \"" + confirm.Replace("\"", "\\\"") + "\"");
        shell.UseShellExecute = false;
        using (Process done = Process.Start(shell))
        {
            done.WaitForExit();
            if (done.ExitCode != 0) throw new IOException("确认命令失败");
        }
        Show("确认之后", visit.Settle("128.50"), "settle");
        Show("金额变大", visit.Settle("128.51"), "refuse");
        Out.Write("可以结算\n");
    }

    static void Show(string step, Judgment said, string expected)
    {
        Out.Write(step + "：" + said + "\n");
        if (said.Decision != expected) throw new IOException("应为 " + expected + "，得到 " + said.Decision);
    }

    static void Vectors(string file)
    {
        Dictionary<string, string> table = YanmiKit.Members(File.ReadAllText(file, YanmiKit.Utf8));
        foreach (KeyValuePair<string, string> row in table)
        {
            Dictionary<string, string> v = YanmiKit.Members(row.Value);
            string got;
            try
            {
                got = Answered(v, v.ContainsKey("key") ? YanmiKit.KeyBytes(v["key"]) : null);
            }
            catch (RefusedException why)
            {
                got = why.Code.ToString();
            }
            if (got != v["result"]) throw new IOException("不符：" + row.Key + "\n  应为 " + v["result"] + "\n  得到 " + got);
        }
        Out.Write(table.Count + " 个向量全部相符\n");
    }

    static string Answered(Dictionary<string, string> v, byte[] key)
    {
        switch (v["do"])
        {
            case "seal": return YanmiKit.Seal(key, v["plain"]);
            case "unseal": return YanmiKit.Unseal(key, v["encData"]);
            case "kcv": return YanmiKit.Kcv(key);
            case "digest": return YanmiKit.PasswordDigest(v["password"]);
            case "requestMac": return YanmiKit.RequestMac(key, v["path"], v["orgId"], v["version"], v["reqtType"], v["timestamp"], v["encData"]);
            case "answerMac": return YanmiKit.AnswerMac(key, v["request"], int.Parse(v["code"]), v["message"], YanmiKit.Get(v, "encData"));
            default:
                Judgment said = YanmiKit.Judge(v["call"], key, YanmiKit.Get(v, "request"), v["macRequired"] == "1", int.Parse(v["http"]),
                    YanmiKit.Get(v, "retryAfter"), v["body"], int.Parse(v["notices"]));
                return said.Decision + "|" + said.Code + "|" + said.Seconds + "|" + said.Next;
        }
    }

    static int Main(string[] words)
    {
        try
        {
            if (words.Length == 2 && words[0] == "vectors") Vectors(words[1]);
            else if (words.Length == 2 && words[0] == "settle") Window(new Center(words[1]));
            else if (words.Length == 4 && words[0] == "settle") Journey(new Center(words[1]), words[2], words[3]);
            else throw new IOException("用法见本文件开头");
            return 0;
        }
        catch (Exception why)
        {
            Out.Write(why.Message + "\n");
            return 1;
        }
    }
}

/// <summary>JSON 的读取。</summary>
sealed class Json
{
    readonly string text;
    int at;

    public Json(string text)
    {
        this.text = text;
    }

    static RefusedException Wrong()
    {
        return new RefusedException(-4, "明文不是 JSON 对象，或成员重复");
    }

    void Space()
    {
        while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0) at++;
    }

    bool Take(char mark)
    {
        Space();
        bool there = at < text.Length && text[at] == mark;
        if (there) at++;
        return there;
    }

    void Need(char mark)
    {
        if (!Take(mark)) throw Wrong();
    }

    public void End()
    {
        Space();
        if (at != text.Length) throw Wrong();
    }

    public Dictionary<string, string> Object(int depth)
    {
        Need('{');
        var found = new Dictionary<string, string>();
        if (Take('}')) return found;
        do
        {
            Need('"');
            string name = Text();
            Need(':');
            string value = Value(depth);
            if (found.ContainsKey(name)) throw Wrong();
            found.Add(name, value);
        } while (Take(','));
        Need('}');
        return found;
    }

    string Value(int depth)
    {
        if (Take('"')) return Text();
        int start = at;
        if (at >= text.Length || depth > 30) throw Wrong();
        if (text[at] == '{')
        {
            Object(depth + 1);
        }
        else if (Take('['))
        {
            if (!Take(']'))
            {
                do Value(depth + 1); while (Take(','));
                Need(']');
            }
        }
        else
        {
            while (at < text.Length && "+-.0123456789aeflnrstuE".IndexOf(text[at]) >= 0) at++;
            string word = text.Substring(start, at - start);
            if (!Regex.IsMatch(word, "\\A(true|false|null|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?)\\z")) throw Wrong();
            if (word == "null") return null;
        }
        return text.Substring(start, at - start);
    }

    // 落单的代理字符（\ud800）不是文字
    static string Whole(string read)
    {
        try
        {
            YanmiKit.Utf8.GetByteCount(read);
            return read;
        }
        catch (ArgumentException)
        {
            throw Wrong();
        }
    }

    // 引号之后到引号
    string Text()
    {
        var read = new StringBuilder();
        while (at < text.Length)
        {
            char mark = text[at++];
            if (mark == '"') return Whole(read.ToString());
            if (mark < ' ') throw Wrong();
            if (mark == '\\')
            {
                int which = at < text.Length ? "\"\\/bfnrtu".IndexOf(text[at++]) : -1;
                int unit;
                if (which < 0) throw Wrong();
                if (which < 8) mark = "\"\\/\b\f\n\r\t"[which];
                else if (at + 4 <= text.Length && int.TryParse(text.Substring(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit))
                {
                    mark = (char)unit;
                    at += 4;
                }
                else throw Wrong();
            }
            read.Append(mark);
        }
        throw Wrong();
    }
}

/// <summary>附三：SM4（GB/T 32907）与 SM3（GB/T 32905）。</summary>
static class Gm
{
    static readonly byte[] Sbox = YanmiKit.Unhex("d690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d351e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b518d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec68418f07dec3adc4d2079ee5f3ed7cb3948");

    static uint Rotate(uint value, int count)
    {
        return value << count | value >> (32 - count); // 移位的位数自动取 32 的余数
    }

    static uint Word(byte[] bytes, int at)
    {
        return (uint)(bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]);
    }

    static void Put(uint word, byte[] bytes, int at)
    {
        for (int i = 0; i < 4; i++) bytes[at + i] = (byte)(word >> (24 - 8 * i));
    }

    static uint Substituted(uint word)
    {
        return (uint)(Sbox[word >> 24] << 24 | Sbox[word >> 16 & 255] << 16 | Sbox[word >> 8 & 255] << 8 | Sbox[word & 255]);
    }

    public static uint[] Keys(byte[] key)
    {
        uint[] system = { 0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC }, words = new uint[36], keys = new uint[32];
        for (int i = 0; i < 4; i++) words[i] = Word(key, 4 * i) ^ system[i];
        for (int turn = 0; turn < 32; turn++)
        {
            uint constant = 0;
            for (int i = 0; i < 4; i++) constant = constant << 8 | (uint)((4 * turn + i) * 7 & 255);
            uint mixed = Substituted(words[turn + 1] ^ words[turn + 2] ^ words[turn + 3] ^ constant);
            words[turn + 4] = keys[turn] = words[turn] ^ mixed ^ Rotate(mixed, 13) ^ Rotate(mixed, 23);
        }
        return keys;
    }

    // 逐块（ECB）；轮密钥倒过来就是解密
    public static byte[] Sm4(uint[] keys, byte[] data)
    {
        var result = new byte[data.Length];
        for (int at = 0; at < data.Length; at += 16)
        {
            uint a = Word(data, at), b = Word(data, at + 4), c = Word(data, at + 8), d = Word(data, at + 12);
            foreach (uint key in keys)
            {
                uint mixed = Substituted(b ^ c ^ d ^ key);
                mixed = a ^ mixed ^ Rotate(mixed, 2) ^ Rotate(mixed, 10) ^ Rotate(mixed, 18) ^ Rotate(mixed, 24);
                a = b;
                b = c;
                c = d;
                d = mixed;
            }
            Put(d, result, at);
            Put(c, result, at + 4);
            Put(b, result, at + 8);
            Put(a, result, at + 12);
        }
        return result;
    }

    public static byte[] Length8(int length)
    {
        var bytes = new byte[8];
        Put((uint)length, bytes, 4);
        return bytes;
    }

    public static byte[] Sm3(byte[] message)
    {
        uint[] state = { 0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E };
        var data = new byte[(message.Length + 72) / 64 * 64];
        message.CopyTo(data, 0);
        data[message.Length] = 0x80;
        Put((uint)message.Length * 8, data, data.Length - 4);
        var w = new uint[68];
        for (int at = 0; at < data.Length; at += 64)
        {
            for (int j = 0; j < 16; j++) w[j] = Word(data, at + 4 * j);
            for (int j = 16; j < 68; j++)
            {
                uint x = w[j - 16] ^ w[j - 9] ^ Rotate(w[j - 3], 15);
                w[j] = x ^ Rotate(x, 15) ^ Rotate(x, 23) ^ Rotate(w[j - 13], 7) ^ w[j - 6];
            }
            uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
            for (int j = 0; j < 64; j++)
            {
                bool early = j < 16;
                uint one = Rotate(Rotate(a, 12) + e + Rotate(early ? 0x79CC4519u : 0x7A879D8Au, j), 7), two = one ^ Rotate(a, 12);
                uint first = (early ? a ^ b ^ c : a & b | a & c | b & c) + d + two + (w[j] ^ w[j + 4]);
                uint second = (early ? e ^ f ^ g : e & f | ~e & g) + h + one + w[j];
                d = c;
                c = Rotate(b, 9);
                b = a;
                a = first;
                h = g;
                g = Rotate(f, 19);
                f = e;
                e = second ^ Rotate(second, 9) ^ Rotate(second, 17);
            }
            uint[] after = { a, b, c, d, e, f, g, h };
            for (int i = 0; i < 8; i++) state[i] ^= after[i];
        }
        var digest = new byte[32];
        for (int i = 0; i < 8; i++) Put(state[i], digest, 4 * i);
        return digest;
    }

    public static byte[] Hmac(byte[] key, byte[] data)
    {
        byte[] inner = new byte[64 + data.Length], outer = new byte[96]; // 这里的密钥都不超过 64 字节
        key.CopyTo(inner, 0);
        key.CopyTo(outer, 0);
        for (int at = 0; at < 64; at++)
        {
            inner[at] ^= 0x36;
            outer[at] ^= 0x5C;
        }
        data.CopyTo(inner, 64);
        Sm3(inner).CopyTo(outer, 64);
        return Sm3(outer);
    }
}
