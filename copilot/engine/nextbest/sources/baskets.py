"""Products that others bought together with what the customer has."""

import math

from copilot.engine.answer import Reason
from copilot.engine.nextbest.signals import Sight, Signals, Wording

N_RECENT_SKUS = 6
TOGETHER: Wording = {
    "zh": "买过「{name}」的订单里，每 {one_in:.0f} 单有 1 单同时买它",
    "en": "1 in {one_in:.0f} orders with {name} also has it",
}


def from_baskets(sight: Sight, signals: Signals) -> None:
    """Neighbours by co-purchase of what was bought last."""
    recent = list(dict.fromkeys(line.sku for line in sight.customer.kept))[:N_RECENT_SKUS]
    for sku in recent:
        _from_one(sku, sight, signals)


def _from_one(sku: str, sight: Sight, signals: Signals) -> None:
    affinity = sight.models.affinity
    number = sight.models.numbers.get(sku)
    if number is None:
        return
    name = sight.cards[sku].name if sku in sight.cards else sku
    for neighbour, together in zip(affinity.neighbours[number], affinity.n_together[number], strict=True):
        if neighbour < 0:
            break
        share = float(together) / float(affinity.n_baskets[number])
        other = affinity.skus[neighbour]
        reference = f"baskets:{sku}+{other}:{together}/{affinity.n_baskets[number]}"
        text = TOGETHER[sight.language].format(name=name, one_in=1.0 / share)
        signals.add(other, "bought_together", min(1.0, math.sqrt(share)), Reason(text, reference))
