// Keeps what the reader has unfolded and typed in the customer panel when it is drawn again.
const panel = document.getElementById("customer");
let kept = null;

function capture() {
  const box = document.getElementById("new-tag");
  return {
    open: Array.from(panel.querySelectorAll("details[open][id]"), (one) => one.id),
    top: panel.scrollTop,
    text: box?.value ?? "",
  };
}

function restore({ open, top, text }) {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const box = document.getElementById("new-tag");
  if (box && text) box.value = text;
  panel.scrollTop = top;
}

panel?.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target === panel && event.detail.xhr.status === 200) kept = capture();
});
panel?.addEventListener("htmx:afterSettle", () => {
  if (kept) restore(kept);
  kept = null;
});
