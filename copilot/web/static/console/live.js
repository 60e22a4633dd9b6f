// Follows what happens on the server, and draws again what it touches.
import { everything, refresh } from "../shared/refresh.js";
import { say } from "../shared/words.js";

const current = document.body.dataset.conversation;
const light = document.getElementById("live");

function show(state) {
  light.dataset.state = state;
  light.querySelector("span").textContent = say(state === "off" ? "offline" : "live");
}

// A browser allows only a few connections to one server, so a page that nobody sees gives its own back.
export function follow() {
  let source = document.hidden ? null : connect();
  document.addEventListener("visibilitychange", () => {
    source?.close();
    source = document.hidden ? null : connect();
    if (source) refresh(...everything);
  });
  window.addEventListener("pagehide", () => source?.close());
}

function connect() {
  const source = new EventSource("/v1/stream");
  let wasLost = false;
  source.addEventListener("open", () => {
    show("on");
    if (wasLost) refresh(...everything);
    wasLost = false;
  });
  source.addEventListener("error", () => {
    wasLost = true;
    show("off");
  });
  source.addEventListener("message", (event) => {
    refresh("list");
    if (isHere(event)) refresh("thread");
  });
  source.addEventListener("suggestions", (event) => isHere(event) && refresh("suggestions"));
  source.addEventListener("decision", (event) => isHere(event) && refresh("thread", "suggestions"));
  source.addEventListener("refresh", () => refresh(...everything));
  return source;
}

const isHere = (event) => Boolean(event.data) && JSON.parse(event.data).conversation_id === current;
