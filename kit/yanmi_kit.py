#!/usr/bin/env python3
"""验密工具包（Python）：线上密码核验认证的加密、两个调用与结算判断，一个文件，拷进自己的程序即可。

语言    Python 3.7 或更新
需要    只用 Python 自带的库；SM4、SM3 在本文件末尾，不用 OpenSSL
试过    Debian 12 的 Python 3.11：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
没试过  Windows；https 只信系统里的根证书，自签的根证书须先装进系统

    python3 yanmi_kit.py vectors vectors.json           核对全部已知答案
    python3 yanmi_kit.py settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
    python3 yanmi_kit.py settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收）
"""
import hmac
import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

NOTICE, STATUS = "/cfc/api/tokenPwdCheckNotc", "/cfc/api/tokenPwdStas"  # 1.7.1 与 1.7.2


class Refused(Exception):
    """不合规范的内容；code 是中心对它的返回码（-2 形式不对，-4 解不开）。"""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


# ---- 一、六个函数 ----

def key_bytes(text):
    """下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。"""
    data = bytes.fromhex(text) if re.fullmatch("[0-9A-Fa-f]{32}", text) else text.encode("ascii")
    if len(data) != 16:
        raise ValueError("密钥应为 32 位十六进制或 16 个 ASCII 字符")
    return data


def seal(key, text):
    """加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。"""
    data = text.encode()
    fill = 16 - len(data) % 16  # 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少
    data += bytes([fill]) * fill
    keys = sm4_keys(key)
    return b"".join(sm4(keys, data[at:at + 16]) for at in range(0, len(data), 16)).hex().upper()


def unseal(key, enc_data):
    """解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。"""
    if not re.fullmatch("([0-9A-Fa-f]{32})+", enc_data):
        raise Refused(-2, "encData 应为十六进制，长度为 32 的倍数")
    data, keys = bytes.fromhex(enc_data), sm4_keys(key)[::-1]  # 解密就是把轮密钥倒过来用
    data = b"".join(sm4(keys, data[at:at + 16]) for at in range(0, len(data), 16))
    fill = data[-1]
    if not 1 <= fill <= 16 or data[-fill:] != bytes([fill]) * fill:
        raise Refused(-4, "填充不是 PKCS7，多半是密钥不对：与中心比对密钥校验值")
    try:
        text = data[:-fill].decode()
    except UnicodeDecodeError:
        raise Refused(-4, "明文不是 UTF-8") from None
    members(text)
    return text


def kcv(key):
    """密钥校验值：双方各自算出 6 位来比对，不必说出密钥。"""
    return sm4(sm4_keys(key), bytes(16))[:3].hex().upper()


def password_digest(password):
    """userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)）。"""
    return sm3(password.encode()).hex().upper()


def request_mac(key, path, org_id, version, reqt_type, timestamp, enc_data):
    """请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320。"""
    return mac(key, "request", path, org_id, version, reqt_type, timestamp, enc_data)


def answer_mac(key, request, code, message, enc_data):
    """应答的 mac 把请求的 mac（request）算在内，所以只属于这一次请求；拒绝也有。"""
    return mac(key, "answer", request, str(code), message, enc_data or "")


def mac(key, *parts):
    derived = hmac_sm3(hmac_sm3(bytes(32), key), b"yanmi/envelope/mac/1\x01")  # HKDF-SM3，没有 salt
    encoded = [part.encode() for part in parts]
    return hmac_sm3(derived, b"".join(len(part).to_bytes(8, "big") + part for part in encoded)).hex().upper()


# ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ----

class Judgment:
    """decision：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。
    code：返回码；没有得到应答为 None，mac 不符为 "mac"。seconds：要求等多少秒再发，0 为没有要求。"""

    def __init__(self, decision, code, why, next_step, seconds=0, proven=False):
        self.decision, self.code, self.why, self.next = decision, code, why, next_step
        self.seconds, self.proven = seconds, proven

    def __str__(self):
        return f"{self.why}。{self.next}" + (f"（{self.seconds} 秒之后再发）" if self.seconds else "")


def no_answer(why):
    return Judgment("offline", None, "无法得到中心的应答：" + why, INSTEAD)


