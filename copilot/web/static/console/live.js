// Follows what happens on the server. Everything arrives over one stream, drawn; the draft is never touched.
import { append, put, putRow, start as startPlacing } from "./place.js";
import { noteRead, startTelling } from "./telling.js";
import { tell } from "../shared/notice.js";
import { refresh } from "../shared/refresh.js";
import { say } from "../shared/words.js";

const { conversation: current, seen } = document.body.dataset;
const light = document.getElementById("live");
const thread = document.getElementById("thread");
const panel = document.getElementById("suggestions");
const page = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const AGAIN_MS = 2000;
let source = null;
let timer = 0;

const acts = {
  rows: ({ rows }) => rows.forEach((row) => putRow(`row-${row.conversation_id}`, row.order, row.html, isHere(row))),
  bubbles: (news) => isHere(news) && addBubbles(news),
  suggestions: (news) => isHere(news) && put("suggestions", news.html),
  presence: (news) => isHere(news) && put("presence", news.html),
  decision: (news) => isHere(news) && tell(news.text),
  refresh: ({ parts }) => refresh(...parts),
};

const isHere = (news) => news.conversation_id === current;
const said = () => thread?.querySelector(".bubbles");

// Messages join the thread in their order; where one is missing, the thread is read again.
function addBubbles({ position, html }) {
  const list = said();
  const last = Number(list.dataset.version);
  if (position <= last) return;
  if (position > last + 1) return void refresh("thread");
  list.dataset.version = position;
  append(thread, list, html);
}

// What answers an earlier state of the conversation is not to be sent; the server would refuse it.
function judge() {
  const answer = panel.querySelector(".answer[data-set]");
  const isStale = Boolean(answer?.dataset.set) && Number(answer.dataset.version) < Number(said().dataset.version);
  panel.toggleAttribute("data-stale", isStale);
  document.getElementById("stale").hidden = !isStale;
  for (const button of panel.querySelectorAll("button.accept")) button.disabled = isStale;
}

function onDrawn(event) {
  if (event.target === thread || event.target === panel) judge();
  if (event.target === thread) noteRead(Number(said().dataset.version));
}

// A browser allows only a few connections to one server, so a page that nobody sees gives its own back.
export function follow() {
  startPlacing();
  if (thread) startTelling(page);
  if (thread) document.body.addEventListener("htmx:afterSwap", onDrawn);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : connect("")));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => event.persisted && connect(""));
  if (!document.hidden) connect(seen);
}

// Read parts of the page again, unless the stream brings them.
export function catchUp(...parts) {
  if (light.dataset.state !== "on") refresh(...parts);
}

function connect(since) {
  leave();
  const asked = new URLSearchParams({ page, since });
  if (current) asked.set("c", current);
  source = new EventSource(`/console/stream?${asked}`);
  for (const [name, act] of Object.entries(acts)) source.addEventListener(name, (event) => act(JSON.parse(event.data)));
  source.addEventListener("open", onOpen);
  source.addEventListener("error", onLost);
}

function onOpen() {
  show("on");
  if (thread) noteRead(Number(said().dataset.version));
}

// The browser asks again by itself, except where it was answered with something that is no stream.
function onLost() {
  show("off");
  if (source.readyState === EventSource.CLOSED) timer = setTimeout(() => connect(""), AGAIN_MS);
}

function leave() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function show(state) {
  light.dataset.state = state;
  light.querySelector("span").textContent = say(state === "off" ? "offline" : "live");
}
