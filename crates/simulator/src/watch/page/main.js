// The page of the sandbox. The server holds everything: what is on the counter, on the phones, and what has passed.
// This file takes its events in order and presents them at a pace one can follow; stage.js draws the parties,
// flow.js the messages. Texts from messages are only ever set as text.

import { makeFlow } from "./flow.js";
import { makeStage } from "./stage.js";

const PACE = 420; // milliseconds a message takes from one party to the other in slow motion
const CROWDED = 24; // with more events than this waiting, they are shown without motion

const byId = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let slow = !matchMedia("(prefers-reduced-motion: reduce)").matches;
let playing = null; // set while the journey plays by itself

// The server's paths, wherever this page is: it may stand behind a front that puts something before them.
const here = (path) => `.${path}`;

async function post(path, body = {}) {
  const answer = await fetch(here(path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error ?? `HTTP ${answer.status}`);
  return value;
}

const world = await (await fetch(here("/watch/world"))).json();
const flow = makeFlow(world);

// ---- Events, one after the other -----------------------------------------------------------------------------

const queue = [];
let live = false; // false while the server repeats what was before this page was opened
let working = false;
let idlers = [];

// Resolves when everything that has come in has been presented.
const idle = () => (working || queue.length ? new Promise((done) => idlers.push(done)) : Promise.resolve());

// The parties' time, which is not this browser's where a space was let run ahead.
let ahead = world.now - Date.now();
const now = () => Date.now() + ahead;
const NOTICED = 60_000; // milliseconds by which their time has to have moved on for a message to tell of it

const stage = makeStage(world, post, flow.say, idle, now);

const present = {
  begin() {
    live = false;
    flow.clear();
  },
  scene(scene) {
    live = true;
    stage.scene(scene);
    flow.settled();
  },
  async message(message) {
    if (live && message.at - now() > NOTICED) ahead = message.at - Date.now();
    await flow.message(message, live && slow && queue.length < CROWDED ? PACE : 0);
  },
  step: (step) => flow.step(step, live),
  counter: (counter) => stage.counter(counter),
  showing: (showing) => stage.showing(showing),
  phone: (phone) => stage.phone(phone, live),
  moods: (moods) => stage.moods(moods),
};

async function work() {
  working = true;
  while (queue.length) {
    const [kind, data] = queue.shift();
    await present[kind](data);
  }
  working = false;
  idlers.splice(0).forEach((done) => done());
}

const events = new EventSource(here("/events"));
for (const kind of Object.keys(present)) {
  events.addEventListener(kind, (event) => {
    queue.push([kind, JSON.parse(event.data)]);
    if (!working) work();
  });
}
const link = byId("link");
const linked = (state, text) => {
  link.dataset.state = state;
  link.textContent = text;
};
events.onopen = () => linked("on", "实时");
events.onerror = () => linked("off", "沙箱已停，等它回来");

// ---- Tools ---------------------------------------------------------------------------------------------------

const slowButton = byId("slow");
const showPace = () => {
  slowButton.setAttribute("aria-pressed", String(slow));
};
showPace();
slowButton.onclick = () => {
  slow = !slow;
  showPace();
};

byId("empty-show").onclick = () => stage.show();
byId("play").onclick = byId("empty-play").onclick = () => (playing ? (playing.stop = true) : journey());

// ---- A system is brought in ------------------------------------------------------------------------------------

const onboardButton = byId("onboard");
onboardButton.onclick = async () => {
  onboardButton.disabled = true;
  flow.say("演示一次接入", "县、市、省逐级办理申请，批准、联调、验收，发出账户与密钥；然后新系统办第一位参保人。");
  try {
    const done = await post("/onboard");
    await idle();
    const result = done.checkStas === "1" ? "新系统第一次得到 1，可以结算" : `核验状态 ${done.checkStas}`;
    flow.say(result, `${done.orgId}（校验值 ${done.kcv}）：${done.steps.join("；")}。在管理台的“接入申请”里可以看到每一步。`);
  } catch (error) {
    flow.say("接入演示中断", error.message);
  } finally {
    onboardButton.disabled = false;
  }
};

// ---- The whole journey, step by step --------------------------------------------------------------------------

async function journey() {
  const run = (playing = { stop: false });
  const button = byId("play");
  button.textContent = "停止演示";
  const steps = [
    ["第 1 步　参保人展码", "在渠道应用里打开医保电子凭证二维码，给收费窗口看。", () => stage.show()],
    ["第 2 步　机构扫码", "窗口扫码，中心向国家电子凭证问明是谁，机构拿到核验令牌。", () => post("/counter/scan", stage.scanning())],
    ["第 3 步　发起核验通知", "结算之前，机构请中心让参保人确认这笔钱。", () => post("/counter/notify", { totalAmount: stage.amount() })],
    ["第 4 步　先输错一次", "密码对不对，只有国家电子凭证知道。错了不作数，还能再试。", () => stage.act("wrongPassword", "01")],
    ["第 5 步　输对密码", "看左边：机构的状态查询一直挂在中心，这里一确认，那边立即变绿。", () => stage.act("confirm", "01")],
    ["第 6 步　结算", "状态为 1，机构才继续办理结算。", () => post("/counter/settle")],
  ];
  try {
    await post("/counter/leave");
    await stage.calm(); // a party in a bad mood would end the journey early
    for (const [head, text, go] of steps) {
      await idle();
      if (run.stop) return;
      flow.say(head, text, true);
      await pause(slow ? 1500 : 400);
      if (run.stop) return;
      await go();
      await pause(slow ? 500 : 100);
      await idle();
    }
    await pause(slow ? 1200 : 200);
    flow.say("走完了", "点下面任意一条报文细看；或者让渠道、国家平台出点错，再走一遍。");
  } catch (error) {
    flow.say("演示中断", error.message);
  } finally {
    playing = null;
    flow.release();
    button.textContent = "自动演示一遍";
  }
}
