"""Products that others bought together with what the customer has, or with a given product."""

import math
from functools import partial

import numpy as np

from copilot.engine.answer import Reason
from copilot.engine.nextbest.signals import Language, Sight, Signals, Wording

N_RECENT_SKUS = 6
N_NEIGHBOURS = 12
TOGETHER: Wording = {
    "zh": "买过「{name}」的订单里，每 {one_in:.0f} 单有 1 单同时买它",
    "en": "1 in {one_in:.0f} orders with {name} also has it",
}


def from_baskets(sight: Sight, signals: Signals) -> None:
    """Neighbours by co-purchase of what was bought last, or of the given product alone.

    What a customer's own purchases say is left to the learned recommender where there is one.
    """
    if sight.given is not None:
        _from_one(sight.given, sight, signals)
        return
    if sight.models.learned is not None:
        return
    recent = list(dict.fromkeys(line.sku for line in sight.customer.kept))[:N_RECENT_SKUS]
    for sku in recent:
        _from_one(sku, sight, signals)


def together(sku: str, sight: Sight) -> "partial[Reason] | None":
    """The reason that a product was often bought with something the customer has; nothing where it was not."""
    affinity, best = sight.models.affinity, None
    number = sight.models.numbers.get(sku)
    for other in dict.fromkeys(line.sku for line in sight.customer.kept):
        known, name = sight.models.numbers.get(other), sight.sold_name(other)
        if number is None or known is None or name is None:
            continue
        places = np.flatnonzero(affinity.neighbours[known] == number)
        if len(places):
            n, n_baskets = int(affinity.n_together[known, places[0]]), int(affinity.n_baskets[known])
            if best is None or n / n_baskets > best[0]:
                best = n / n_baskets, partial(_reason, f"{other}+{sku}", name, n, n_baskets, sight.language)
    return best[1] if best is not None else None


def _from_one(sku: str, sight: Sight, signals: Signals) -> None:
    affinity = sight.models.affinity
    number, name = sight.models.numbers.get(sku), sight.sold_name(sku)
    if number is None or name is None:
        return
    n_baskets = int(affinity.n_baskets[number])
    neighbours = affinity.neighbours[number, :N_NEIGHBOURS].tolist()
    for neighbour, together in zip(neighbours, affinity.n_together[number].tolist(), strict=False):
        if neighbour < 0:
            break
        other = affinity.skus[neighbour]
        said = partial(_reason, f"{sku}+{other}", name, together, n_baskets, sight.language)
        signals.add(other, "bought_together", min(1.0, math.sqrt(together / n_baskets)), said)


def _reason(pair: str, name: str, together: int, n_baskets: int, language: Language) -> Reason:
    text = TOGETHER[language].format(name=name, one_in=n_baskets / together)
    return Reason(text, f"baskets:{pair}:{together}/{n_baskets}")
