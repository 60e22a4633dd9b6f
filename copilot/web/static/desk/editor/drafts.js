// What is in the form and not saved: it is kept through a restart of the server, and leaving with it asks first.
import * as chips from "./chips.js";
import * as moments from "./moments.js";

const form = document.getElementById("script");
const PASSING = new Set(["key", "customer", "sku", "base", "base_kind", "base_title", "base_owner", "then"]);
const BASES = ["base", "base_kind", "base_title", "base_owner"];
let saved = "";
let sent = "";

const entries = () => Array.from(new FormData(form)).filter(([name]) => !PASSING.has(name));
const spelled = () => JSON.stringify(entries());
const bases = () => BASES.map((name) => [name, form.elements[name].value]);
const place = () => `editor:${form.dataset.store || location.pathname + location.search}`;

export const isDirty = () => spelled() !== saved;

export function note() {
  document.getElementById("dirty").hidden = !isDirty();
  for (const button of document.querySelectorAll("[data-needs-change]")) button.disabled = !isDirty();
  if (isDirty()) sessionStorage.setItem(place(), JSON.stringify({ entries: entries(), bases: bases() }));
  else sessionStorage.removeItem(place());
}

export function forget() {
  sessionStorage.removeItem(place());
  window.removeEventListener("beforeunload", onLeave);
}

// What was sent is saved now; what was typed since is not.
export function settle(scriptId) {
  sessionStorage.removeItem(place());
  form.dataset.store = scriptId;
  history.replaceState(null, "", `/desk/scripts/${encodeURIComponent(scriptId)}`);
  saved = sent || spelled();
  note();
}

export const sending = () => (sent = spelled());

export function fill(wanted, known) {
  const byName = new Map();
  for (const [name, value] of wanted) byName.set(name, [...(byName.get(name) ?? []), value]);
  for (const list of form.querySelectorAll("[data-chips]")) chips.fill(list, byName.get(list.dataset.chips) ?? []);
  for (const box of form.elements) {
    if (!box.name || PASSING.has(box.name) || box.closest(".chip")) continue;
    const values = byName.get(box.name) ?? [];
    if (box.type === "checkbox") box.checked = values.includes(box.value);
    else if (box.type !== "submit") box.value = values[0] ?? "";
  }
  for (const [name, value] of known) form.elements[name].value = value;
  moments.draw();
}

function onLeave(event) {
  if (isDirty()) event.preventDefault();
}

export function start() {
  saved = spelled();
  const kept = JSON.parse(sessionStorage.getItem(place()) ?? "null");
  if (kept && JSON.stringify(kept.entries) !== saved) {
    fill(kept.entries, kept.bases);
    document.getElementById("restored").hidden = false;
  }
  document.getElementById("discard").addEventListener("click", () => {
    forget();
    location.reload();
  });
  window.addEventListener("beforeunload", onLeave);
  note();
}
