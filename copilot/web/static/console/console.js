// Puts the console's parts together.
import { actions } from "./actions.js";
import * as cards from "./cards.js";
import * as composer from "./composer.js";
import * as dialogs from "../shared/dialogs.js";
import * as finder from "./finder.js";
import * as keys from "./keys.js";
import { catchUp, follow } from "./live.js";
import { tell, tellProblem } from "../shared/notice.js";
import * as play from "./play.js";
import { refresh } from "../shared/refresh.js";
import * as times from "../shared/times.js";
import { say } from "../shared/words.js";
import * as wishes from "./wishes.js";

const thread = document.getElementById("thread");
let heard = Number(thread?.querySelector(".bubble:last-child")?.dataset.position ?? 0);
const toBottom = () => thread && (thread.scrollTop = thread.scrollHeight);

function onDrawn(event) {
  times.draw(event.target);
  if (event.target.id === "thread") onThread();
  if (event.target.id !== "suggestions") return;
  const answer = event.target.querySelector(".answer");
  if (answer?.dataset.announce) announce(answer.dataset.announce);
}

function onThread() {
  const last = thread.querySelector(".bubble:last-child");
  if (!last?.matches(".customer") || Number(last.dataset.position) <= heard) return;
  heard = Number(last.dataset.position);
  announce(last.querySelector(".said").textContent);
}

function announce(text) {
  document.getElementById("announce").textContent = text;
}

function onSaid(event) {
  if (event.detail.from === "composer") composer.clear(event.detail.key);
  tell(say("sent"));
  catchUp("thread", "suggestions", "list");
  refresh("undo");
}

function onDismissed() {
  dialogs.closeAll();
  tell(say("dismissed"));
  catchUp("suggestions");
  refresh("undo");
}

function onRequested() {
  dialogs.closeAll();
  tell(say("requested"));
}

function onUndone(event) {
  if (event.detail.text) composer.restore(event.detail.text);
  tell(say(event.detail.text ? "withdrawn" : "came-back"));
  catchUp("thread", "suggestions", "list");
  refresh("undo");
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
document.body.addEventListener("requested", onRequested);
document.body.addEventListener("undone", onUndone);
document.body.addEventListener("htmx:responseError", onRefused);
document.body.addEventListener("htmx:sendError", () => tell(say("network"), "bad"));
document.body.addEventListener("htmx:afterSwap", onDrawn);
for (const part of [dialogs, composer, cards, finder, wishes, play, times]) part.start();
keys.start(actions);
toBottom();
follow();
