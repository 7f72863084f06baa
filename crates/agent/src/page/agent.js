// Keys, and a screen that stays true. Without this file the page works too: it is forms, and looks again by itself.
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);

  // Function keys press what they stand on.
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = one(`[data-key="${event.key}"]`);
    if (!target) return;
    event.preventDefault();
    target.click();
    if (target.tagName === "SUMMARY" && target.parentElement.open) {
      target.parentElement.querySelector("input:not([type=hidden]), button")?.focus();
    }
  });

  // Whoever waits sees what for, and sends nothing twice.
  document.addEventListener("submit", (event) => {
    if (document.body.dataset.busy) {
      event.preventDefault();
      return;
    }
    const button = event.submitter ?? event.target.querySelector("[data-busy]");
    document.body.dataset.busy = "1";
    if (!button) return;
    const words = button.dataset.busy ?? "请稍候…";
    // After the form was read: a button that is disabled sends nothing.
    setTimeout(() => {
      button.textContent = words;
      for (const other of document.querySelectorAll("button")) other.disabled = true;
    });
  });

  // The sign is about what was asked; what is typed now was not.
  document.addEventListener("input", (event) => {
    if (!event.target.closest("#work > form.main")) return;
    const [amount, kind] = [one("#amount"), one("#work select[name=kind]")];
    const same = Number(amount.value) === Number(amount.defaultValue) && kind.selectedOptions[0]?.defaultSelected;
    if (same) delete document.body.dataset.edited;
    else document.body.dataset.edited = "1";
  });

  // The server holds the question until the screen is no longer true.
  const visit = new URLSearchParams(location.search).get("visit") ?? "";
  const adopt = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#parts");
    if (!fresh) return;
    const link = document.activeElement?.closest?.("#today a")?.getAttribute("href");
    one("#parts").replaceWith(document.adoptNode(fresh));
    if (link) one(`#today a[href="${link}"]`)?.focus();
    const next = one("#stage")?.dataset.next;
    if (!next || next === document.body.dataset.next) return;
    document.body.dataset.next = next;
    if (next === "offline" && one("#offline")) one("#offline").open = true;
    if (next === "settle") document.activeElement?.blur();
  };
  const watch = async () => {
    for (;;) {
      const seen = one("#parts")?.dataset.version ?? "";
      let pause = 0;
      try {
        const answer = await fetch(`/page/live?visit=${encodeURIComponent(visit)}&seen=${seen}`, { cache: "no-store" });
        if (answer.status === 401) return location.reload();
        if (answer.status === 200) adopt(await answer.text());
        else if (answer.status !== 204) pause = 3000;
        delete document.body.dataset.lost;
      } catch {
        // The agent is gone: whatever stands here may no longer be so.
        document.body.dataset.lost = "1";
        pause = 2000;
      }
      if (pause) await new Promise((go) => setTimeout(go, pause));
    }
  };
  if (one("#parts")) watch();
})();
