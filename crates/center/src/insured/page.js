(() => {
  "use strict";
  const one = (name) => document.querySelector(name);
  // A second tap sends nothing.
  for (const form of document.forms) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "1";
      for (const button of form.querySelectorAll(".button")) button.setAttribute("aria-disabled", "true");
      const ok = form.querySelector("#ok");
      if (ok) ok.textContent = "正在核对……";
    });
  }
  // A page that the browser kept would show what no longer holds.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  // Whoever comes back from the app wants to know what came of it.
  let away = false;
  for (const door of document.querySelectorAll(".away")) door.addEventListener("click", () => { away = true; });
  document.addEventListener("visibilitychange", () => {
    if (away && document.visibilityState === "visible") location.replace(location.pathname);
  });
  const left = one("#left");
  if (left) {
    const end = performance.now() + 1000 * Number(left.dataset.seconds);
    const tell = () => {
      const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      left.textContent = "还剩 " + Math.floor(seconds / 60) + " 分 " + String(seconds % 60).padStart(2, "0") + " 秒";
      if (seconds) setTimeout(tell, 500);
      else location.replace(location.pathname);
    };
    tell();
  }
  const box = one("#p"), pad = one("#pad"), said = one("#said"), form = one("#pay");
  if (!box || !pad) return;
  const digits = [..."0123456789"];
  const chance = crypto.getRandomValues(new Uint32Array(10));
  for (let at = 9; at > 0; at--) {
    const other = chance[at] % (at + 1);
    [digits[at], digits[other]] = [digits[other], digits[at]];
  }
  const key = (text, act, word) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    if (word) button.className = "word";
    button.addEventListener("click", act);
    pad.append(button);
  };
  const type = (digit) => () => { if (box.value.length < 6) box.value += digit; };
  digits.forEach((digit, at) => {
    if (at === 9) key("清除", () => { box.value = ""; }, true);
    key(digit, type(digit));
  });
  key("退格", () => { box.value = box.value.slice(0, -1); }, true);
  pad.hidden = false;
  // The keypad takes the place of the phone's own keyboard; a real keyboard still types.
  box.inputMode = "none";
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    if (/^[0-9]{6}$/.test(box.value)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    said.textContent = "密码是六位数字，请接着输入。";
    box.focus();
  }, true);
})();
