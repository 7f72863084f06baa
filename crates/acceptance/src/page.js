// Shows the progress every two seconds, unless somebody is typing, and tells decisions that are clicked. Addresses are
// relative: the page may stand behind a front that puts something before its path.
"use strict";
const progress = document.getElementById("progress");

async function show() {
  const active = document.activeElement;
  if (active && active.tagName === "INPUT" && progress.contains(active)) return;
  const typed = new Map();
  for (const input of progress.querySelectorAll("input")) {
    if (input.value !== input.defaultValue) typed.set(input.getAttribute("aria-label"), input.value);
  }
  try {
    const answer = await fetch("acceptance/progress");
    if (answer.ok) progress.innerHTML = await answer.text();
  } catch { return; }
  for (const input of progress.querySelectorAll("input")) {
    const value = typed.get(input.getAttribute("aria-label"));
    if (value !== undefined) input.value = value;
  }
}

progress.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const box = button.closest(".decide");
  const again = button.value === "again";
  const field = (name) => box.querySelector(`input[name=${name}]`).value;
  const message = again
    ? { situation: box.dataset.situation }
    : { token: box.dataset.token, decision: button.value, amount: field("amount"), reason: field("reason") };
  const answer = await fetch(again ? "acceptance/again" : "acceptance/settle", {
    method: "POST", body: JSON.stringify(message),
  });
  if (!answer.ok) alert((await answer.json()).error);
  button.blur();
  show();
});

setInterval(show, 2000);
