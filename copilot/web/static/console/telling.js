// What the page says of itself: how far its conversation was read, and that somebody is writing here.
const current = document.body.dataset.conversation;
const draft = document.getElementById("draft");
const READ_MS = 400;
const WRITING_MS = 3000;
let read = 0;
let timer = 0;
let saidAt = 0;

// Somebody has seen the conversation up to here; only where it is known who sits here.
export function noteRead(position) {
  if (position <= read || document.hidden || !document.querySelector("select[name=agent_id]")?.value) return;
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (await send("read", { position })) read = Math.max(read, position);
  }, READ_MS);
}

export function startTelling(page) {
  draft?.addEventListener("input", () => {
    if (!draft.value.trim() || Date.now() - saidAt < WRITING_MS) return;
    saidAt = Date.now();
    send("typing", { page });
  });
}

async function send(what, values) {
  try {
    const path = `/console/c/${encodeURIComponent(current)}/${what}`;
    return (await fetch(path, { method: "POST", body: new URLSearchParams(values) })).ok;
  } catch {
    return false; // the stream's light says that the server is away; this is said again with the next message
  }
}
