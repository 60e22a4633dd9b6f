// Moments of the form in the reader's own time zone; what nobody touches stays to the microsecond.
const pad = (n) => String(n).padStart(2, "0");

function local(iso) {
  const at = new Date(iso);
  const date = `${String(at.getFullYear()).padStart(4, "0")}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${date}T${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

const kept = (box) => box.closest(".field[data-field]").querySelector(`input[type=hidden][name="${box.dataset.moment}"]`);

export function draw(root = document) {
  for (const box of root.querySelectorAll("[data-moment]")) box.value = kept(box).value ? local(kept(box).value) : "";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const span of root.querySelectorAll("[data-zone]")) span.textContent = span.dataset.words.replace("{zone}", zone);
}

export function start() {
  draw();
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-moment]")) return;
    const value = event.target.value;
    kept(event.target).value = value ? new Date(value).toISOString() : "";
  });
}
