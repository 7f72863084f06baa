// Shows the progress every two seconds, unless somebody is typing; begins situations, and tells what is shown. Addresses
// are relative: the page may stand behind a front that puts something before its path.
"use strict";
const progress = document.getElementById("progress");
const fields = () => progress.querySelectorAll("input, select");

async function show() {
  if (progress.contains(document.activeElement)) return;
  const typed = new Map();
  for (const field of fields()) typed.set(field.getAttribute("aria-label"), field.value);
  try {
    const answer = await fetch("acceptance/progress");
    if (answer.ok) progress.innerHTML = await answer.text();
  } catch { return; }
  for (const field of fields()) {
    const value = typed.get(field.getAttribute("aria-label"));
    if (value !== undefined) field.value = value;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const box = button.closest(".decide");
  const message = { situation: box.dataset.situation };
  if (button.value === "shown") {
    message.notcNo = box.dataset.notice;
    for (const field of box.querySelectorAll("input, select")) message[field.name] = field.value;
  }
  button.disabled = true;
  const answer = await fetch(`acceptance/${button.value}`, { method: "POST", body: JSON.stringify(message) });
  button.disabled = false;
  if (!answer.ok) alert((await answer.json()).error);
  button.blur();
  show();
});

setInterval(show, 2000);
