// Asking for a script that is missing.
import { closeAll, open } from "../shared/dialogs.js";

const form = document.querySelector("#request form");

// The window, with the customer's words in it and what was looked for in vain.
export function wish(note = "") {
  if (!form) return;
  const answer = document.querySelector("#suggestions .answer");
  form.elements.message.value = answer?.dataset.message ?? "";
  form.elements.set_id.value = answer?.dataset.set ?? "";
  form.elements.note.value = note;
  closeAll();
  open("request");
  form.elements[form.elements.message.value ? "note" : "message"].focus();
}

export function start() {
  document.addEventListener("click", (event) => event.target.closest("[data-wishes]") && wish());
}
