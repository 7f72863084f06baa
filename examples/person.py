#!/usr/bin/env python3
"""扮演沙箱里的参保人，并为示例写配置。只用 Python 自带的库。

person.py SANDBOX_JSON config FILE 名称   写一份机构一侧的配置
person.py SANDBOX_JSON qr                 参保人展码，打印二维码内容
person.py SANDBOX_JSON confirm            参保人在手机上确认最近一条通知
"""
import json
import os
import sys
import urllib.request

with open(sys.argv[1], encoding="utf-8") as file:
    world = json.load(file)
person = world["persons"][0]["ecIndexNo"]


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(world["simulatorUrl"] + path, data, timeout=30) as answer:
        return json.load(answer)


def config(path, name):
    account = world["accounts"][0]
    institution = account["institutions"][0]
    quoted = lambda text: json.dumps(text, ensure_ascii=False)
    with open(path, "w", encoding="utf-8") as out:
        out.write(f'org_id = {quoted(account["orgId"])}\nkey = {quoted(account["key"])}\n')
        out.write(f'region = {quoted(world["region"])}\norg_code = {quoted(institution["orgCodg"])}\n')
        out.write(f'org_name = {quoted(institution["orgName"])}\n')
        out.write(f'[center]\nurls = [{quoted(world["institutionUrl"])}]\n')
        out.write(f'[visits]\nfile = {quoted(name + ".sqlite")}\nkey = "{os.urandom(16).hex()}"\n')


command = sys.argv[2]
if command == "config":
    config(sys.argv[3], sys.argv[4])
elif command == "qr":
    print(ask("/qr", {"ecIndexNo": person, "chnlId": world["channels"][0]["chnlId"]})["ecQrCode"])
elif command == "confirm":
    notice = ask(f"/phones/{person}/notices")["notices"][0]
    done = ask(f"/phones/{person}/act", {"notcNo": notice["notcNo"], "action": "confirm", "way": "01"})
    if done["code"] != 0:
        sys.exit(f"确认失败：{done}")
else:
    sys.exit(__doc__)
