// The reply being written: where it came from, its draft, and sending it.
import { say } from "../shared/words.js";

const form = document.getElementById("composer");
const draft = document.getElementById("draft");
const banner = form?.querySelector(".editing");
const place = `draft:${document.body.dataset.conversation}`;

export function start() {
  if (!form) return;
  draft.value = draft.value || sessionStorage.getItem(place) || "";
  draft.addEventListener("input", keep);
  draft.addEventListener("keydown", (event) => {
    if (event.code !== "Enter" && event.code !== "NumpadEnter") return;
    if (event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (draft.value.trim()) form.requestSubmit();
  });
  form.querySelector("[data-drops]").addEventListener("click", () => {
    detach();
    draft.focus();
  });
  form.addEventListener("htmx:configRequest", (event) => {
    if (!form.elements.rank.value) event.detail.parameters.set("set_id", standingSet());
  });
}

// Begin with a suggestion: its text, and which one it is.
export function edit({ text, setId, rank, itemKind }) {
  const { elements } = form;
  elements.set_id.value = setId;
  elements.rank.value = rank;
  elements.item_kind.value = itemKind;
  elements.base.value = itemKind === "reply" ? text : "";
  draft.value = itemKind === "product" && draft.value.trim() ? `${draft.value} ${text}` : text;
  banner.querySelector("span").textContent = itemKind === "reply" ? say("editing", { rank }) : say("product");
  banner.hidden = false;
  draft.focus();
  draft.setSelectionRange(draft.value.length, draft.value.length);
  keep();
}

// Adds to what is being written; a suggestion that is being edited stays one.
export function append(text) {
  draft.value = draft.value.trim() ? `${draft.value} ${text}` : text;
  draft.focus();
  draft.setSelectionRange(draft.value.length, draft.value.length);
  keep();
}

// What is written stays, but no longer belongs to a suggestion.
export function detach() {
  if (!form) return;
  for (const name of ["set_id", "rank", "base"]) form.elements[name].value = "";
  form.elements.item_kind.value = "reply";
  banner.hidden = true;
}

export function clear(key) {
  detach();
  draft.value = "";
  form.elements.key.value = key;
  keep();
}

export const focus = () => draft?.focus();
export const standingSet = () => document.querySelector("#suggestions .answer")?.dataset.set ?? "";

function keep() {
  if (draft.value) sessionStorage.setItem(place, draft.value);
  else sessionStorage.removeItem(place);
}
