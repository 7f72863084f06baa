#!/usr/bin/env python3
"""接入验收：扮演经办人员，照 acceptance.json 的步骤操作一个示例，把示例的决定报送给验收程序。只用 Python 自带的库。

accept.py [--kit] ACCEPTANCE_JSON REPORT_JSON 命令…
  命令之后加上配置文件，即为一个收费窗口：标准输入一行一个操作，标准输出一行“返回值 提示”。
  --kit                配置文件写成工具包（kit/）的形式：一行一个“名称=值”
  YANMI_ATTEMPT=毫秒   等待中心应答的时间，不给则为缺省值
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

WINDOWS = 4  # 同时办理的窗口
OUTCOMES = {0: "settled", 1: "refused", 2: "offline"}

words = sys.argv[1:]
kit = words[:1] == ["--kit"]
brief_file, report_file, *command = words[kit:]
with open(brief_file, encoding="utf-8") as file:
    brief = json.load(file)


def post(url, body):
    with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=30):
        pass


def private(path, flags):
    """里面有密钥：只有自己能读，否则不被采用。"""
    return os.open(path, flags, 0o600)


class Window:
    """一个窗口：一份配置，一个示例程序。"""

    def __init__(self, center_url, folder, name):
        config = (self.flat if kit else self.toml)(center_url, folder, name)
        self.program = subprocess.Popen(command + [config], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @staticmethod
    def flat(center_url, folder, name):
        """工具包的配置。"""
        config = os.path.join(folder, name + ".conf")
        with open(config, "w", encoding="utf-8", opener=private) as out:
            out.write(f'url={center_url}\norgId={brief["orgId"]}\nkey={brief["key"]}\n')
            out.write(f'region={brief["region"]}\norgCodg={brief["orgCodg"]}\norgName=验收\n')
            if os.environ.get("YANMI_ATTEMPT"):
                out.write(f'timeoutMs={os.environ["YANMI_ATTEMPT"]}\n')
        return config

    @staticmethod
    def toml(center_url, folder, name):
        """示例的配置。"""
        config = os.path.join(folder, name + ".toml")
        quoted = json.dumps
        with open(config, "w", encoding="utf-8", opener=private) as out:
            out.write(f'org_id = {quoted(brief["orgId"])}\nkey = {quoted(brief["key"])}\n')
            out.write(f'region = {quoted(brief["region"])}\norg_code = {quoted(brief["orgCodg"])}\n')
            out.write(f'org_name = "验收"\n[center]\nurls = [{quoted(center_url)}]\n')
            attempt = os.environ.get("YANMI_ATTEMPT")
            if attempt:
                for name_of, factor in ("attempt", 1), ("connect", 1), ("call", 2):
                    out.write(f"{name_of}_timeout_milliseconds = {factor * int(attempt)}\n")
            out.write(f'[visits]\nfile = {quoted(os.path.join(folder, name + ".sqlite"))}\nkey = "{os.urandom(16).hex()}"\n')
        return config

    def do(self, *words):
        """一个操作，返回返回值与提示。"""
        self.program.stdin.write((" ".join(words) + "\n").encode())
        self.program.stdin.flush()
        line = self.program.stdout.readline().decode("utf-8").strip()
        code, _, message = line.partition(" ")
        # 没有 JSON 单元的示例照原样给出 \uXXXX
        message = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), message)
        if not code.isdigit() or int(code) > 2:
            raise RuntimeError(f"{' '.join(words)}：{line}")
        return int(code), message

    def close(self):
        self.program.stdin.close()
        if self.program.wait(60) != 0:
            raise RuntimeError(f"示例以 {self.program.returncode} 退出")

    def settle(self, scene):
        """点击确认结算，报送示例的决定。"""
        code, message = self.do("gate", scene["finalAmount"])
        told = {"token": scene["tokens"][-1], "amount": scene["finalAmount"], "decision": OUTCOMES[code]}
        post(brief["settleUrl"], {**told, "reason": message})
        return code

    def play(self, scene):
        self.do("scan", scene["tokens"][0])
        self.do("notice", scene["amount"])
        for other in scene["tokens"][1:]:
            self.do("token", other)
            self.do("notice", scene["amount"])
        if scene["id"] == "runs-out":
            self.do("status")
            time.sleep(25)
        if self.settle(scene) == 1:
            # 由经办人员重新发起一次，再点击
            time.sleep(3.2)
            self.do("notice", scene["finalAmount"])
            self.settle(scene)


def play(scenes, center_url, folder, name):
    window = Window(center_url, folder, name)
    try:
        for scene in scenes:
            window.play(scene)
    except BaseException:
        window.program.kill()
        raise
    window.close()


for scene in brief["situations"]:
    post(brief["centerUrl"] + "/acceptance/again", {"situation": scene["id"]})
here = [scene for scene in brief["situations"] if scene["centerUrl"] == brief["centerUrl"]]
dead = [scene for scene in brief["situations"] if scene not in here]
last = [scene for scene in here if scene["id"] == "clock-drift"]
# 要等 25 秒的先办
first = sorted((scene for scene in here if scene not in last), key=lambda scene: scene["id"] != "runs-out")
with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WINDOWS) as windows:
    shares = [(first[at::WINDOWS], brief["centerUrl"], folder, f"window{at}") for at in range(WINDOWS)]
    if dead:
        shares.append((dead, dead[0]["centerUrl"], folder, "dead"))
    for done in [windows.submit(play, *share) for share in shares if share[0]]:
        done.result()
    # 校正了时钟的程序此后一直如此，所以放在最后
    play(last, brief["centerUrl"], folder, "last")
with urllib.request.urlopen(brief["centerUrl"] + "/report.json", timeout=30) as answer:
    report = json.load(answer)
with open(report_file, "w", encoding="utf-8") as out:
    json.dump(report, out, ensure_ascii=False, indent=2)
for rule in report["rules"]:
    for evidence in rule["evidence"]:
        print(rule["title"], evidence.get("situation"), evidence["why"])
for situation in report["situations"]:
    if situation["verdict"] != "passed":
        print(situation["id"], situation["verdict"])
print("结论：", report["conclusion"])
sys.exit(report["conclusion"] != "passed")
