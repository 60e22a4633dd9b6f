// Moving through the list by keys, choosing scripts, and the field that an action needs.
import { anyOpen } from "../shared/dialogs.js";

const form = document.getElementById("bulk");
const rows = () => Array.from(document.querySelectorAll(".script"));
const boxes = () => Array.from(form.querySelectorAll("[name=script_id]"));
const isTyping = (target) => Boolean(target.closest?.("input:not([type=checkbox]), textarea, select"));

function move(step) {
  const all = rows();
  const place = all.indexOf(document.activeElement.closest(".script"));
  all[Math.min(all.length - 1, Math.max(0, place + step))]?.focus();
}

function onKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || anyOpen()) return;
  const row = document.activeElement.closest?.(".script");
  const actions = {
    KeyJ: () => move(1),
    KeyK: () => move(-1),
    KeyX: row && (() => row.querySelector("[name=script_id]").click()),
    Enter: row === document.activeElement && row && (() => row.querySelector(".name a").click()),
  };
  if (!actions[event.code]) return;
  event.preventDefault();
  actions[event.code]();
}

function count() {
  if (!boxes().length) return;
  const n = boxes().filter((box) => box.checked).length;
  const told = document.getElementById("n-chosen");
  told.textContent = n ? told.dataset.words.replace("{n}", n) : "";
  document.getElementById("all-here").checked = n > 0 && n === boxes().length;
}

function onChange(event) {
  if (event.target.matches("[data-all]")) boxes().forEach((box) => (box.checked = event.target.checked));
  if (event.target.id === "action") showField(event.target.value);
  count();
}

function showField(action) {
  for (const field of form.querySelectorAll("[data-for]")) field.hidden = field.dataset.for !== action;
}

document.addEventListener("keydown", onKey);
form.addEventListener("change", onChange);
document.querySelector("[data-submits]").addEventListener("change", (event) => event.target.form.requestSubmit());
if (matchMedia("(max-width: 820px)").matches) document.querySelector(".facets").open = false;
showField(document.getElementById("action")?.value);
count();
