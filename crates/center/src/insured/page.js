(() => {
  "use strict";
  const one = (name) => document.querySelector(name);
  const here = location.pathname;
  const net = one("#net"), box = one("#p"), pad = one("#pad"), said = one("#said");
  // How long an answer to a form may take, and one to a question that is held; then the network is taken to be gone.
  const FORM_MILLIS = 20000, LOOK_MILLIS = 20000;
  // How long to wait before asking again: less than the two seconds after which the person has to know.
  const PAUSE_MILLIS = 1500;
  const watches = Boolean(net && net.dataset.at);
  let end = 0, sending = false, gone = false, unsure = false, asking = null;
  const ask = async (address, options, millis) => {
    asking = new AbortController();
    const given = asking;
    const timer = setTimeout(() => given.abort(), millis);
    try {
      const answer = await fetch(address, { ...options, cache: "no-store", signal: given.signal });
      const text = await answer.text();
      const json = (answer.headers.get("content-type") || "").includes("json");
      return { ok: answer.ok, status: answer.status, told: json ? JSON.parse(text) : null, text };
    } finally {
      clearTimeout(timer);
    }
  };
  const buttons = (form) => form.querySelectorAll(".button:not(a)");
  // Says before anybody types or taps that it would go nowhere.
  const tell = (isGone) => {
    if (isGone === gone) return;
    gone = isGone;
    for (const form of document.forms) for (const button of buttons(form)) button.setAttribute("aria-disabled", String(gone));
    if (net) {
      net.textContent = !gone ? "" : unsure
        ? "网络断了，刚才的操作不知道有没有送到。输入的内容没有留下。网络恢复后，这里会自己显示结果。"
        : "现在没有网络，请先不要输入。网络恢复后，这里会自己接上。";
    }
  };
  let again = 0;
  const look = async () => {
    clearTimeout(again);
    if (sending) return;
    asking?.abort();
    const begun = performance.now();
    let mine = null;
    try {
      const asked = ask(here + "?w=" + net.dataset.at, {}, LOOK_MILLIS);
      mine = asking;
      const answer = await asked;
      if (sending || mine !== asking) return;
      const busy = answer.status === 429 || answer.status >= 500;
      if (!busy) {
        if (unsure || !answer.told || answer.told.at !== net.dataset.at) return location.replace(here);
        end = performance.now() + 1000 * answer.told.left;
      }
      tell(false);
      again = setTimeout(look, busy || performance.now() - begun < PAUSE_MILLIS ? PAUSE_MILLIS : 0);
    } catch {
      if (sending || mine !== asking) return;
      tell(true);
      again = setTimeout(look, PAUSE_MILLIS);
    }
  };
  // A form is sent without leaving the page; a second tap sends nothing.
  for (const form of document.forms) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (sending || gone) return;
      sending = true;
      asking?.abort();
      const button = form.querySelector("button[name=do]");
      const body = new URLSearchParams(new FormData(form));
      body.set("do", button.value);
      for (const each of buttons(form)) each.setAttribute("aria-disabled", "true");
      const label = button.textContent;
      if (button.id === "ok") button.textContent = "正在核对……";
      if (box) box.value = "";
      try {
        const answer = await ask(here, { method: "POST", headers: { accept: "application/json" }, body }, FORM_MILLIS);
        if (answer.told) return location.assign(answer.told.to);
        // What is refused is a page that says why: shown in the place of this one.
        const page = new DOMParser().parseFromString(answer.text, "text/html");
        document.title = page.title;
        one("main").replaceWith(page.querySelector("main"));
      } catch {
        // Whether it arrived nobody knows: a form is good for one try, and the page shows what came of it.
        sending = false;
        unsure = true;
        button.textContent = label;
        tell(true);
        if (watches) again = setTimeout(look, PAUSE_MILLIS);
        else {
          gone = false;
          for (const each of buttons(form)) each.removeAttribute("aria-disabled");
          if (said) said.textContent = "网络断了，不知道有没有送到。网络恢复后请重新打开这个页面看一看。";
        }
      }
    });
  }
  // A page that the browser kept would show what no longer holds.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  // Whoever comes back from the app wants to know what came of it.
  let away = false;
  for (const door of document.querySelectorAll(".away")) door.addEventListener("click", () => { away = true; });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    if (away) location.replace(here);
    else if (watches) look();
  });
  if (net) {
    addEventListener("offline", () => tell(true));
    addEventListener("online", () => {
      if (watches) look();
      else if (unsure) location.replace(here);
      else tell(false);
    });
    if (navigator.onLine === false) tell(true);
    if (watches) look();
  }
  const left = one("#left");
  if (left) {
    end = performance.now() + 1000 * Number(left.dataset.seconds);
    const count = () => {
      const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      left.textContent = "还剩 " + Math.floor(seconds / 60) + " 分 " + String(seconds % 60).padStart(2, "0") + " 秒";
      setTimeout(count, 500);
    };
    count();
  }
  const form = one("#pay");
  if (!box || !pad) return;
  // Some find digits only where they always are; the browser remembers it, if it may.
  const KEY = "yanmi-keypad";
  const kept = () => { try { return localStorage.getItem(KEY) === "ordered"; } catch { return false; } };
  const keep = (isOrdered) => {
    try { if (isOrdered) localStorage.setItem(KEY, "ordered"); else localStorage.removeItem(KEY); } catch { /* only not remembered */ }
  };
  const key = (text, act, word) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    if (word) button.className = "word";
    button.addEventListener("click", act);
    pad.append(button);
  };
  const type = (digit) => () => { if (box.value.length < 6) box.value += digit; };
  const order = one("#order");
  const lay = (isOrdered) => {
    const digits = [..."1234567890"];
    if (!isOrdered) {
      const chance = crypto.getRandomValues(new Uint32Array(10));
      for (let at = 9; at > 0; at--) {
        const other = chance[at] % (at + 1);
        [digits[at], digits[other]] = [digits[other], digits[at]];
      }
    }
    pad.replaceChildren();
    pad.setAttribute("aria-label", isOrdered ? "密码键盘" : "密码键盘，数字顺序每次不同");
    order.setAttribute("aria-pressed", String(isOrdered));
    digits.forEach((digit, at) => {
      if (at === 9) key("清除", () => { box.value = ""; }, true);
      key(digit, type(digit));
    });
    key("退格", () => { box.value = box.value.slice(0, -1); }, true);
  };
  order.addEventListener("click", () => {
    const isOrdered = order.getAttribute("aria-pressed") !== "true";
    keep(isOrdered);
    lay(isOrdered);
  });
  lay(kept());
  pad.hidden = false;
  one("#keys").hidden = false;
  // The keypad takes the place of the phone's own keyboard; a real keyboard still types.
  box.inputMode = "none";
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    if (/^[0-9]{6}$/.test(box.value) || sending || gone) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    said.textContent = "密码是六位数字，请接着输入。";
    box.focus();
  }, true);
})();
