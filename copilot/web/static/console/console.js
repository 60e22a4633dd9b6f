// Puts the console's parts together.
import * as cards from "./cards.js";
import * as composer from "./composer.js";
import * as dialogs from "../shared/dialogs.js";
import * as keys from "./keys.js";
import { follow } from "./live.js";
import { tell, tellProblem } from "../shared/notice.js";
import * as play from "./play.js";
import { refresh } from "../shared/refresh.js";
import * as times from "../shared/times.js";
import { say } from "../shared/words.js";

const thread = document.getElementById("thread");
const toBottom = () => thread && (thread.scrollTop = thread.scrollHeight);

function onDrawn(event) {
  times.draw(event.target);
  if (event.target.id === "thread") onThread();
  if (event.target.id !== "suggestions") return;
  const answer = event.target.querySelector(".answer");
  if (answer?.dataset.announce) announce(answer.dataset.announce);
}

function onThread() {
  toBottom();
  const last = thread.querySelector(".bubble:last-child");
  if (last?.matches(".customer")) announce(last.querySelector(".said").textContent);
}

function announce(text) {
  document.getElementById("announce").textContent = text;
}

function onSaid(event) {
  if (event.detail.from === "composer") composer.clear(event.detail.key);
  tell(say("sent"));
  refresh("thread", "suggestions", "list");
}

function onDismissed() {
  dialogs.closeAll();
  tell(say("dismissed"));
  refresh("suggestions");
}

function onRefused(event) {
  const kind = tellProblem(event.detail.xhr.responseText);
  dialogs.closeAll();
  if (kind !== "stale-conversation") return;
  composer.detach();
  refresh("thread", "suggestions", "list");
}

document.body.addEventListener("said", onSaid);
document.body.addEventListener("dismissed", onDismissed);
document.body.addEventListener("htmx:responseError", onRefused);
document.body.addEventListener("htmx:sendError", () => tell(say("network"), "bad"));
document.body.addEventListener("htmx:afterSwap", onDrawn);
for (const part of [dialogs, composer, cards, play, keys, times]) part.start();
toBottom();
follow();
