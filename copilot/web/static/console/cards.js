// Suggestions and products: which one is meant, and what may be done with it.
import * as composer from "./composer.js";
import { open } from "../shared/dialogs.js";
import { tell } from "../shared/notice.js";
import { say } from "../shared/words.js";

const panel = document.getElementById("suggestions");
const JUST_MS = 300;
let changedAt = -JUST_MS;

const all = (kind) => Array.from(panel?.querySelectorAll(`${kind}[data-rank]`) ?? []);
const ranked = (kind, rank) => all(kind).find((card) => card.dataset.rank === rank);
const textOf = (card) => card.querySelector(".reply").textContent;
const focused = (kind = ".card") => document.activeElement?.closest?.(kind) ?? null;
const chosen = () => focused() ?? all(".card")[0];
const originOf = (card) => ({ text: textOf(card), setId: card.dataset.set, rank: card.dataset.rank });

export const accept = (rank) => (isStale() ? tell(say("is-stale"), "bad") : ranked(".card", rank)?.querySelector(".accept").click());
export const edit = () => withCard(chosen(), (card) => composer.begin(originOf(card)));
export const append = () => withCard(focused() ?? all(".card").find((card) => !composer.holds(textOf(card))), (card) => composer.add(originOf(card)));
export const copy = () => withCard(chosen(), (card) => toClipboard(textOf(card)));
export const dismiss = () => withCard(focused(".product") ?? chosen(), askWhy);
// Even where there are none: what is pressed next was meant for products and must not send a reply.
export const products = () => (all(".product")[0] ?? panel?.querySelector(".goods") ?? panel)?.focus();
export const insert = (rank) => withCard(ranked(".product", rank), mention);

// The next card, round and round; or so many steps from the one that has the focus.
export const choose = () => step(1, true);
export function step(by, isRound = false) {
  const cards = all(".card");
  const next = cards.indexOf(focused()) + Number(by);
  cards[isRound ? next % cards.length : Math.min(Math.max(next, 0), cards.length - 1)]?.focus();
}

export function start() {
  panel?.addEventListener("click", onClick);
  panel?.addEventListener("htmx:beforeRequest", holdBack);
  if (panel) new MutationObserver(onDrawn).observe(panel, { childList: true });
}

function withCard(card, act) {
  if (card) act(card);
  else tell(say("nothing-to"));
}

function askWhy(card) {
  const { elements } = document.querySelector("#dismiss form");
  elements.set_id.value = composer.standingSet();
  elements.rank.value = card.dataset.rank;
  elements.item_kind.value = card.matches(".product") ? "product" : "reply";
  open("dismiss");
}

function mention(product) {
  composer.addProduct({ text: product.dataset.mention, setId: composer.standingSet(), rank: product.dataset.rank });
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell(say("copied"));
  } catch {
    tell(say("not-copied"), "bad");
  }
}

function onClick(event) {
  const button = event.target.closest("button");
  if (button?.dataset.asks !== undefined) composer.append(button.dataset.asks);
  if (!button?.dataset.does) return;
  const card = button.closest(".card, .product");
  card.focus();
  ({ edit, append, copy, dismiss, insert: () => mention(card) })[button.dataset.does]();
}

const isStale = () => panel?.matches("[data-stale]");

// What answers an older message, or has changed under the finger, is not sent.
function holdBack(event) {
  if (!event.target.matches(".accept")) return;
  if (!isStale() && performance.now() - changedAt > JUST_MS) return;
  event.preventDefault();
  tell(say(isStale() ? "is-stale" : "just-changed"), "bad");
}

let shown = "";
function onDrawn() {
  const set = all(".card")[0]?.dataset.set ?? "";
  if (shown && set && set !== shown) changedAt = performance.now();
  shown = set;
}
