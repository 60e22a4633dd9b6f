// Asks the server to draw parts of the page again; several wishes within a moment become one.
const SOON_MS = 40;
const waiting = new Map();

export function refresh(...ids) {
  for (const id of ids) {
    if (waiting.has(id)) continue;
    waiting.set(id, setTimeout(() => {
      waiting.delete(id);
      const part = document.getElementById(id);
      if (part) window.htmx.trigger(part, "refresh");
    }, SOON_MS));
  }
}

export const everything = ["list", "thread", "suggestions", "customer"];
