#!/usr/bin/env python3
"""收费窗口（Python，只用自带的 ctypes）：通用入口 YanmiTransEx，JSON 入、JSON 出。

用法：desk.py 动态库 配置文件 二维码 让参保人确认的命令
      desk.py 动态库 配置文件          从标准输入逐行接受经办人员的操作（接入验收）
"""
import ctypes
import json
import subprocess
import sys

library, config = sys.argv[1:3]
# 32 位 Windows 上用 ctypes.WinDLL（stdcall）
yanmi = ctypes.CDLL(library)
yanmi.YanmiTransEx.restype = ctypes.c_char_p
yanmi.YanmiTransEx.argtypes = [
    ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_int32),
]


def trans(operation, **data):
    """一次调用；缓冲区不够时按告知的大小再取。"""
    request = json.dumps({"transType": operation, "data": data}).encode()
    out = ctypes.create_string_buffer(4096)
    needed = ctypes.c_int32()
    status = yanmi.YanmiTransEx(config.encode(), request, out, len(out), ctypes.byref(needed))
    answer = json.loads(out.value)
    print(operation, status.decode(), answer["code"], answer["message"], answer["next"], file=sys.stderr)
    return answer


def window():
    """一个窗口：每行一个操作，各答一行“返回值 提示”。"""
    visit = None
    for line in sys.stdin:
        what, value = (line.split() + [None])[:2]
        if what == "scan":
            answer = trans("yanmi.begin", medium=0, ecToken=value)
            visit = answer["data"]["visit"]
        elif what == "token":
            answer = trans("yanmi.switchToken", visit=visit, ecToken=value)
        elif what == "notice":
            answer = trans("yanmi.notify", visit=visit, totalAmount=value)
        elif what == "status":
            answer = trans("yanmi.status", visit=visit)
        else:
            answer = trans("yanmi.gate", visit=visit, settlement="2207", totalAmount=value)
        print(answer["code"], answer["message"], answer["next"], flush=True)


if len(sys.argv) == 3:
    window()
    sys.exit()
qr_code, confirm = sys.argv[3:5]

scanned = trans("yanmi.scan", ecQrCode=qr_code, businessType="01301", operatorId="001", operatorName="经办人",
                officeId="01", officeName="收费处", reference="MZ-PY-1")
visit = scanned["data"]["visit"]
assert trans("yanmi.notify", visit=visit, totalAmount="66.60")["code"] == 0
# 参保人还没有确认：1 不结算
assert trans("yanmi.gate", visit=visit, settlement="2207", totalAmount="66.60")["code"] == 1
subprocess.run(confirm, shell=True, check=True)
assert trans("yanmi.status", visit=visit, waitSeconds=10)["data"]["confirmed"] is True
# 只有 code 为 0 才可结算
settled = trans("yanmi.gate", visit=visit, settlement="2207", totalAmount="66.60")
assert settled["code"] == 0 and settled["data"]["verdict"] == "settle", settled
# 程序重启后凭本院的编号找回
assert trans("yanmi.find", reference="MZ-PY-1")["data"]["visit"] == visit
# 错误也是完整的 JSON
assert trans("yanmi.gate", visit="编号不对", settlement="2207", totalAmount="1")["code"] == 9007
assert trans("没有这个操作")["code"] == 9008
