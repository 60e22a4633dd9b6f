// Somebody else has saved the script: take over their fields one by one, or save on top of them knowingly.
import * as moments from "./moments.js";

const form = document.getElementById("script");

function take(name) {
  const theirs = document.querySelector(`[data-clash="${name}"] template`);
  const ours = form.querySelector(`[data-field="${name}"]`);
  if (!theirs || !ours) return;
  const fresh = theirs.content.firstElementChild.cloneNode(true);
  ours.replaceWith(fresh);
  window.htmx.process(fresh);
  moments.draw(fresh);
  theirs.closest("tr").remove();
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function onTop({ base, kind, title, owner }) {
  form.elements.base.value = base;
  form.elements.base_kind.value = kind;
  form.elements.base_title.value = title;
  form.elements.base_owner.value = owner;
  form.requestSubmit();
}

export function start() {
  document.addEventListener("click", (event) => {
    const taker = event.target.closest("[data-takes]");
    if (taker) for (const name of taker.dataset.takes.split(" ")) take(name);
    const top = event.target.closest("[data-on-top]");
    if (top) onTop(top.dataset);
  });
  // The answer that says so is drawn, although it is a refusal.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status !== 409 || !xhr.getResponseHeader("content-type")?.startsWith("text/html")) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "conflict") event.target.scrollIntoView({ block: "start" });
  });
}
