// The reply being written: what it is made of, its draft, and sending it.
import { say } from "../shared/words.js";

const form = document.getElementById("composer");
const draft = document.getElementById("draft");
const banner = form?.querySelector(".editing");
const place = `draft:${document.body.dataset.conversation}`;
// A reply may begin with a suggestion (`set_id`, `rank`, `base`) or a script of the library, and mention products of the set.
const ORIGIN = ["set_id", "rank", "base", "script_id", "products"];

export function start() {
  if (!form) return;
  recall();
  draft.addEventListener("input", keep);
  form.querySelector("[data-drops]").addEventListener("click", () => {
    detach();
    draft.focus();
  });
  form.addEventListener("htmx:configRequest", ({ detail }) => {
    if (!form.elements.set_id.value) detail.parameters.set("set_id", standingSet());
  });
}

// Begin with a suggestion in place of what is there.
export function begin({ text, setId, rank, scriptId = "" }) {
  detach();
  from({ setId, rank, base: text, scriptId });
  write(text);
}

// Add a suggestion or a script to what is there; what the reply began with stays what it is.
export function add({ text, setId = "", rank = "", scriptId = "" }) {
  if (!draft.value.trim()) return begin({ text, setId, rank, scriptId });
  const isPlain = !["rank", "script_id", "products"].some((name) => form.elements[name].value);
  if (isPlain) from({ setId, rank, base: text, scriptId });
  write(`${draft.value.trimEnd()}\n${text}`);
}

export function addProduct({ text, setId, rank }) {
  const { elements } = form;
  if (elements.set_id.value && elements.set_id.value !== setId) detach();
  elements.set_id.value = setId;
  elements.products.value = [...new Set([...elements.products.value.split(",").filter(Boolean), rank])].join(",");
  write(draft.value.trim() ? `${draft.value.trimEnd()}\n${text}` : text);
}

// A few words more on the same line.
export const append = (text) => write(draft.value.trim() ? `${draft.value} ${text}` : text);

// A reply that was taken back; what is being written stays after it.
export const restore = (text) => write(draft.value.trim() ? `${text}\n${draft.value}` : text);

// What is written stays, but belongs to no suggestion any more.
export function detach() {
  if (!form) return;
  for (const name of ORIGIN) form.elements[name].value = "";
  keep();
}

export function clear(key) {
  draft.value = "";
  detach();
  form.elements.key.value = key;
}

export function send() {
  if (draft.value.trim()) form.requestSubmit();
}

export const holds = (text) => Boolean(draft?.value.includes(text));
export const focus = () => draft?.focus();
export const standingSet = () => document.querySelector("#suggestions .answer")?.dataset.set ?? "";

function from({ setId, rank, base, scriptId }) {
  Object.entries({ set_id: setId, rank, base, script_id: scriptId }).forEach(([name, value]) => (form.elements[name].value = value));
}

function write(text) {
  draft.value = text;
  draft.focus();
  draft.setSelectionRange(text.length, text.length);
  draft.scrollTop = draft.scrollHeight;
  keep();
}

function keep() {
  const { elements } = form;
  if (draft.value) sessionStorage.setItem(place, JSON.stringify([draft.value, ...ORIGIN.map((name) => elements[name].value)]));
  else sessionStorage.removeItem(place);
  showOrigin();
}

function recall() {
  const kept = sessionStorage.getItem(place);
  if (!kept) return;
  const [text, ...origin] = JSON.parse(kept);
  draft.value = text;
  ORIGIN.forEach((name, i) => (form.elements[name].value = origin[i] ?? ""));
  showOrigin();
}

function showOrigin() {
  const { rank, script_id: script, products } = form.elements;
  const parts = [];
  if (rank.value) parts.push(say("editing", { rank: rank.value }));
  else if (script.value) parts.push(say("from-library", { id: script.value }));
  if (products.value) parts.push(say("product"));
  banner.querySelector("span").textContent = parts.join(" · ");
  banner.hidden = !parts.length;
}
