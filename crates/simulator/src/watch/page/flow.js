// The messages: each travels along its wire, becomes a row between the lanes, and can be looked into.

const LANES = { institution: 0, center: 1, channel: 2, national: 3 };
const MOST_ROWS = 400; // the page keeps no more rows than these
const ACTORS = { person: "参保人", clerk: "经办人", director: "安排" };

// Members people ask about, in a few words beside their values.
const MEMBERS = {
  orgId: "系统编码；解码时为机构代码", encData: "密文，十六进制", version: "版本", timestamp: "时间戳", reqtType: "请求方标识",
  code: "返回码", type: "响应标识", message: "响应信息", data: "响应数据", success: "成功与否",
  token: "核验令牌", orgCodg: "机构代码", orgName: "机构名称", totalAmount: "医疗费总额", ext: "要规范之外的成员",
  waitSeconds: "最多挂多少秒", notcFlag: "1 通知成功", resBizNo: "响应流水号", checkStas: "1 才可以结算",
  stage: "到了哪一步", stageDesc: "同上，给人看", nextStep: "下一步", checkWay: "认证方式", checkTime: "认证时间",
  checkAmount: "认证的金额", validUntil: "有效期至", checkNo: "核对号", notcType: "1 通知　2 撤回", notcNo: "通知编号", notcSeq: "先后次序",
  chnlId: "渠道编码", ecToken: "核验令牌", ecIndexNo: "凭证索引", userName: "姓名，已掩码", notcTime: "通知时间",
  expTime: "何时失效", authWays: "可用的认证方式", authUrl: "中心的认证页", rcvFlag: "1 收下了", authWay: "认证方式",
  authStas: "1 确认　2 取消　3 不是我　0 失败", authTime: "操作时间", userPwd: "密码摘要", authNo: "刷脸授权码",
  acptFlag: "1 作数", leftCnt: "还可试几次", notcs: "待办通知", idNo: "证件号码，已掩码", idType: "证件类型",
  insuOrg: "参保地", ecQrCode: "二维码", businessType: "用码业务类型", transType: "交易类型", actvStas: "凭证已激活",
  persStas: "身份核对", pwdStas: "设过密码", decTime: "解码时间", chkFlag: "1 正确", openFlag: "1 开通",
};

const byId = (id) => document.getElementById(id);

function make(tag, name, text, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

const clockText = (at) => {
  const time = new Date(at);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
};

// A JSON text over several lines, each member with its meaning; what is no JSON stays as it is.
function pretty(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return [text];
  }
  const parts = [];
  const write = (one, indent, tail) => {
    if (one === null || typeof one !== "object") {
      parts.push(make("span", typeof one === "string" ? "str" : "num", JSON.stringify(one)), tail);
      return;
    }
    const list = Array.isArray(one);
    const entries = list ? one.map((item) => [null, item]) : Object.entries(one);
    if (!entries.length || (list && one.every((item) => typeof item !== "object"))) {
      parts.push(JSON.stringify(one), tail);
      return;
    }
    parts.push(list ? "[\n" : "{\n");
    entries.forEach(([name, item], at) => {
      const comma = at < entries.length - 1 ? "," : "";
      parts.push(indent + "  ");
      if (name !== null) parts.push(make("span", "name", name), ": ");
      const flat = item === null || typeof item !== "object" || (Array.isArray(item) && item.every((i) => typeof i !== "object"));
      write(item, indent + "  ", comma);
      if (name !== null && flat && MEMBERS[name]) parts.push(make("span", "gloss", `　${MEMBERS[name]}`));
      parts.push("\n");
    });
    parts.push(indent + (list ? "]" : "}"), tail);
  };
  write(value, "", "");
  return parts;
}

