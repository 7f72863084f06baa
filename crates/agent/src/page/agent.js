// Keys, scans, and a screen that stays true. Without this file the page works too: it is forms, and looks again by itself.
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);
  const body = () => document.body;
  // How long an answer may take: the server holds the live question for 25 s, a notice may wait for its pause and for retries.
  const LIVE = 32000, FORM = 60000, PING = 2500;
  // Between two looks whether the agent is there.
  const PULSE = 2500;
  // A scanner types faster than anybody, and at least so much.
  const GAP = 60, LEAST = 12;

  const within = (millis, address, options = {}) =>
    fetch(address, { cache: "no-store", ...options, signal: AbortSignal.timeout(millis) });
  const lost = () => { body().dataset.lost = "1"; };

  // What stands on the screen is exchanged without leaving it: an agent that is gone leaves no error page of the browser.
  let generation = 0;
  const show = async (answer) => {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!fresh.querySelector("main")) throw new Error("no page");
    if (!answer.url.includes("/page/")) history.replaceState(null, "", answer.url);
    body().replaceWith(document.adoptNode(fresh.body));
    one("[autofocus]")?.focus();
    watch();
  };

  // Function keys press what they stand on.
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key.length !== 1 && event.key !== "Enter") {
      const target = one(`[data-key="${event.key}"]`);
      if (!target) return;
      event.preventDefault();
      target.click();
      if (target.tagName === "SUMMARY" && target.parentElement.open) {
        target.parentElement.querySelector("input:not([type=hidden]), button")?.focus();
      }
    }
  });

  // A scan anywhere: what came so fast is no typing. The field it went into gets back what it held.
  let run = { text: "", last: 0, field: null, held: "" };
  document.addEventListener("keydown", (event) => {
    const now = event.timeStamp;
    if (event.key === "Enter" && run.text.length >= LEAST && now - run.last <= GAP) {
      const { text, field, held } = run;
      run = { text: "", last: 0, field: null, held: "" };
      // A slip of the terminal may be scanned as well.
      if (field?.name === "code" || field?.name === "serial") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (field && "value" in field) {
        field.value = held;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      scanned(text);
      return;
    }
    if (event.key === "Tab") run = { text: "", last: 0, field: null, held: "" };
    if (event.key.length !== 1 || event.altKey || event.ctrlKey || event.metaKey) return;
    if (now - run.last > GAP) {
      run = { text: "", last: now, field: event.target, held: event.target.value ?? "" };
    }
    run.text += event.key;
    run.last = now;
  }, true);

  const scanned = async (text) => {
    if (body().dataset.busy) return;
    if (!/^424\d{25}$/.test(text) && !/^(?=.*[A-Za-z])[0-9A-Za-z]{30,40}$/.test(text)) {
      return complain("请使用医保电子凭证二维码");
    }
    if (!one("#code")) {
      const open = one("#stage");
      if (open && open.dataset.next !== "settle" && !(await sure())) return;
      try {
        await show(await within(PING, "/"));
      } catch {
        return lost();
      }
    }
    one("#code").value = text;
    const amount = one("#amount");
    if (amount.value) amount.form.requestSubmit(); else amount.focus();
  };

  const complain = (words) => {
    const line = one(".fault") ?? document.createElement("p");
    line.className = "fault";
    line.setAttribute("role", "alert");
    line.replaceChildren(Object.assign(document.createElement("strong"), { textContent: "没有办成" }), words);
    one("header").after(line);
  };

  // Whether the visit on the screen may be left; it stays in the list.
  const sure = () => new Promise((answer) => {
    const dialog = one("#leave");
    const said = (yes) => { dialog.close(); answer(yes); };
    dialog.querySelector("[value=yes]").onclick = () => said(true);
    dialog.querySelector("[value=no]").onclick = () => said(false);
    dialog.oncancel = () => answer(false);
    dialog.showModal();
  });

  // Whoever waits sees what for, and sends nothing twice. A form is sent from here, so that the screen stays when nothing
  // answers; what was asked then is not known to be done.
  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (body().dataset.busy) return;
    const button = event.submitter ?? event.target.querySelector("[data-busy]");
    const address = button?.getAttribute("formaction") ?? event.target.getAttribute("action");
    const fields = new URLSearchParams(new FormData(event.target, event.submitter));
    body().dataset.busy = "1";
    const words = button?.textContent;
    if (button) button.textContent = button.dataset.busy ?? "请稍候…";
    const buttons = [...document.querySelectorAll("button")];
    for (const other of buttons) other.disabled = true;
    try {
      const answer = await within(FORM, address, { method: "POST", body: fields });
      await show(answer);
    } catch {
      delete body().dataset.busy;
      for (const other of buttons) other.disabled = false;
      if (button) button.textContent = words;
      lost();
    }
  });

  // The sign is about what was asked; what is typed now was not.
  document.addEventListener("input", (event) => {
    if (!event.target.closest("#work > form.main")) return;
    const [amount, kind] = [one("#amount"), one("#work select[name=kind]")];
    const same = Number(amount.value) === Number(amount.defaultValue) && kind.selectedOptions[0]?.defaultSelected;
    if (same) delete body().dataset.edited;
    else body().dataset.edited = "1";
  });

  const adopt = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#parts");
    if (!fresh) return;
    const link = document.activeElement?.closest?.("#today a")?.getAttribute("href");
    one("#parts").replaceWith(document.adoptNode(fresh));
    if (link) one(`#today a[href="${link}"]`)?.focus();
    tick();
    // After "not me" nothing is sent: the button goes as soon as that is known.
    const send = one("#send");
    if (send) send.hidden = send.disabled = one("#stage")?.dataset.quiet !== undefined;
    const next = one("#stage")?.dataset.next;
    if (!next || next === body().dataset.next) return;
    body().dataset.next = next;
    if (next === "offline" && one("#offline")) one("#offline").open = true;
    if (next === "settle") document.activeElement?.blur();
  };

  // The server holds the question until the screen is no longer true.
  const watch = async () => {
    const mine = ++generation;
    tick();
    while (mine === generation && one("#parts")) {
      const visit = new URLSearchParams(location.search).get("visit") ?? "";
      const seen = one("#parts").dataset.version ?? "";
      let pause = 0;
      try {
        const answer = await within(LIVE, `/page/live?visit=${encodeURIComponent(visit)}&seen=${seen}`);
        const text = await answer.text();
        // The whole page may have been exchanged meanwhile: what is said about the one before is not for it.
        if (mine !== generation) return;
        if (answer.status === 401) return location.reload();
        if (answer.status === 200) adopt(text);
        else if (answer.status !== 204) pause = 3000;
        delete body().dataset.lost;
      } catch {
        // The agent is gone: whatever stands here may no longer be so.
        if (mine === generation) lost();
        pause = 2000;
      }
      if (pause) await new Promise((go) => setTimeout(go, pause));
    }
  };

  // An agent that hangs answers neither; a held question would tell only after half a minute.
  const pulse = async () => {
    for (;;) {
      await new Promise((go) => setTimeout(go, PULSE));
      try {
        await within(PING, "/healthz");
        if (body().dataset.hung) {
          delete body().dataset.hung;
          delete body().dataset.lost;
        }
      } catch {
        body().dataset.hung = "1";
        lost();
      }
    }
  };

  // The agent's time goes on by the stopwatch of this machine, whose clock may be wrong.
  const heard = () => {
    const parts = one("#parts");
    if (parts && parts.dataset.heard === undefined) parts.dataset.heard = String(performance.now());
    return parts ? Number(parts.dataset.now) + performance.now() - Number(parts.dataset.heard) : 0;
  };

  // Time that is left, and a sign whose time is over.
  const tick = () => {
    const now = heard();
    const left = one("[data-until]");
    if (left) {
      const seconds = Math.max(0, Math.floor((Number(left.dataset.until) - now) / 1000));
      left.textContent = `剩余 ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
    const sign = one(".allowed[data-good]");
    if (sign && now > Number(sign.dataset.good)) body().dataset.old = "1";
    else delete body().dataset.old;
  };
  setInterval(tick, 500);
  if (one("#parts")) {
    watch();
    pulse();
  }
})();
