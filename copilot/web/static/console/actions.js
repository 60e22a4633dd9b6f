// What each action of the key table does.
import * as cards from "./cards.js";
import * as composer from "./composer.js";
import * as finder from "./finder.js";
import { isTyping, NATIVE } from "./keys.js";
import * as rows from "./rows.js";
import { wish } from "./wishes.js";
import { anyOpen, closeAll, open } from "../shared/dialogs.js";
import { hide } from "../shared/notice.js";

export const actions = {
  accept: cards.accept,
  choose: cards.choose,
  edit: cards.edit,
  append: cards.append,
  copy: cards.copy,
  dismiss: cards.dismiss,
  products: cards.products,
  insert: cards.insert,
  step: cards.step,
  reason: (number) => document.querySelectorAll("#dismiss .reasons button")[number - 1].click(),
  request: () => wish(),
  undo: () => document.getElementById("take-back") && window.htmx.trigger("#take-back", "taken-back"),
  search: () => open("search"),
  "why-not": () => open("why-not"),
  move: finder.move,
  take: finder.take,
  reply: composer.focus,
  send: composer.send,
  newline: () => NATIVE,
  waiting: rows.toWaiting,
  next: () => rows.go(1),
  previous: () => rows.go(-1),
  help: () => open("help"),
  leave,
};

function leave(_, event) {
  hide();
  if (anyOpen()) closeAll();
  else if (isTyping(event.target) || event.target.closest?.("[data-place]")) event.target.blur();
}
