// The parties on the stage: the counter, the phone, and the moods everybody can be put into.

const STAGES = {
  idle: ["空闲", "请参保人展示医保电子凭证二维码。"],
  decoded: ["已扫码", ""],
  asking: ["正在通知", ""],
  waiting: ["等待参保人确认", ""],
  green: ["核验通过，可以结算", ""],
  free: ["免密，可以结算", ""],
  red: ["不能结算", ""],
  settled: ["结算完成", ""],
};
const WAYS = {
  "01": { name: "密码", full: "医保电子凭证密码", right: "输入密码确认", wrong: "输错一次" },
  "02": { name: "刷脸", full: "人脸识别", right: "刷脸确认", wrong: "换一张脸" },
  "03": { name: "支付密码", full: "渠道应用自身的支付密码", right: "输入支付密码确认", wrong: "支付密码错" },
};
const ENDS = {
  confirmed: ["good", "已确认", "窗口那边已经知道了。"],
  cancelled: ["calm", "已取消", "这次没有确认。"],
  notMe: ["bad", "已告知不是本人", "机构会看到，未核实前不得结算。"],
  failed: ["bad", "没有通过", "这次确认不作数。"],
  expired: ["calm", "已过期", "请窗口重新发起。"],
  withdrawn: ["calm", "已撤回", "窗口发了新的通知：金额改了，或换了渠道应用。"],
  replaced: ["calm", "已被新的通知取代", ""],
};
const CHANNEL_MOODS = [
  ["ok", "正常"], ["refuse", "拒收"], ["hang", "不应答"], ["reset", "断开连接"], ["http500", "报错 500"], ["free", "答复免密"], ["slow", "慢 2 秒"],
];
const NATIONAL_MOODS = [["ok", "正常"], ["error", "报错"], ["timeout", "不应答"]];
const SLOW_MILLIS = 2000;

