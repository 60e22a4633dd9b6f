// The editor of one script: checks as it is typed, slots to insert, and one key that saves.
import * as dialogs from "../../shared/dialogs.js";
import { tell } from "../../shared/notice.js";
import { say } from "../../shared/words.js";
import * as chips from "./chips.js";
import * as conflict from "./conflict.js";
import * as drafts from "./drafts.js";
import * as moments from "./moments.js";

const CHECK_AFTER_MS = 250;
const form = document.getElementById("script");
let timer = 0;

function onInput(event) {
  if (event?.target.matches?.("[name=q], .chip-input")) return;
  drafts.note();
  clearTimeout(timer);
  timer = setTimeout(() => window.htmx.trigger("#checks", "check"), CHECK_AFTER_MS);
}

// Ctrl S saves from anywhere in the page, also while the focus is in a box.
function onKey(event) {
  if (event.isComposing || event.code !== "KeyS" || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (!dialogs.anyOpen()) form.requestSubmit();
}

function insertSlot(select) {
  const text = document.getElementById("text");
  text.setRangeText(`{{${select.value}}}`, text.selectionStart, text.selectionEnd, "end");
  select.value = "";
  text.focus();
  onInput();
}

// Steps are taken with what is saved; with changes in the form they would be about something else than what is seen.
function needsSaved(event) {
  if (!event.target.closest?.("[data-needs-saved]") || !drafts.isDirty()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(say("save_first"), "bad");
}

function fillIn({ fills, value }) {
  for (const box of document.querySelectorAll(`[name="${fills}"]:not([type=radio])`)) box.value = value;
  for (const output of document.querySelectorAll(`[data-filled="${fills}"]`)) output.value = value;
}

function startEditing() {
  form.addEventListener("input", onInput);
  document.addEventListener("input", (event) => event.target.form === form && event.target.matches("[name=customer], [name=sku]") && onInput());
  form.addEventListener("change", (event) => event.target.matches("[data-slots]") && event.target.value && insertSlot(event.target));
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", needsSaved, true);
  document.body.addEventListener("htmx:configRequest", (event) => event.target === form && drafts.sending());
  document.body.addEventListener("saved", (event) => drafts.settle(event.detail.value));
  document.body.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) drafts.forget();
  });
  moments.start();
  chips.start();
  conflict.start();
  drafts.start();
}

document.addEventListener("click", (event) => {
  const filler = event.target.closest("[data-fills]");
  if (filler) fillIn(filler.dataset);
  const clearer = event.target.closest("[data-clears]");
  if (clearer) {
    form.elements[clearer.dataset.clears].value = "";
    clearer.closest("p").remove();
    onInput();
  }
});
if (form) startEditing();
