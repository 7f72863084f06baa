#!/usr/bin/env python3
"""线下方式（Python，只用自带的 ctypes）：医保终端扫码、刷脸、输入密码，动态库核验密码，再问闸口。

用法：offline.py 动态库 配置文件 厂商动态库 厂商动态库的url
配置文件含 [terminal] 与 [library]；厂商动态库可以是模拟的 libyanmi_vendor.so，url 是沙箱的模拟器地址。
"""
import ctypes
import getpass
import json
import sys

library, config, vendor, url = sys.argv[1:5]
# 32 位 Windows 上用 ctypes.WinDLL（stdcall）
yanmi = ctypes.CDLL(library)
out = ctypes.create_string_buffer(4096)
visit = ctypes.create_string_buffer(33)


def called(code):
    """返回值，并打印给经办人员看的一行提示。"""
    line = ctypes.create_string_buffer(1024)
    yanmi.yanmi_message(0, line, len(line), None)
    print(code, line.value.decode(), file=sys.stderr)
    return code


# 终端扫码是厂商动态库自己的事，照旧调用；读到的二维码交给 yanmi_scan
request = json.dumps({"orgId": "H35010000001", "transType": "cn.nhsa.qrcode.get", "data": {}}).encode()
ctypes.CDLL(vendor).NationEcTrans(url.encode(), request, out)
qr_code = json.loads(out.value)["data"]["ecQrCode"].encode()

desk = ctypes.c_int32()
assert called(yanmi.yanmi_open(config.encode(), ctypes.byref(desk))) == 0
assert called(yanmi.yanmi_scan(desk, qr_code, None, b"001", "经办人".encode(), b"01", "收费处".encode(), b"MZ-PY-2",
                               visit, out, len(out), None)) == 0
gate = lambda: called(yanmi.yanmi_gate(desk, visit, b"2207", b"66.60", out, len(out), None))
# 还没有核验：1 不结算
assert gate() == 1
# 1 终端刷脸，2 终端密码：参保人在终端上操作，密码不经过本程序
for way in 1, 2:
    assert called(yanmi.yanmi_verify_offline(desk, visit, way, None, out, len(out), None)) == 0
    assert gate() == 0
# 3 动态库密码：由参保人自己在键盘上输入，只经过这一次调用；不给（None）则由动态库弹出输入
typed = getpass.getpass("请参保人输入密码：") if sys.stdin.isatty() else sys.stdin.readline().strip()
for password, settles in (b"000000", 1), (typed.encode(), 0), (None, 0):
    called(yanmi.yanmi_verify_offline(desk, visit, 3, password, out, len(out), None))
    assert gate() == settles
yanmi.yanmi_close(desk)
