// Suggestion cards: which one is meant, and what may be done with it.
import { append, edit, standingSet } from "./composer.js";
import { open } from "../shared/dialogs.js";

const panel = document.getElementById("suggestions");

export const cardOf = (rank) => panel?.querySelector(`.card[data-rank="${rank}"]`) ?? null;

// The card that has the focus, or the first.
export const chosen = () => document.activeElement?.closest?.(".card") ?? panel?.querySelector(".card") ?? null;

export function accept(rank) {
  cardOf(rank)?.querySelector(".accept").click();
}

export function editCard(card) {
  if (!card) return;
  const text = card.querySelector(".reply").textContent;
  edit({ text, setId: card.dataset.set, rank: card.dataset.rank, itemKind: "reply" });
}

export function dismissCard(card) {
  if (!card) return;
  const form = document.querySelector("#dismiss form");
  form.elements.set_id.value = card.dataset.set;
  form.elements.rank.value = card.dataset.rank;
  open("dismiss");
}

export function start() {
  panel?.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".edit")) editCard(button.closest(".card"));
    if (button.matches(".dismiss")) dismissCard(button.closest(".card"));
    if (button.dataset.asks !== undefined) append(button.dataset.asks);
    if (button.dataset.mentions !== undefined) {
      edit({ text: button.dataset.mentions, setId: standingSet(), rank: button.dataset.rank, itemKind: "product" });
    }
  });
}
