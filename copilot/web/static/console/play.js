// Plays the customer: what is written here arrives as a message of the customer, through the public API.
import { tell, tellProblem } from "../shared/notice.js";
import { catchUp } from "./live.js";
import { say } from "../shared/words.js";

const form = document.getElementById("play");

async function send(event) {
  event.preventDefault();
  const text = form.elements.text.value;
  if (!text.trim()) return;
  const headers = { "Content-Type": "application/json", "Idempotency-Key": freshKey() };
  const body = JSON.stringify({ role: "customer", text });
  try {
    const response = await fetch(form.dataset.to, { method: "POST", headers, body });
    if (!response.ok) return void tellProblem(await response.text());
    form.reset();
    catchUp("list", "thread");
  } catch {
    tell(say("network"), "bad");
  }
}

function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function start() {
  form?.addEventListener("submit", send);
}
