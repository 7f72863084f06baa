"""Mistakes as they are made in Python, with OpenSSL for the cipher: `name encData` a line. Arguments: key, message."""

import base64
import binascii
import json
import subprocess
import sys
import textwrap
from html import escape

KEY, MESSAGE = sys.argv[1:]


def seal(data: bytes, *more: str, cipher: str = "-sm4-ecb") -> bytes:
    command = ["openssl", "enc", cipher, "-K", KEY, *more]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def upper(data: bytes) -> str:
    return binascii.hexlify(data).decode().upper()


def say(name: str, text: str) -> None:
    print(name + "\t" + json.dumps(text))


def filled(data: bytes, byte: bytes) -> bytes:
    return data + byte * (-len(data) % 16)


text = MESSAGE.encode()
right = seal(text)
say("spaced", textwrap.fill(upper(right), 64))
say("mime", base64.encodebytes(right).decode())
say("separated", binascii.hexlify(right, ":").decode())
say("escaped-bytes", "".join(f"\\x{byte:02x}" for byte in right))
say("zero", upper(seal(filled(text, b"\0"), "-nopad")))
count = -len(text) % 16 or 16
say("x923", upper(seal(text + bytes(count - 1) + bytes([count]), "-nopad")))
say("space", upper(seal(filled(text, b" "), "-nopad")))
whole = json.dumps({"token": "x" * 3})
assert len(whole) == 16, whole
say("none", upper(seal(whole.encode(), "-nopad")))
say("gbk", upper(seal(MESSAGE.encode("gb18030"))))
say("utf16-be", upper(seal(MESSAGE.encode("utf-16"))))
split = MESSAGE.encode("utf-16", "surrogatepass").decode("utf-16")
units = split.replace("𠮷", "\ud842\udfb7").encode("utf-8", "surrogatepass")
say("cesu8", upper(seal(units)))
say("single-quotes", upper(seal(str(json.loads(MESSAGE)).encode())))
say("html", upper(seal(escape(MESSAGE).encode())))
say("xml", upper(seal(b"<req><token>1</token></req>")))
say("cbc-zero", upper(seal(text, "-iv", "0" * 32, cipher="-sm4-cbc")))
say("aes", upper(seal(text, cipher="-aes-128-ecb")))
say("zero+gbk", upper(seal(filled(MESSAGE.encode("gb18030"), b"\0"), "-nopad")))
say("aes+zero", upper(seal(filled(text, b"\0"), "-nopad", cipher="-aes-128-ecb")))
say("base64+zero", base64.b64encode(seal(filled(text, b"\0"), "-nopad")).decode())
say("cbc-zero+gbk", upper(seal(MESSAGE.encode("gb18030"), "-iv", "0" * 32, cipher="-sm4-cbc")))
# Almost JSON.
say("full-width", upper(seal('{"token"："1","orgCodg":"H35010000001"}'.encode())))
say("comma", upper(seal(b'{"token":"1","orgCodg":"H35010000001",}')))
say("ends", upper(seal(b'{"token":"1","orgCodg":"H35010000001"')))
say("newline", upper(seal(b'{"token":"1\n","orgCodg":"H35010000001"}')))
say("half-gbk", upper(seal('{"orgName":"福州'.encode() + b'\xb8"}')))
say("array", upper(seal(b'["token","orgCodg","H35010000001"]')))
