// Moves from finding to finding; the keys of the page act on the one that has the focus.
const part = document.getElementById("health");
const rows = () => [...part.querySelectorAll("[data-row]")];
const opener = (row) => row.querySelector("[data-open]");
let place = -1;

function choose(row) {
  for (const other of part.querySelectorAll("[data-row][data-current]")) {
    delete other.dataset.current;
    for (const button of other.querySelectorAll("[data-row-key]")) button.removeAttribute("data-key");
  }
  place = rows().indexOf(row);
  row.dataset.current = "";
  for (const button of row.querySelectorAll("[data-row-key]")) button.dataset.key = button.dataset.rowKey;
}

function go(step) {
  const all = rows();
  const next = all[Math.min(all.length - 1, Math.max(0, place + step))];
  if (!next) return;
  choose(next);
  opener(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

part.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && !("current" in row.dataset)) choose(row);
});
document.addEventListener("click", (event) => {
  const mover = event.target.closest("[data-moves]");
  if (mover) go(Number(mover.dataset.moves));
});
// A finding that was settled leaves its place to the next one.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target === part && place >= 0) go(0);
});
