// Asks the server to draw parts of the page again; several wishes of the same moment become one.
const waiting = new Set();

export function refresh(...ids) {
  for (const id of ids) {
    if (waiting.has(id)) continue;
    waiting.add(id);
    setTimeout(() => {
      waiting.delete(id);
      const part = document.getElementById(id);
      if (part) window.htmx.trigger(part, "refresh");
    });
  }
}

export const everything = ["list", "thread", "suggestions", "customer"];
