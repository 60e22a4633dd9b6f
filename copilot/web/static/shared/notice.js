// One line at the foot of the page that says what has happened.
import { knows, say } from "./words.js";

const box = document.getElementById("notice");
const GOOD_MS = 2500;
let timer = 0;

export function tell(text, tone = "good") {
  clearTimeout(timer);
  box.dataset.tone = tone;
  box.querySelector("span").textContent = text;
  box.hidden = false;
  if (tone === "good") timer = setTimeout(hide, GOOD_MS);
}

export function hide() {
  box.hidden = true;
}

// A problem the server answered with; returns its kind, such as "stale-conversation".
export function tellProblem(body) {
  let problem = {};
  try {
    problem = JSON.parse(body);
  } catch {
    // not a problem document: the general words below will do
  }
  const kind = String(problem.type ?? "").split(":").pop();
  const words = knows(kind) ? say(kind) : say("other");
  const shows = kind === "invalid-value" || !knows(kind);
  tell(shows && problem.detail ? `${words}：${problem.detail}` : words, "bad");
  return kind;
}

box.querySelector("button").addEventListener("click", hide);