def judge(call, key, request, mac_required, http, retry_after, body, notices=1):
    """1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
    request 是请求的 mac（没有则 None），notices 是本次就诊通知了几次。"""
    strange = no_answer(f"中心的应答不合规范（HTTP {http}）")
    try:
        answer = members(body.lstrip("\ufeff"))
        code, message = int(answer["code"]), answer.get("message") or ""
        enc_data = members(answer.get("data") or "{}").get("encData")
    except (Refused, KeyError, TypeError, ValueError):
        return strange
    proven = bool(request and answer.get("mac"))
    if proven and not hmac.compare_digest(answer["mac"].upper(), answer_mac(key, request, code, message, enc_data)):
        return Judgment("refuse", "mac", "中心的应答不可信：mac 不符，被改动过或不是对本次请求的", RENOTIFY)
    if not proven and mac_required and code in (0, 500320):  # 能让人结算的，必须有 mac
        return Judgment("refuse", "mac", "中心的应答不可信：没有 mac", RENOTIFY)
    if code != 0:
        said = refusal(code, message, retry_after)
    elif http != 200:
        return strange
    else:
        try:
            plain = members(unseal(key, enc_data or ""))
        except Refused as why:
            return no_answer(str(why))
        flag = plain.get("notcFlag" if call == "notice" else "checkStas")
        if flag not in ("0", "1"):
            return strange
        if call == "notice":
            said = (Judgment("wait", 0, "已通知参保人的渠道应用", NOT_CONFIRMED[0]) if flag == "1" else
                    Judgment("offline", 0, "通知参保人的渠道应用失败：通知结果标识为 0", INSTEAD))
        elif flag == "1":
            said = Judgment("settle", 0, "线上密码核验认证通过", "请继续办理医保业务并结算。")
        else:
            said = Judgment("refuse", 0, "参保人尚未完成线上认证，结算前需先完成安全认证",
                            NOT_CONFIRMED[min(notices, 3) - 1])
    said.proven = proven
    return said


def refusal(code, message, retry_after):
    if code == 500320:  # 免密不是失败：直接结算
        return Judgment("settle", code, f"{message}（{code}）", "请继续办理医保业务并结算。")
    seconds = 0
    if code in (-6, 500084):
        told = re.search(r"请 (\d{1,4}) 秒", message)
        seconds = int(retry_after if re.fullmatch(r"\d{1,4}", retry_after or "") else told[1] if told else 3)
    next_step = NEXT.get(code, INSTEAD)
    if code == 500084 and "非本人" in message:
        next_step = "请核实持码人身份，未核实前不得结算；核实为本人的，采用" + OFFLINE + "。"
    offline = code in (-1, -3, 500033, 500319, 500321)  # 中心或渠道此刻用不了；其余的要先改正或等待
    return Judgment("offline" if offline else "refuse", code, f"{message}（{code}）", next_step, seconds)


# ---- 三、两个调用，与一次就诊 ----