const byId = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function make(tag, name, text, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

function option(value, text) {
  const element = make("option", "", text);
  element.value = value;
  return element;
}

function button(name, text, act) {
  const element = make("button", name, text);
  element.type = "button";
  element.onclick = act;
  return element;
}

export function makeStage(world, post, say, presented, now) {
  const people = world.persons.filter((person) => person.forPeople);
  const channels = new Map(world.channels.map((channel) => [channel.chnlId, channel]));
  const state = {
    person: people[0].ecIndexNo,
    app: people[0].channels[0],
    showing: null,
    phones: new Map(), // ecIndexNo → notices, the newest first
    moods: { national: "ok", channels: {} },
    counter: { stage: "idle" },
    focus: "home", // what the phone shows: home, qr, or the number of a notice
    way: "01",
    note: "", // what the app says about the last try
    busy: false,
    handed: null, // the notice the center's page handed over to this app, if it did
  };

  // Whatever the person at the page does: what goes wrong is said where everybody looks.
  async function attempt(go) {
    try {
      return await go();
    } catch (error) {
      say("没有做成", error.message);
      return null;
    }
  }

  // ---- Counter -----------------------------------------------------------------------------------------------

  const org = byId("org");
  for (const institution of world.institutions) org.append(option(institution.orgCodg, institution.orgName));
  const scanning = () => ({ orgCodg: org.value, ecQrCode: state.showing?.ecQrCode ?? "" });
  const amount = () => byId("amount").value.trim();

  byId("scan").onclick = () => attempt(() => post("/counter/scan", scanning()));
  byId("notify").onclick = () => attempt(() => post("/counter/notify", { totalAmount: amount() }));
  byId("ask").onclick = () => attempt(() => post("/counter/status"));
  byId("settle").onclick = () => attempt(() => post("/counter/settle"));
  byId("leave").onclick = () => attempt(() => post("/counter/leave"));

  const code = byId("code");
  const direct = make("optgroup");
  direct.label = "有专用令牌，点“试”即得";
  const told = make("optgroup");
  told.label = "这样得到";
  for (const row of world.codes) {
    (row.token ? direct : told).append(option(row.code, `${row.code}　${row.message}`));
  }
  code.append(direct, told);
  // How each code without a token of its own comes about. Each begins with what an ordinary visit needs.
  const NOTIFY = "/cfc/api/tokenPwdCheckNotc";
  const STATUS = "/cfc/api/tokenPwdStas";
  const DECODE = "/localcfc/api/hsecfc/localQrCodeQuery";
  const first = () => ({ index: people[0].ecIndexNo, channel: people[0].channels[0] });
  const showIn = (channel) => post("/qr", { ecIndexNo: first().index, chnlId: channel });
  async function asked() {
    const { ecQrCode } = await showIn(first().channel);
    await post("/counter/scan", { orgCodg: org.value, ecQrCode });
    return post("/counter/notify", { totalAmount: amount() });
  }
  async function reported(...deeds) {
    await asked();
    const { notices } = await post(`/phones/${first().index}/messageCenter`, { chnlId: first().channel });
    let said = null;
    for (const [action, way] of deeds) {
      said = await post(`/phones/${first().index}/act`, { notcNo: notices[0].notcNo, action, way });
    }
    return said;
  }
  const sendBy = (path, message, more = {}) => post("/counter/send", { orgCodg: org.value, path, message, ...more });
  const anyToken = () => world.codes.find((row) => row.code === "500320").token;
  const PROVOKE = {
    "-1": async () => {
      const { ecQrCode } = await showIn(first().channel);
      await post("/counter/scan", { orgCodg: org.value, ecQrCode });
      await post("/center/mood", { mood: "failing" });
      try {
        return await post("/counter/notify", { totalAmount: amount() });
      } finally {
        await post("/center/mood", { mood: "ok" });
      }
    },
    "-2": () => sendBy(NOTIFY, { token: anyToken(), orgCodg: org.value }),
    "-4": () => sendBy(STATUS, { token: anyToken(), orgCodg: org.value }, { fault: "key" }),
    "-5": () => sendBy("/cfc/api/none", { token: anyToken(), orgCodg: org.value }),
    "-6": () => {
      const other = world.institutions.find((one) => one.orgId !== world.institutions[0].orgId);
      return sendBy(STATUS, { token: anyToken(), orgCodg: other.orgCodg }, { orgCodg: other.orgCodg, before: 200 });
    },
    "500008": () => reported(["wrongPassword", "02"]),
    "500014": () => reported(["confirm", "03"], ["cancel", "03"]),
    "500084": async () => {
      await asked();
      return post("/counter/notify", { totalAmount: amount() });
    },
    "500093": () => post(`/channels/${first().channel}/send`, { path: "/cfc/api/chnl/authRslt", message: { authStas: "1" } }),
    "500100": () => sendBy(STATUS, { token: anyToken(), orgCodg: org.value }, { orgId: world.accountWithoutRights }),
    "500156": async () => {
      const { ecQrCode } = await showIn(first().channel);
      const data = { orgId: org.value, businessType: "99999", operatorId: "1", operatorName: "经办", officeId: "1", officeName: "收费处", ecQrCode };
      return sendBy(DECODE, { orgId: org.value, transType: "ec.query", data });
    },
    "500316": () => sendBy(NOTIFY, { token: anyToken(), orgCodg: "12345678901", orgName: "机构" }),
    "500318": async () => {
      const { ecQrCode } = await showIn(people[0].channels[2]);
      return post("/counter/scan", { orgCodg: org.value, ecQrCode });
    },
  };

  const chosenCode = () => world.codes.find((row) => row.code === code.value);
  const showHow = () => {
    const row = chosenCode();
    const clicks = Boolean(row.token || PROVOKE[row.code]);
    byId("try").disabled = !clicks;
    byId("how").hidden = Boolean(row.token);
    byId("how").textContent = row.how ?? "";
  };
  code.value = "500319";
  code.onchange = showHow;
  showHow();
  byId("try").onclick = () =>
    attempt(async () => {
      const row = chosenCode();
      if (!row.token) {
        const said = await PROVOKE[row.code]();
        if (said) say(`${said.code}`, said.message ?? "");
        return;
      }
      await post("/counter/token", { orgCodg: org.value, token: chosenCode().token });
      await post("/counter/notify", { totalAmount: amount() });
    });

  function drawCounter() {
    const visit = state.counter;
    const [name, words] = STAGES[visit.stage];
    byId("lamp").dataset.stage = visit.stage;
    byId("lamp-name").textContent = name;
    const paid = visit.amount && ["green", "free", "settled"].includes(visit.stage) ? `　¥\u00a0${visit.amount}` : "";
    byId("lamp-name").textContent += paid;
    const mark = visit.code ? `${visit.code}　` : "";
    byId("lamp-words").textContent = mark + (visit.words || words);
    byId("lamp-advice").textContent = visit.advice ?? "";
    byId("lamp-check").hidden = !visit.checkNo;
    byId("check-no").textContent = visit.checkNo ?? "";
    const tap = byId("lamp-tap");
    tap.hidden = !visit.tapMicros || visit.stage !== "green";
    if (!tap.hidden) tap.textContent = `从手机点下确认到这里知道：${(visit.tapMicros / 1000).toFixed(1)} 毫秒`;
    const shown = state.showing && `${state.showing.ecQrCode.slice(0, 8)}…`;
    byId("scanned").textContent = visit.who
      ? `${visit.who}　令牌 …${visit.token.slice(-8)}`
      : visit.token ? `令牌 …${visit.token.slice(-8)}` : shown ? `手机上有码 ${shown}` : "参保人还没有展码";
    byId("scan").disabled = !state.showing;
    byId("notify").disabled = !visit.token || ["asking", "settled"].includes(visit.stage);
    byId("ask").disabled = !visit.token;
    byId("settle").disabled = !["green", "free"].includes(visit.stage);
    drawSteps();
  }

  // Which of the five steps is next, and the button for it.
  function drawSteps() {
    const { stage } = state.counter;
    const next = { decoded: 2, asking: 2, waiting: 3, green: 4, free: 4, settled: 5, red: 2 }[stage] ?? (state.showing ? 1 : 0);
    [...byId("steps").children].forEach((item, at) => {
      item.className = at < next ? "done" : at === next ? "now" : "";
      if (at === next) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    const wanted = ["show", "scan", "notify", "confirm", "settle"][next];
    for (const element of document.querySelectorAll(".next")) element.classList.remove("next");
    if (stage !== "asking") byId(wanted)?.classList.add("next");
  }

  // ---- Phone -------------------------------------------------------------------------------------------------

  const person = byId("person");
  const app = byId("app");
  for (const one of people) person.append(option(one.ecIndexNo, `${one.name}　…${one.ecIndexNo.slice(-2)}`));
  person.onchange = () => select(person.value, null, "home");
  app.onchange = () => select(state.person, app.value, "home");

  function select(index, chosen, focus) {
    const one = world.persons.find((candidate) => candidate.ecIndexNo === index);
    if (!one) return;
    if (![...person.options].some((known) => known.value === index)) {
      person.append(option(index, `${one.name}　…${index.slice(-2)}`));
    }
    state.person = person.value = index;
    if (state.listed !== index) {
      state.listed = index;
      app.replaceChildren(...one.channels.map((id) => option(id, channels.get(id)?.name ?? id)));
    }
    state.app = one.channels.includes(chosen) ? chosen : one.channels.includes(state.app) ? state.app : one.channels[0];
    app.value = state.app;
    state.focus = focus;
    drawPhone();
    drawMoods();
  }

  const show = () => attempt(() => post("/qr", { ecIndexNo: state.person, chnlId: state.app }));

  async function act(action, way) {
    const notice = open();
    if (!notice || state.busy) return;
    state.busy = true;
    state.way = way;
    state.note = "";
    drawPhone();
    if (way === "01" && !["cancel", "notMe"].includes(action)) {
      // Six dots, so that one sees that a person types.
      for (const dot of document.querySelectorAll(".dots i")) {
        dot.className = "on";
        await pause(70);
      }
    }
    const said = await attempt(() =>
      post(`/phones/${state.person}/act`, { notcNo: notice.notcNo, action, way }));
    await presented(); // the phone learns of it when one has seen the answer come back
    state.busy = false;
    if (said?.code) state.note = `${said.code}　${said.message}`;
    else if (said?.data?.acptFlag === "0") {
      state.note = said.data.leftCnt === "0" ? "密码错误次数过多，已锁定" : `密码不对，还可以再试 ${said.data.leftCnt} 次`;
    }
    drawPhone();
  }

  const notices = () => (state.phones.get(state.person) ?? []).filter((notice) => notice.chnlId === state.app);
  const open = () => notices().find((notice) => notice.state === "pending" && notice.expTime > now());

  function drawPhone() {
    const screen = byId("screen");
    const notice = notices().find((one) => one.notcNo === state.focus);
    const expired = notice?.state === "pending" && notice.expTime <= now();
    const bar = make("p", "bar", channels.get(state.app)?.name.replace(/（.*）/, "") ?? "");
    const body = notice && notice.state === "pending" && !expired ? request(notice)
      : notice ? end(expired ? "expired" : notice.state, notice)
      : state.focus === "qr" && state.showing ? picture()
      : home();
    screen.replaceChildren(bar, body);
    byId("phone").classList.toggle("lit", Boolean(notice && notice.state === "pending" && !expired));
    drawSteps();
  }

  function home() {
    const shown = button("primary", "展示二维码", show);
    shown.id = "show";
    const center = button("plain", "打开消息中心", () =>
      attempt(() => post(`/phones/${state.person}/messageCenter`, { chnlId: state.app })));
    const free = channels.get(state.app)?.passwordFree
      ? make("p", "outs", "", button("plain", "开通免密", () => setFree("1")), button("plain", "关闭免密", () => setFree("0")))
      : "";
    return make("div", "home", "",
      make("p", "card", "医保电子凭证", make("b", "", person.selectedOptions[0]?.textContent ?? "")),
      shown, center, free,
      make("p", "hint", "到窗口结算时，请向工作人员出示二维码。"));
  }

  const setFree = (openFlag) => attempt(async () => {
    const said = await post(`/phones/${state.person}/passwordFree`, { chnlId: state.app, openFlag });
    say("免密", said.code ? `${said.code}　${said.message}` : openFlag === "1" ? "已开通：在这个应用里展码付款，机构得到 500320，不再输密码。" : "已关闭：每一笔都要参保人确认。");
  });

  function picture() {
    const image = make("img", "qr");
    image.src = `./watch/qr/${encodeURIComponent(state.showing.ecQrCode)}.svg`;
    image.alt = `二维码 ${state.showing.ecQrCode}`;
    return make("div", "home", "", image,
      make("p", "digits", state.showing.ecQrCode.replace(/(.{4})/g, "$1 ").trim()),
      make("p", "hint", "请窗口扫码"),
      button("plain", "换一个码", show),
      button("plain", "返回", () => select(state.person, state.app, "home")));
  }

  function request(notice) {
    const ways = notice.ways.filter((way) => WAYS[way]);
    if (!ways.includes(state.way)) state.way = ways[0] ?? "01";
    const way = WAYS[state.way];
    const tabs = make("div", "tabs", "", ...ways.map((id) => {
      const tab = button(id === state.way ? "on" : "", WAYS[id].name, () => {
        state.way = id;
        drawPhone();
      });
      tab.setAttribute("aria-pressed", String(id === state.way));
      return tab;
    }));
    const dots = state.way === "01" ? make("p", "dots", "", ...Array.from({ length: 6 }, () => make("i"))) : "";
    const confirm = button("primary", way.right, () => act("confirm", state.way));
    confirm.id = "confirm";
    confirm.disabled = state.busy;
    const wrong = button("quiet", way.wrong, () => act("wrongPassword", state.way));
    wrong.disabled = state.busy;
    const minutes = new Date(notice.expTime).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
    const sheet = make("div", "sheet", "",
      make("p", "ask", `${notice.orgName} 请 ${notice.userName} 确认`),
      make("p", "sum", notice.totalAmount ? `¥\u00a0${notice.totalAmount}` : "金额未定"),
      make("p", "until", `${minutes} 前有效　编号 …${notice.notcNo.slice(-4)}`),
      tabs, dots,
      make("p", "note", state.note || " "),
      confirm, wrong,
      make("p", "outs", "",
        button("plain", "取消", () => act("cancel", state.way)),
        button("plain danger", "不是我", () => act("notMe", state.way))));
    sheet.append(handed(notice) ? "" : page(notice, "改用中心的认证页"));
    return sheet;
  }

  function end(fate, notice) {
    const [kind, head, text] = ENDS[fate] ?? ["calm", fate, ""];
    return make("div", `end ${kind}`, "",
      make("i", "sign"), make("p", "head", head),
      make("p", "sum", notice.totalAmount ? `¥\u00a0${notice.totalAmount}` : ""),
      make("p", "hint", `${notice.orgName}`), make("p", "hint", text),
      handed(notice) ? page(notice, "回到认证页", true) : "",
      button("quiet", "返回", () => select(state.person, state.app, "home")));
  }

  const handed = (notice) => state.handed === notice.notcNo;

  // Somebody came here from the center's page (the address that is registered for hand-over): to this notice, to confirm
  // it in this way.
  function handedOver(asked) {
    const wanted = new URLSearchParams(location.search);
    const number = wanted.get("notcNo");
    if (!number) return false;
    history.replaceState(null, "", location.pathname);
    const found = asked.find(([, notice]) => notice.notcNo === number);
    if (!found) {
      say("手机上没有这条通知", "认证页请参保人到这里确认的通知，不在任何一部手机上。");
      return false;
    }
    state.handed = number;
    if (WAYS[wanted.get("way")]) state.way = wanted.get("way");
    select(found[0], found[1].chnlId, number);
    say("来自认证页", "参保人从中心的认证页来到渠道应用，改用应用自己的方式确认。");
    byId("phones").scrollIntoView({ block: "nearest" });
    return true;
  }

  // The center's page of a notice; only that of a center on this machine.
  function page(notice, words, here) {
    if (!/^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(notice.authUrl ?? "")) return "";
    const link = make("a", "plain", words);
    link.href = notice.authUrl;
    link.rel = "noopener noreferrer";
    if (!here) link.target = "_blank";
    return link;
  }

  // ---- Moods -------------------------------------------------------------------------------------------------

  function moodButtons(box, list, now, change) {
    box.replaceChildren(...list.map(([mood, name]) => {
      const one = button(mood === now ? "on" : "", name, () => attempt(() => change(mood)));
      one.setAttribute("aria-pressed", String(mood === now));
      if (mood !== "ok" && mood === now) one.classList.add("bad");
      return one;
    }));
  }

  const setChannel = (mood) => post(`/channels/${state.app}/mood`, { mood, ms: mood === "slow" ? SLOW_MILLIS : 0 });
  const setNational = (mood) => post("/national/mood", { mood });

  function drawMoods() {
    moodButtons(byId("channel-moods"), CHANNEL_MOODS, state.moods.channels[state.app] ?? "ok", setChannel);
    moodButtons(byId("national-moods"), NATIONAL_MOODS, state.moods.national, setNational);
    byId("national").classList.toggle("ill", state.moods.national !== "ok");
    byId("phones").classList.toggle("ill", (state.moods.channels[state.app] ?? "ok") !== "ok");
  }

  select(state.person, state.app, "home");
  drawCounter();

  return {
    show,
    act,
    scanning,
    amount,
    async calm() {
      if ((state.moods.channels[state.app] ?? "ok") !== "ok") await setChannel("ok");
      if (state.moods.national !== "ok") await setNational("ok");
    },
    scene(scene) {
      state.phones = new Map(scene.phones.map((phone) => [phone.ecIndexNo, phone.notices]));
      state.moods = scene.moods;
      state.counter = scene.counter;
      state.showing = scene.showing;
      if (scene.showing) select(scene.showing.ecIndexNo, scene.showing.chnlId, "qr");
      const asked = [...state.phones].flatMap(([index, list]) => list.map((notice) => [index, notice]));
      const pending = asked.find(([, notice]) => notice.state === "pending" && notice.expTime > now());
      if (handedOver(asked)) state.note = "";
      else if (pending) select(pending[0], pending[1].chnlId, pending[1].notcNo);
      else if (!scene.showing) select(state.person, state.app, "home");
      drawMoods();
      drawCounter();
    },
    counter(counter) {
      state.counter = counter;
      if (counter.orgCodg) org.value = counter.orgCodg;
      drawCounter();
    },
    showing(showing) {
      state.showing = showing;
      if (showing) select(showing.ecIndexNo, showing.chnlId, "qr");
      else select(state.person, state.app, "home");
      drawCounter();
    },
    phone(phone, live) {
      const before = new Map((state.phones.get(phone.ecIndexNo) ?? []).map((one) => [one.notcNo, one.state]));
      state.phones.set(phone.ecIndexNo, phone.notices);
      const fresh = phone.notices.find((one) => one.state === "pending" && !before.has(one.notcNo));
      if (fresh && live) {
        state.note = "";
        select(phone.ecIndexNo, fresh.chnlId, fresh.notcNo);
      } else if (phone.ecIndexNo === state.person) {
        drawPhone();
      }
    },
    moods(moods) {
      state.moods = moods;
      drawMoods();
    },
  };
}
