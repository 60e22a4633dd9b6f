// One key for each thing an agent does all day. Keys are told by their place (`code`), and never while an input method composes.
import { accept, chosen, dismissCard, editCard } from "./cards.js";
import { focus } from "./composer.js";
import { anyOpen, closeAll, open } from "../shared/dialogs.js";
import { hide } from "../shared/notice.js";

const DIGIT = /^(?:Digit|Numpad)([1-9])$/;
const isTyping = (target) => Boolean(target.closest?.("input:not([type=radio]), textarea, select, [contenteditable]"));

function onKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.code === "Escape") return leave(event);
  if (isTyping(event.target)) return;
  const done = anyOpen() ? inDialog(event, anyOpen()) : onPage(event);
  if (done) event.preventDefault();
}

function onPage(event) {
  const digit = event.shiftKey ? null : DIGIT.exec(event.code)?.[1];
  if (digit && digit <= "3") return event.repeat || accept(digit), true;
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return open("help"), true;
  if (event.shiftKey) return false;
  if (event.code === "KeyE") return editCard(chosen()), true;
  if (event.code === "KeyX") return dismissCard(chosen()), true;
  if (event.code === "KeyR") return focus(), true;
  return false;
}

function inDialog(event, dialog) {
  const digit = DIGIT.exec(event.code)?.[1];
  const button = dialog.id === "dismiss" && digit ? dialog.querySelectorAll(".reasons button")[digit - 1] : null;
  button?.click();
  return Boolean(button);
}

function leave(event) {
  hide();
  if (anyOpen()) closeAll();
  else if (isTyping(event.target)) event.target.blur();
}

export function start() {
  document.addEventListener("keydown", onKey);
}
