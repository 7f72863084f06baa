#!/usr/bin/env python3
"""扮演沙箱里的参保人，并为示例写配置。只用 Python 自带的库。

person.py SANDBOX_JSON config FILE 名称 [厂商动态库]
                                          写一份机构一侧的配置；给出厂商动态库的，接入医保终端与动态库
person.py SANDBOX_JSON kit FILE           写一份工具包（kit/）的配置
person.py SANDBOX_JSON qr                 参保人展码，打印二维码内容
person.py SANDBOX_JSON token              参保人展码，机构解码，打印令牌
person.py SANDBOX_JSON confirm            参保人在手机上确认最近一条通知
person.py SANDBOX_JSON password           参保人自己输入的凭证密码
person.py SANDBOX_JSON url                模拟器的地址，即厂商动态库的 url
"""
import json
import os
import sys
import urllib.request

with open(sys.argv[1], encoding="utf-8") as file:
    world = json.load(file)
person = world["persons"][0]["ecIndexNo"]


def ask(path, body=None, url=world["simulatorUrl"]):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url + path, data, timeout=30) as answer:
        return json.load(answer)


def show_code():
    return ask("/qr", {"ecIndexNo": person, "chnlId": world["channels"][0]["chnlId"]})["ecQrCode"]


def decode(qr_code):
    """机构的解码：真实的 HIS 用医保电子凭证动态库或医保终端。"""
    organization = world["accounts"][0]["institutions"][0]["orgCodg"]
    data = {"orgId": organization, "businessType": "01301", "operatorId": "001", "operatorName": "经办人",
            "officeId": "01", "officeName": "收费处", "ecQrCode": qr_code}
    asked = {"orgId": organization, "transType": "ec.query", "data": data}
    return ask("/localcfc/api/hsecfc/localQrCodeQuery", asked, world["institutionUrl"])["data"]["ecToken"]


def private(path, flags):
    """里面有密钥：只有自己能读，否则不被采用。"""
    return os.open(path, flags, 0o600)


def config(path, name, vendor=None):
    account = world["accounts"][0]
    institution = account["institutions"][0]
    quoted = lambda text: json.dumps(text, ensure_ascii=False)
    with open(path, "w", encoding="utf-8", opener=private) as out:
        out.write(f'org_id = {quoted(account["orgId"])}\nkey = {quoted(account["key"])}\n')
        out.write(f'region = {quoted(world["region"])}\norg_code = {quoted(institution["orgCodg"])}\n')
        out.write(f'org_name = {quoted(institution["orgName"])}\n')
        out.write(f'[center]\nurls = [{quoted(world["institutionUrl"])}]\n')
        out.write(f'[visits]\nfile = {quoted(name + ".sqlite")}\nkey = "{os.urandom(16).hex()}"\n')
        for table, operation in ("terminal", "password_operation"), ("library", "operation"):
            if vendor:
                out.write(f'[{table}]\nfile = {quoted(vendor)}\nurl = {quoted(world["simulatorUrl"])}\n')
                out.write(f'{operation} = "sandbox.{table}.password"\n')


def kit(path):
    account = world["accounts"][0]
    institution = account["institutions"][0]
    with open(path, "w", encoding="utf-8", opener=private) as out:
        out.write(f'url={world["institutionUrl"]}\norgId={account["orgId"]}\nkey={account["key"]}\n')
        out.write(f'region={world["region"]}\norgCodg={institution["orgCodg"]}\norgName={institution["orgName"]}\n')


command = sys.argv[2]
if command == "config":
    config(*sys.argv[3:])
elif command == "kit":
    kit(*sys.argv[3:])
elif command == "qr":
    print(show_code())
elif command == "token":
    print(decode(show_code()))
elif command == "confirm":
    notice = ask(f"/phones/{person}/notices")["notices"][0]
    done = ask(f"/phones/{person}/act", {"notcNo": notice["notcNo"], "action": "confirm", "way": "01"})
    if done["code"] != 0:
        sys.exit(f"确认失败：{done}")
elif command == "password":
    print(world["persons"][0]["password"])
elif command == "url":
    print(world["simulatorUrl"])
else:
    sys.exit(__doc__)
