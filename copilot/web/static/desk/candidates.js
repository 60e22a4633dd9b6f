// The curation desk: one key for each thing an editor does, and what the server answered.
import * as dialogs from "../shared/dialogs.js";
import { hide, tell, tellProblem } from "../shared/notice.js";
import * as times from "../shared/times.js";
import { say } from "../shared/words.js";

const form = document.getElementById("edit");
const isTyping = (target) => Boolean(target.closest?.("input:not([type=radio]), textarea, select, [contenteditable]"));

// Keys are told by their place (`code`), and never while an input method composes. What a key does stands in the page.
function onKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.code === "Escape") return leave(event);
  if (isTyping(event.target) || dialogs.anyOpen()) return;
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return act(event, () => dialogs.open("help"));
  const target = event.shiftKey ? null : document.querySelector(`[data-key="${event.code}"]`);
  if (target) act(event, () => event.repeat || target.click());
}

function act(event, action) {
  event.preventDefault();
  action();
}

function leave(event) {
  hide();
  dialogs.closeAll();
  event.target.blur?.();
}

// A page with changes that nobody has sent is not left without asking.
function isChanged() {
  return Array.from(form?.querySelectorAll("input:not([type=hidden]), textarea, select") ?? []).some(
    (field) => field.value !== (field.options ? first(field).value : field.defaultValue),
  );
}

const first = (select) => select.querySelector("[selected]") ?? select.options[0];

function onLeave(event) {
  if (isChanged()) event.preventDefault();
}

function onRefused(event) {
  dialogs.closeAll();
  tellProblem(event.detail.xhr.responseText);
}

document.addEventListener("keydown", onKey);
window.addEventListener("beforeunload", onLeave);
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) window.removeEventListener("beforeunload", onLeave);
});
document.body.addEventListener("htmx:responseError", onRefused);
document.body.addEventListener("htmx:sendError", () => tell(say("network"), "bad"));
document.querySelector(".filters").addEventListener("change", (event) => event.currentTarget.requestSubmit());
// Modules run before this event, and htmx was told of it first: from here on every key does what it says.
document.addEventListener("DOMContentLoaded", () => (document.body.dataset.ready = ""));
dialogs.start();
times.start();
document.querySelector(".item[aria-current]")?.scrollIntoView({ block: "nearest" });
