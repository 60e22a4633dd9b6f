// Lists whose entries stand beside each other: added by Enter, by leaving the box, or by a button; removed by a cross.
const shape = () => document.getElementById("chip").content.firstElementChild.cloneNode(true);

export function add(list, value, label = "") {
  const text = value.trim();
  if (!text || values(list).includes(text)) return;
  const chip = shape();
  const hidden = chip.querySelector("input");
  hidden.name = list.dataset.chips;
  hidden.value = text;
  chip.querySelector("span").textContent = label || text;
  list.insertBefore(chip, list.querySelector(".chip-input"));
  changed(list);
}

export const values = (list) => Array.from(list.querySelectorAll(".chip input"), (input) => input.value);

export function fill(list, wanted) {
  const labels = new Map(Array.from(list.querySelectorAll(".chip"), (chip) => [chip.querySelector("input").value, chip]));
  for (const chip of labels.values()) chip.remove();
  for (const value of wanted) {
    const known = labels.get(value);
    if (known) list.insertBefore(known, list.querySelector(".chip-input"));
    else add(list, value);
  }
}

const changed = (list) => list.dispatchEvent(new Event("input", { bubbles: true }));

function take(input) {
  add(input.closest(".chips"), input.value);
  input.value = "";
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches?.(".chip-input")) return;
    event.preventDefault();
    take(event.target);
  });
  document.addEventListener("focusout", (event) => event.target.matches?.(".chip-input") && take(event.target));
  document.addEventListener("click", (event) => {
    const cross = event.target.closest("[data-drops]");
    if (cross) {
      const list = cross.closest(".chips");
      cross.closest(".chip").remove();
      list.querySelector(".chip-input").focus();
      changed(list);
    }
    const adder = event.target.closest("[data-adds]");
    if (adder) add(document.querySelector(`[data-chips="${adder.dataset.adds}"]`), adder.dataset.value, adder.dataset.label);
  });
}
