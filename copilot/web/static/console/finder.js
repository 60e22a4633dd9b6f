// The windows over the library: one inserts a script into the reply, the other asks why it was not suggested.
import * as composer from "./composer.js";
import { anyOpen, closeAll } from "../shared/dialogs.js";
import { wish } from "./wishes.js";

const finders = Array.from(document.querySelectorAll(".finder"));
const boxOf = (finder) => finder.querySelector(".q");
const hitsOf = (finder) => Array.from(finder.querySelectorAll(".hit"));
const selected = (finder) => finder.querySelector(".hit[aria-selected=true]");

export function move(by) {
  const finder = anyOpen();
  const hits = hitsOf(finder);
  const next = hits.indexOf(selected(finder)) + Number(by);
  select(finder, hits[Math.min(Math.max(next, 0), hits.length - 1)]);
}

// Take the one that is marked; while what was typed is still being looked for, as soon as it is found.
export function take() {
  const finder = anyOpen();
  if (!isCurrent(finder)) finder.dataset.takes = "";
  else if (selected(finder)) use(finder, selected(finder));
  else finder.querySelector("[data-wants]")?.click();
}

export function start() {
  for (const finder of finders) {
    finder.addEventListener("htmx:afterSwap", (event) => event.target.matches(".results") && onFound(finder));
    finder.addEventListener("change", () => (finder.dataset.looks = ""));
    finder.addEventListener("click", (event) => onClick(finder, event));
    finder.addEventListener("close", () => (delete finder.dataset.takes, delete finder.dataset.looks));
  }
}

const isCurrent = (finder) => !("looks" in finder.dataset) && finder.querySelector("[data-for]")?.dataset.for === boxOf(finder).value;

function onFound(finder) {
  delete finder.dataset.looks;
  boxOf(finder).setAttribute("aria-expanded", String(hitsOf(finder).length > 0));
  select(finder, hitsOf(finder)[0]);
  if (!("takes" in finder.dataset) || !isCurrent(finder)) return;
  delete finder.dataset.takes;
  take();
}

function select(finder, hit) {
  for (const one of hitsOf(finder)) one.setAttribute("aria-selected", String(one === hit));
  if (!hit) return boxOf(finder).removeAttribute("aria-activedescendant");
  boxOf(finder).setAttribute("aria-activedescendant", hit.id);
  hit.scrollIntoView({ block: "nearest" });
}

function onClick(finder, event) {
  const hit = event.target.closest(".hit");
  if (hit) use(finder, hit);
  const wanted = event.target.closest("[data-wants]");
  if (wanted) wish(wanted.dataset.wants);
}

function use(finder, hit) {
  select(finder, hit);
  if (hit.dataset.asks) return window.htmx.ajax("GET", hit.dataset.asks, { target: "#fate", swap: "innerHTML" });
  closeAll();
  composer.add({ text: hit.querySelector(".whole").textContent, setId: hit.dataset.set, rank: hit.dataset.rank, scriptId: hit.dataset.script });
}
