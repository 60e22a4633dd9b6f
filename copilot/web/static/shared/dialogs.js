// Windows over the page: new conversation, reasons for dismissing, keys.
export function open(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const search = dialog.querySelector("[type=search]");
  if (search) window.htmx.trigger(search, "opened");
}

export function closeAll() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

export const anyOpen = () => document.querySelector("dialog[open]");

export function start() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) open(opener.dataset.opens);
    if (event.target.closest("[data-closes]") || event.target.matches?.("dialog")) closeAll();
  });
}
