"""Products that others bought together with what the customer has, or with a given product."""

import math
from collections.abc import Sequence
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


def together(skus: Sequence[str], sight: Sight) -> "dict[str, partial[Reason]]":
    """For each product the reason that it was often bought with something the customer has, where it was."""
    affinity, numbers = sight.models.affinity, sight.models.numbers
    wanted = {number: sku for sku in skus if (number := numbers.get(sku)) is not None}
    had = [sku for sku in dict.fromkeys(line.sku for line in sight.customer.kept) if sku in numbers]
    known = np.array([numbers[sku] for sku in had], np.intp)
    rows, columns = np.nonzero(np.isin(affinity.neighbours[known], list(wanted)))
    best: dict[str, tuple[float, partial[Reason]]] = {}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        name = sight.sold_name(had[row])
        if name is None:
            continue
        number = known[row]
        sku, n, n_baskets = (
            wanted[int(affinity.neighbours[number, column])],
            int(affinity.n_together[number, column]),
            int(affinity.n_baskets[number]),
        )
        if sku not in best or n / n_baskets > best[sku][0]:
            pair = f"{had[row]}+{sku}"
            best[sku] = n / n_baskets, partial(_reason, pair, name, n, n_baskets, sight.language)
    return {sku: said for sku, (_, said) in best.items()}


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