export function makeFlow(world) {
  const calls = new Map(world.calls.map((call) => [call.call, call]));
  const codes = new Map(world.codes.map((code) => [Number(code.code), code]));
  const rows = byId("rows");
  const empty = byId("empty");
  let picked = null; // the row whose message is looked into
  const heldQueries = new Map(); // exchange → the mark of a status query the center has not answered yet
  let pinned = false; // whether a person chose it, rather than it being the newest
  let held = false; // whether somebody speaks (the journey), so that messages do not talk over it

  const addresses = byId("addresses");
  addresses.textContent = `机构监听口 ${world.institutionUrl}　渠道监听口 ${world.channelUrl}　模拟器 ${world.simulatorUrl}`;
  const list = byId("key-list");
  for (const { whose, id, key, kcv } of world.keys) {
    const copy = make("button", "plain", "复制");
    copy.type = "button";
    copy.setAttribute("aria-label", `复制 ${id} 的密钥`);
    copy.onclick = () => put(key, copy);
    list.append(make("li", "", "", make("b", "", whose), make("code", "", id), make("code", "", key), make("span", "", `校验值 ${kcv}`), copy));
  }

  // Puts a text where it can be pasted from, and says so on the button; it is shown as well, for browsers that may not.
  async function put(text, button) {
    const was = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "已复制";
    } catch {
      button.textContent = "请手工复制";
    }
    setTimeout(() => (button.textContent = was), 1500);
  }

  // The request a message belongs to, as a command.
  const requests = new Map(); // exchange → its request
  const address = (message) => {
    const base = message.to !== "center" ? world.simulatorUrl : message.from === "channel" ? world.channelUrl : world.institutionUrl;
    return base + message.path;
  };
  const sent = (message) => message.sealed ?? message.opened ?? "";
  const asCurl = (message) =>
    `curl -s '${address(message)}' -H 'content-type: application/json' --data-binary '${sent(message).replaceAll("'", "'\\''")}'`;
  const asPython = (message) =>
    [
      "import json, urllib.request",
      "",
      `url = ${JSON.stringify(address(message))}`,
      `body = ${JSON.stringify(sent(message))}`,
      'request = urllib.request.Request(url, body.encode("utf-8"), {"content-type": "application/json"})',
      "with urllib.request.urlopen(request, timeout=40) as answer:",
      '    print(json.dumps(json.load(answer), ensure_ascii=False))',
      "",
    ].join("\n");
  function offer(message, row) {
    const request = requests.get(message.exchange);
    const whole = Boolean(request) && sent(request) !== "" && !sent(request).endsWith("…");
    const text = byId("copy-text");
    text.hidden = true;
    for (const [id, make] of [["copy-curl", asCurl], ["copy-python", asPython]]) {
      byId(id).disabled = !whole;
      byId(id).onclick = () => {
        text.textContent = make(request);
        text.hidden = false;
        put(text.textContent, byId(id));
      };
    }
    byId("copy-link").onclick = () => put(`${location.origin}${location.pathname}#${row.id}`, byId("copy-link"));
  }

  // Only rows that have the words of the filter are shown.
  const filter = byId("filter");
  const sift = (row) => {
    const wanted = filter.value.trim().toLowerCase();
    row.hidden = wanted !== "" && !(row.dataset.text ?? "").includes(wanted);
  };
  filter.oninput = () => {
    let shown = 0;
    for (const row of rows.children) {
      if (row === empty) continue;
      sift(row);
      if (!row.hidden) shown += 1;
    }
    byId("filtered").textContent = filter.value.trim() ? `${shown} 条` : "";
  };

  byId("d-close").onclick = () => pick(null);

  function say(head, text, hold = false) {
    held = hold;
    byId("say-head").textContent = head;
    byId("say-text").textContent = text;
    byId("say").classList.toggle("loud", hold);
  }

  // What a message is; of a refusal, what it says and what to do about it.
  function sentence(message) {
    const call = calls.get(message.call);
    if (message.part === "request") return call.request;
    if (message.part === "silence") return message.words;
    return message.code ? `${message.code}　${message.words}　${codes.get(message.code)?.advice ?? ""}` : call.answer;
  }

  // Follow the newest, unless somebody scrolled back to read; also when the window becomes another size.
  let follows = true;
  const follow = () => {
    if (follows) rows.scrollTop = rows.scrollHeight;
  };
  rows.addEventListener("scroll", () => {
    follows = rows.scrollHeight - rows.scrollTop - rows.clientHeight < 60;
  });
  new ResizeObserver(follow).observe(rows);

  function add(row) {
    empty.hidden = true;
    rows.append(row);
    sift(row);
    while (rows.children.length > MOST_ROWS) rows.children[1].remove();
    while (requests.size > MOST_ROWS) requests.delete(requests.keys().next().value);
    follow();
  }

  function pick(row, message) {
    picked?.classList.remove("picked");
    picked?.removeAttribute("aria-current");
    picked = row;
    byId("legend").hidden = Boolean(row);
    byId("detail").hidden = !row;
    if (!row) {
      pinned = false;
      return;
    }
    row.classList.add("picked");
    row.setAttribute("aria-current", "true");
    offer(message, row);
    const call = calls.get(message.call);
    const back = message.part !== "request";
    byId("d-route").replaceChildren(
      make("i", `dot ${message.from}`), message.fromName, make("span", "to", "→"),
      make("i", `dot ${message.to}`), message.toName);
    byId("d-title").textContent = `${call.title}${back ? " · 应答" : ""}`;
    byId("d-section").textContent = `规范 ${call.section}${call.ours ? "　报文为本项目约定" : ""}`;
    byId("d-sentence").textContent = sentence(message);
    const meta = [`POST ${message.path}`];
    if (message.key) meta.push(`用${message.key}`);
    if (message.status) meta.push(`HTTP ${message.status}`);
    byId("d-meta").textContent = meta.join("　·　");
    // Decoding is not sealed: what is on the wire is the message itself.
    const plain = !message.sealed && Boolean(message.opened);
    byId("d-sealed").parentElement.hidden = plain;
    byId("panes").classList.toggle("two", !plain);
    byId("d-sealed").replaceChildren(...(message.sealed ? pretty(message.sealed) : [make("span", "gloss", "没有报文")]));
    const closed = message.part === "silence" ? "没有报文" : message.code ? `拒绝不带密文：${message.words ?? ""}` : "打不开";
    byId("d-opened").replaceChildren(...(message.opened ? pretty(message.opened) : [make("span", "gloss", closed)]));
  }

  function arrow(message) {
    const [from, to] = [LANES[message.from], LANES[message.to]];
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    const call = calls.get(message.call);
    const back = message.part !== "request";
    const silent = message.part === "silence";
    const label = make("span", "label", "", call.short);
    if (message.sealed) label.prepend(make("i", "lock"));
    if (back && message.code !== null) label.append(make("i", message.code === 0 ? "badge" : message.code === 500320 ? "badge free" : "badge bad", String(message.code)));
    if (back && message.code === null && !silent) label.append(make("i", "badge bad", `HTTP ${message.status}`));
    if (silent) label.append(make("i", "badge bad", "无应答"));
    if (!back && message.call === "status") {
      const mark = make("i", "badge held", "挂着，等结果");
      heldQueries.set(message.exchange, mark);
      label.append(mark);
    }
    if (back) {
      heldQueries.get(message.exchange)?.remove();
      heldQueries.delete(message.exchange);
    }
    const shaft = make("span", `shaft ${message.from} ${to > from ? "east" : "west"} ${back ? "back" : ""} ${silent ? "silent" : ""}`, "", label);
    shaft.style.gridColumn = `${first + 2} / ${last + 3}`;
    shaft.style.setProperty("--span", last - first + 1);
    const row = make("button", "row", "", make("time", "", clockText(message.at)), shaft);
    row.type = "button";
    const outcome = silent ? message.words : back && message.code ? `${message.code} ${message.words ?? ""}` : "";
    row.setAttribute("aria-label", `${message.fromName} 到 ${message.toName}：${call.title}${back ? "，应答" : ""} ${outcome}`);
    row.title = outcome;
    if (!back) requests.set(message.exchange, message);
    row.id = `m${message.exchange}${back ? "a" : ""}`;
    row.dataset.text = [message.fromName, message.toName, call.title, call.short, message.path, message.opened, outcome, message.code ?? ""].join(" ").toLowerCase();
    row.onclick = () => {
      history.replaceState(null, "", `#${row.id}`);
      pinned = true;
      pick(row, message);
    };
    return row;
  }

  // A sealed letter travels from one party to the other.
  async function travel(message, span) {
    const outer = [message.from, message.to].find((party) => party !== "center");
    const wire = byId(`wire-${outer}`);
    const call = calls.get(message.call);
    const letter = make("span", `letter ${message.from}${message.part === "silence" ? " lost" : ""}`, "");
    if (message.sealed) letter.append(make("i", "lock"));
    letter.append(message.part === "request" ? call.short : message.code ? String(message.code) : "应答");
    wire.append(letter);
    wire.classList.add("busy");
    // The center end of the left wire is its right end, of the right wire its left one, of the upper one its foot.
    const outward = message.from === "center";
    const upright = getComputedStyle(wire).getPropertyValue("--upright").trim() === "1";
    const flip = getComputedStyle(wire).getPropertyValue("--flip").trim() === "1";
    const forward = outward !== flip;
    const edge = upright ? "top" : "left";
    const frames = [{ [edge]: forward ? "0%" : "100%" }, { [edge]: forward ? "100%" : "0%" }];
    await letter.animate(frames, { duration: span, easing: "cubic-bezier(.45,.05,.35,1)", fill: "forwards" }).finished.catch(() => {});
    letter.remove();
    wire.classList.remove("busy");
    const there = { institution: "counter", center: "center", channel: "phones", national: "national" }[message.to];
    byId(there).animate([{ outlineColor: "rgb(67 88 184 / .55)" }, { outlineColor: "transparent" }], { duration: 500 });
  }

  return {
    say,
    // The one who spoke is done: messages speak for themselves again.
    release() {
      held = false;
      byId("say").classList.remove("loud");
    },
    clear() {
      for (const row of [...rows.children]) if (row !== empty) row.remove();
      empty.hidden = false;
      pick(null);
    },
    // The page was just filled with what was before: look at nothing in particular.
    settled() {
      follows = true;
      follow();
      // A link to a message: that one is looked into.
      const linked = /^#m[0-9]+a?$/.test(location.hash) && byId(location.hash.slice(1));
      if (linked) {
        linked.click();
        linked.scrollIntoView({ block: "center" });
      }
    },
    step(step, live) {
      const row = make("p", `row-step ${step.who}`, "", make("b", "", ACTORS[step.who]), step.text);
      row.dataset.text = step.text.toLowerCase();
      add(row);
      if (live && !held) say(ACTORS[step.who], step.text);
    },
    async message(message, span) {
      if (span > 0) {
        if (!held) {
          say(`${message.fromName} → ${message.toName}`, sentence(message));
        }
        await travel(message, span);
      }
      const row = arrow(message);
      add(row);
      if (span > 0 && !pinned) pick(row, message);
    },
  };
}
