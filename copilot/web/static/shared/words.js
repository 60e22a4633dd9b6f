// The words the page brings along in its own language.
const list = document.getElementById("words");
const texts = new Map(Array.from(list.querySelectorAll("dt"), (dt) => [dt.textContent, dt.nextElementSibling.textContent]));

export function say(key, values = {}) {
  const text = texts.get(key) ?? texts.get("other");
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const knows = (key) => texts.has(key);