class Center:
    """一个账号与它的中心。proven：中心的应答带过 mac，此后没有 mac 的不再采信。"""

    def __init__(self, file):
        with open(file, encoding="utf-8-sig") as lines:
            pairs = [line.strip().split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
        self.set = {name.strip(): value.strip() for name, value in pairs}
        self.key, self.proven = key_bytes(self.set["key"]), False
        if not re.match(r"https://|http://(127\.|localhost|\[::1\])", self.set["url"]) and self.set.get("plainHttp") != "1":
            raise ValueError("明文 http 只许本机；确知线路可信才写 plainHttp=1")

    def notify(self, token, amount):
        """1.7.1 通知。amount 是预结算的医疗费总额，如 "128.50"：若有应必传。"""
        return self.call("notice", NOTICE, f'{{"token":{json.dumps(token)},"orgCodg":{json.dumps(self.set["orgCodg"])},'
                         f'"orgName":{json.dumps(self.set["orgName"])},"totalAmount":{amount}}}')

    def status(self, token, notices=1):
        """1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次。"""
        return self.call("status", STATUS, f'{{"token":{json.dumps(token)},"orgCodg":{json.dumps(self.set["orgCodg"])}}}', notices)

    def call(self, call, path, text, notices=1):
        stamp = str(int(time.time() * 1000))  # 每次（包括重试）都重新取时间、重新组包
        envelope = {"orgId": self.set["orgId"], "encData": seal(self.key, text), "version": "1.0.0", "timestamp": stamp,
                    "reqtType": self.set.get("prefix", "sys") + "&" + self.set["region"]}
        use, request = self.set.get("mac", "auto"), None
        if use != "never":
            request = envelope["mac"] = request_mac(self.key, path, envelope["orgId"], "1.0.0", envelope["reqtType"],
                                                    stamp, envelope["encData"])
        try:
            http, retry_after, body = self.post(path, json.dumps(envelope).encode())
        except socket.timeout:
            return Judgment("offline", None, "请求中心超时", INSTEAD)
        except Exception as why:  # 连不上、断开、不完整：不论什么原因，都没有得到应答
            late = isinstance(getattr(why, "reason", None), socket.timeout)
            return Judgment("offline", None, "请求中心超时", INSTEAD) if late else no_answer(str(why))
        said = judge(call, self.key, request, use == "always" or use == "auto" and self.proven,
                     http, retry_after, body, notices)
        self.proven = self.proven or said.proven
        return said

    def post(self, path, body):
        asked = urllib.request.Request(self.set["url"] + path, body, {"Content-Type": "application/json"})
        try:
            answer = urllib.request.urlopen(asked, timeout=int(self.set.get("timeoutMs", "8000")) / 1000)
        except urllib.error.HTTPError as error:  # 不是 200 也可能带着中心的拒绝
            answer = error
        with answer:
            return answer.status, answer.headers.get("Retry-After"), answer.read(65537).decode("utf-8", "replace")


class Visit:
    """一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
    换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废。"""

    def __init__(self, center, token):
        self.center, self.token, self.notices, self.notice, self.covers, self.at = center, token, 0, None, None, 0

    def notify(self, amount):
        """可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上。"""
        said, fen = self.center.notify(self.token, amount), cents(amount)
        if said.decision in ("wait", "settle"):
            self.covers = fen  # 参保人确认的，至多是最近一次通知的金额
        elif said.code is None:  # 没有得到应答：通知可能到了，只会把金额压低
            self.covers = fen if self.covers is None else min(fen, self.covers)
        self.notices, self.notice, self.at = self.notices + 1, said, time.monotonic()
        return said

    def settle(self, amount):
        """点击确认结算时问：每次都重新查询（1.6.2(8)），只有 settle 才结算。退费、撤销不必问。"""
        said = self.notice
        if said is None:
            return Judgment("refuse", None, "尚未发起线上认证通知", "请为参保人发起线上密码核验认证通知。")
        free = said.decision == "settle" and time.monotonic() - self.at < 1800  # 通知就得到 500320 的，直接办理
        if not free and said.code != "mac":
            asked = self.center.status(self.token, self.notices)
            unconfirmed = asked.decision == "refuse" and asked.code == 0
            if not (unconfirmed and said.decision in ("refuse", "offline")):  # 通知本身没有成功的，说通知的原因
                said = asked
        if said.decision == "settle" and (self.covers is None or cents(amount) > self.covers):
            return Judgment("refuse", 0, "参保人确认的金额低于本次结算金额", RENOTIFY)
        return said


def cents(amount):
    """金额不用浮点数：换成分。"""
    found = re.fullmatch(r"(\d{1,14})(?:\.(\d{1,2}))?", amount)
    if not found:
        raise ValueError("金额应为元，至多两位小数：" + amount)
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


# ---- 四、命令行 ----

RETURNS = {"settle": 0, "wait": 0, "refuse": 1, "offline": 2}


def window(center):
    """一个收费窗口：每行一个操作，各答一行“返回值 提示”。"""
    visit = None
    for line in sys.stdin:
        what, value = (line.split() + [""])[:2]
        if what in ("scan", "token"):
            visit = Visit(center, value)
            said = Judgment("wait", 0, "已登记", "")
        elif what == "notice":
            said = visit.notify(value)
        elif what == "status":
            said = center.status(visit.token, max(visit.notices, 1))
        else:
            said = visit.settle(value)
        print(RETURNS[said.decision], said, flush=True)


def journey(center, token, confirm):
    """走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算。"""
    visit = Visit(center, token)

    def show(step, said, expected):
        print(f"{step}：{said}", flush=True)
        if said.decision != expected:
            sys.exit(f"应为 {expected}，得到 {said.decision}")

    print("密钥校验值：" + kcv(center.key))
    show("通知之前", visit.settle("128.50"), "refuse")
    show("通知", visit.notify("128.50"), "wait")
    show("确认之前", visit.settle("128.50"), "refuse")
    subprocess.run(confirm, shell=True, check=True)
    show("确认之后", visit.settle("128.50"), "settle")
    show("金额变大", visit.settle("128.51"), "refuse")
    print("可以结算")


def vectors(file):
    with open(file, encoding="utf-8") as lines:
        table = members(lines.read())
    for name, row in table.items():
        v = members(row)
        key = key_bytes(v["key"]) if "key" in v else b""
        try:
            got = {
                "seal": lambda: seal(key, v["plain"]),
                "unseal": lambda: unseal(key, v["encData"]),
                "kcv": lambda: kcv(key),
                "digest": lambda: password_digest(v["password"]),
                "requestMac": lambda: request_mac(key, v["path"], v["orgId"], v["version"], v["reqtType"],
                                                  v["timestamp"], v["encData"]),
                "answerMac": lambda: answer_mac(key, v["request"], v["code"], v["message"], v.get("encData")),
                "judge": lambda: judged(judge(v["call"], key, v.get("request"), v["macRequired"] == "1", int(v["http"]),
                                              v.get("retryAfter"), v["body"], int(v["notices"]))),
            }[v["do"]]()
        except Refused as why:
            got = str(why.code)
        if got != v["result"]:
            sys.exit(f"不符：{name}\n  应为 {v['result']}\n  得到 {got}")
    print(f"{len(table)} 个向量全部相符")


def judged(said):
    return f"{said.decision}|{'' if said.code is None else said.code}|{said.seconds}|{said.next}"


def main(words):
    if len(words) == 2 and words[0] == "vectors":
        vectors(words[1])
    elif len(words) == 2 and words[0] == "settle":
        window(Center(words[1]))
    elif len(words) == 4 and words[0] == "settle":
        journey(Center(words[1]), *words[2:])
    else:
        sys.exit(__doc__)


# ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ----

OFFLINE = "医保终端刷脸、医保终端密码或动态库密码"  # 本机构没有的方式，从这里删去
INSTEAD = "请改用" + OFFLINE + "；也可稍后重新发起认证通知。"
RENOTIFY = "请按本次结算金额重新发起认证通知，再确认结算。"
INFORM = "本次请采用" + OFFLINE + "，并告知信息科："
NOT_CONFIRMED = (  # 通知了一次、两次、三次及以上
    "请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。",
    "请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。",
    "请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用" + OFFLINE + "。",
)
NEXT = {
    -1: INFORM + "中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。",
    -2: INFORM + "按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。",
    -3: "请稍后重试一次；或改用" + OFFLINE + "。",
    -4: INFORM + "核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。",
    -5: INFORM + "核对请求地址的路径，区分大小写。",
    -6: INFORM + "等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。",
    500001: "令牌无效或已过期：请参保人重新展码，重新解码。",
    500002: "请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用" + OFFLINE + "。",
    500003: "请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用" + OFFLINE + "。",
    500012: "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + OFFLINE + "。",
    500033: INFORM + "国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。",
    500042: "请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用" + OFFLINE + "。",
    500050: "请参保人到医保经办机构核实参保信息，本次采用" + OFFLINE + "。",
    500054: "请参保人到医保经办机构核实参保信息，本次采用" + OFFLINE + "。",
    500057: "请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用" + OFFLINE + "。",
    500058: "请参保人到医保经办机构核实参保信息，本次采用" + OFFLINE + "。",
    500084: "先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。",
    500100: INFORM + "向地方电子凭证中心申请该接口的权限。",
    500208: INFORM + "中心补录渠道认证记录；参保人可先换渠道应用。",
    500209: INFORM + "中心核实停用原因；参保人可先换渠道应用。",
    500316: INFORM + "传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。",
    500319: "请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用" + OFFLINE + "。",
    500321: "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + OFFLINE + "。",
}


# ---- 附二：JSON 对象的成员。标准的 json 对重复的成员取最后一个；重复的应答谁也说不清，所以拒绝 ----

def members(text):
    """成员名到值：字符串去掉引号，null 为 None，其余为原文（内层对象可再读一次）。"""
    def pairs(found):
        names = [name for name, _ in found]
        if len(set(names)) != len(names):
            raise Refused(-4, "JSON 成员重复")
        return {whole(name): flat(value) for name, value in found}

    def flat(value):
        return value if value is None else whole(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    def whole(text):
        text.encode()  # 落单的代理字符（\ud800）不是文字
        return text

    try:
        found = json.loads(text, object_pairs_hook=pairs)
    except ValueError:
        raise Refused(-4, "明文不是 JSON") from None
    if not isinstance(found, dict):
        raise Refused(-4, "明文不是 JSON 对象")
    return found


# ---- 附三：SM4（GB/T 32907）与 SM3（GB/T 32905） ----

SBOX = bytes.fromhex(
    "d690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62"
    "e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d35"
    "1e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1"
    "e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b51"
    "8d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec684"
    "18f07dec3adc4d2079ee5f3ed7cb3948")


def rotate(value, count):
    count %= 32
    return (value << count | value >> 32 - count) & 0xFFFFFFFF


def substituted(word):
    return int.from_bytes(bytes(SBOX[byte] for byte in word.to_bytes(4, "big")), "big")


def sm4_keys(key):
    system = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
    words = [int.from_bytes(key[at:at + 4], "big") ^ system[at // 4] for at in range(0, 16, 4)]
    for turn in range(32):
        constant = sum(((4 * turn + at) * 7 & 0xFF) << 24 - 8 * at for at in range(4))
        mixed = substituted(words[-3] ^ words[-2] ^ words[-1] ^ constant)
        words.append(words[-4] ^ mixed ^ rotate(mixed, 13) ^ rotate(mixed, 23))
    return words[4:]


def sm4(keys, block):
    """一块；轮密钥倒过来就是解密。"""
    words = [int.from_bytes(block[at:at + 4], "big") for at in range(0, 16, 4)]
    for key in keys:
        mixed = substituted(words[1] ^ words[2] ^ words[3] ^ key)
        mixed ^= rotate(mixed, 2) ^ rotate(mixed, 10) ^ rotate(mixed, 18) ^ rotate(mixed, 24)
        words = words[1:] + [words[0] ^ mixed]
    return b"".join(word.to_bytes(4, "big") for word in reversed(words))


def sm3(data):
    state = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    data += b"\x80" + bytes((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "big")
    for at in range(0, len(data), 64):
        w = [int.from_bytes(data[i:i + 4], "big") for i in range(at, at + 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)
            w.append(x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            early = j < 16
            one = rotate(rotate(a, 12) + e + rotate(0x79CC4519 if early else 0x7A879D8A, j) & 0xFFFFFFFF, 7)
            two = one ^ rotate(a, 12)
            first = (a ^ b ^ c if early else a & b | a & c | b & c) + d + two + (w[j] ^ w[j + 4]) & 0xFFFFFFFF
            second = (e ^ f ^ g if early else e & f | ~e & g) + h + one + w[j] & 0xFFFFFFFF
            a, b, c, d, e, f, g, h = first, a, rotate(b, 9), c, second ^ rotate(second, 9) ^ rotate(second, 17), e, rotate(f, 19), g
        state = [x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h))]
    return b"".join(word.to_bytes(4, "big") for word in state)


def hmac_sm3(key, data):
    key = (sm3(key) if len(key) > 64 else key).ljust(64, b"\0")
    return sm3(bytes(byte ^ 0x5C for byte in key) + sm3(bytes(byte ^ 0x36 for byte in key) + data))


if __name__ == "__main__":
    main(sys.argv[1:])
