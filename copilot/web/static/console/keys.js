// Runs what the keys do. Which key does what stands in the page, in the help window; it comes from one table on the server.
// Keys are told by their place on the keyboard (`code`), and never while an input method composes.
import { anyOpen } from "../shared/dialogs.js";

const PAGE = "page";
const ANYWHERE = "anywhere";
const COMPOSING = 229;

// What an action gives back when the browser is to do what it always does with the key.
export const NATIVE = Symbol("native");

const table = Array.from(document.querySelectorAll("#help [data-codes]"), ({ dataset }) => ({
  codes: dataset.codes.split(" "),
  place: dataset.at,
  action: dataset.action,
  argument: dataset.argument,
  shift: "shift" in dataset,
  repeats: "repeats" in dataset,
}));

export const isTyping = (target) => Boolean(target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));

// A window that has just closed may hold the focus for a moment yet.
const placeIn = (target) => (target.closest?.("dialog:not([open])") ? document.body : target);

// From the nearest place to the widest; a box or a window keeps the page's keys away.
function placesOf(target) {
  const own = target.closest?.("[data-place]")?.dataset.place ?? anyOpen()?.dataset.place;
  return anyOpen() || isTyping(target) ? [own, ANYWHERE] : [own, PAGE, ANYWHERE];
}

function meant(event) {
  const fits = table.filter((key) => key.codes.includes(event.code) && key.shift === event.shiftKey);
  return placesOf(placeIn(event.target)).map((place) => fits.find((key) => key.place === place)).find(Boolean);
}

export function start(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === COMPOSING || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = meant(event);
    if (!key) return;
    const isHeld = event.repeat && !key.repeats;
    if (isHeld || actions[key.action](key.argument, event) !== NATIVE) event.preventDefault();
  });
}
