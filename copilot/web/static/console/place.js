// Puts what the server drew in its place, without losing where the reader is: focus, what is folded open, scrolling.
const AT_END_PX = 48;
const MAX_ROWS = 100;
const drawn = new Map();
const mould = document.createElement("template");

// Draw a part of the page, unless it shows the same already or something later.
export function put(id, html) {
  const part = document.getElementById(id);
  if (!part || !isNews(part, html)) return;
  const kept = capture(part);
  part.innerHTML = html;
  for (const child of part.children) window.htmx.process(child);
  restore(part, kept);
  window.htmx.trigger(part, "htmx:afterSwap", { target: part });
}

// Add messages to the end of the thread.
export function append(part, list, html) {
  const kept = capture(part);
  drawn.delete(part.id);
  part.querySelector(".nothing")?.remove();
  list.insertAdjacentHTML("beforeend", html);
  restore(part, kept);
  window.htmx.trigger(part, "htmx:afterSwap", { target: part });
}

// Draw one row of the list; while the pointer is over the list no row moves away under it.
export function putRow(id, order, html, isCurrent) {
  const list = document.querySelector("#list .rows");
  if (!list) return;
  mould.innerHTML = html;
  const row = mould.content.firstElementChild;
  if (isCurrent) row.querySelector("a").setAttribute("aria-current", "page");
  const old = document.getElementById(id);
  const hadFocus = old?.contains(document.activeElement);
  const others = Array.from(list.children).filter((one) => one !== old);
  const next = others.find((one) => isBefore(order, orderOf(one))) ?? null;
  if (old && (next === old.nextElementSibling || list.matches(":hover"))) old.replaceWith(row);
  else {
    old?.remove();
    list.insertBefore(row, next);
  }
  if (hadFocus) row.querySelector("a").focus({ preventScroll: true });
  if (list.children.length > MAX_ROWS) list.lastElementChild.remove();
  document.querySelector("#list > .nothing")?.remove();
  drawn.delete("list");
  window.htmx.trigger(row, "htmx:afterSwap", { target: row });
}

const orderOf = (row) => (row.dataset.order ?? "").split(" ").map(Number);

function isBefore(order, other) {
  const at = order.findIndex((value, i) => value !== other[i]);
  return at >= 0 && order[at] < other[at];
}

function sortRows() {
  const list = document.querySelector("#list .rows");
  const rows = Array.from(list?.children ?? []);
  const sorted = rows.toSorted((one, other) => (isBefore(orderOf(one), orderOf(other)) ? -1 : isBefore(orderOf(other), orderOf(one)) ? 1 : 0));
  if (sorted.some((row, i) => row !== rows[i])) for (const row of sorted) list.append(row);
}

const versionOf = (html) => Number(/data-version="(\d+)"/.exec(html)?.[1] ?? 0);
const shownVersion = (part) => Number(part.querySelector("[data-version]")?.dataset.version ?? 0);

function isNews(part, html) {
  const version = versionOf(html);
  if (drawn.get(part.id) === html || (version && version < shownVersion(part))) return false;
  drawn.set(part.id, html);
  return true;
}

// What the reader has done in a part of the page; `about` says to which answer it belongs.
function capture(part) {
  const active = document.activeElement;
  return {
    about: part.querySelector(".answer")?.dataset.set,
    focus: active !== part && part.contains(active) ? pathOf(active, part) : null,
    open: Array.from(part.querySelectorAll("details[open]"), (one) => pathOf(one, part)),
    top: part.scrollTop,
    isAtEnd: part.id === "thread" && part.scrollHeight - part.scrollTop - part.clientHeight < AT_END_PX,
  };
}

function restore(part, kept) {
  const isSame = part.querySelector(".answer")?.dataset.set === kept.about;
  if (isSame) for (const path of kept.open) part.querySelector(path)?.setAttribute("open", "");
  if (kept.focus && !part.contains(document.activeElement)) {
    const again = isSame ? part.querySelector(kept.focus) : null;
    (again ?? part).focus({ preventScroll: true });
  }
  if (kept.isAtEnd) part.scrollTop = part.scrollHeight;
  else if (kept.top) part.scrollTop = isSame ? kept.top : 0;
}

// A selector that finds the same element when the part is drawn again: by its id or rank, else by its place.
function pathOf(element, part) {
  const steps = [];
  for (let one = element; one !== part; one = one.parentElement) {
    if (one.id) return [`#${CSS.escape(one.id)}`, ...steps].join(" > ");
    steps.unshift(one.dataset.rank ? `${one.localName}[data-rank="${one.dataset.rank}"]` : placeOf(one));
  }
  return `:scope > ${steps.join(" > ")}`;
}

function placeOf(element) {
  const alike = Array.from(element.parentElement.children).filter((one) => one.localName === element.localName);
  return `${element.localName}:nth-of-type(${alike.indexOf(element) + 1})`;
}

// What htmx fetches is put in place with the same care.
export function start() {
  const kept = new Map();
  const isPart = (target) => ["list", "thread", "suggestions"].includes(target.id);
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse, xhr } = event.detail;
    if (!isPart(target) || xhr.status !== 200) return;
    if (!isNews(target, serverResponse)) event.detail.shouldSwap = false;
    else kept.set(target.id, capture(target));
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const before = kept.get(event.target.id);
    kept.delete(event.target.id);
    if (before) restore(event.target, before);
  });
  document.getElementById("list")?.addEventListener("mouseleave", sortRows);
}
