// What every page of the desk does: windows, moments, keys that stand in the page, and what the server refused.
import * as dialogs from "../shared/dialogs.js";
import { hide, tell, tellProblem } from "../shared/notice.js";
import * as times from "../shared/times.js";
import { say } from "../shared/words.js";

const isTyping = (target) => Boolean(target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));

// Keys are told by their place (`code`), and never while an input method composes. What a key does stands in the page.
function onKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.code === "Escape") return leave(event);
  if (isTyping(event.target) || dialogs.anyOpen()) return;
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return act(event, () => dialogs.open("help"));
  const target = event.shiftKey ? null : document.querySelector(`[data-key="${event.code}"]`);
  if (target) act(event, () => event.repeat || (target.matches("input, textarea, select") ? target.focus() : target.click()));
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

function onRefused(event) {
  dialogs.closeAll();
  tellProblem(event.detail.xhr.responseText);
}

document.addEventListener("keydown", onKey);
document.body.addEventListener("htmx:responseError", onRefused);
document.body.addEventListener("htmx:sendError", () => tell(say("network"), "bad"));
document.body.addEventListener("htmx:afterSwap", (event) => times.draw(event.target));
document.body.addEventListener("done", (event) => tell(event.detail.value || say("done")));
document.addEventListener("DOMContentLoaded", () => (document.body.dataset.ready = ""));
dialogs.start();
times.start();
