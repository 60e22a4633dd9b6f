"""What this customer is likely to buy next, as the recommender learned from the shop's orders says."""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from copilot.engine.answer import Reason
from copilot.engine.context import Bought
from copilot.engine.nextbest.proposals import Proposal
from copilot.engine.nextbest.signals import Sight, Signals, Wording
from copilot.engine.nextbest.sources.baskets import together

N_PROPOSED = 24
USUAL = math.log(0.05 / 0.95)
"""Log-odds of what one in twenty buy within the horizon: that speaks neither for nor against a product."""
HABIT: Wording = {
    "zh": "买过 {n} 次，约每 {interval} 天一次，上次在 {days} 天前",
    "en": "Bought {n} times, about every {interval} days, last {days} days ago",
}
ONCE: Wording = {"zh": "{days} 天前买过一次", "en": "Bought once, {days} days ago"}
OFTEN: Wording = {"zh": "热销：{n} 单买过", "en": "A best seller: in {n} orders"}


def from_learned(sight: Sight, signals: Signals) -> None:
    """The likeliest next purchases of a customer who has bought something, with what speaks for and against each.

    Of a given product they stand in for complements that no order tells; runs after the source of those.
    """
    learned = sight.models.learned
    if learned is None or not sight.customer.kept or _has_complements(sight, signals):
        return
    proposal = sight.proposals.get(learned, sight.customer, sight.now, USUAL)
    rows = np.flatnonzero(_allowed(proposal, sight))[:N_PROPOSED].tolist()
    pairs = together([proposal.skus[row] for row in rows], sight)
    for row in rows:
        sku = proposal.skus[row]
        features = {name: float(values[row]) for name, values in proposal.parts.items()}
        features["activity"] += proposal.start - USUAL
        signals.put(sku, features, _said(sku, proposal.habits[row], sight, pairs.get(sku)))


def _has_complements(sight: Sight, signals: Signals) -> bool:
    if sight.given is None:
        return False
    return any("bought_together" in features and sight.is_allowed(sku) for sku, features in signals.features.items())


def _allowed(proposal: Proposal, sight: Sight) -> NDArray[np.bool_]:
    """Which of the proposed products may be offered here, looked up all at once."""
    ordinals, allowed = sight.search.view.ordinals(proposal.keys), sight.search.allowed
    found = ordinals >= 0
    if allowed is not None:
        found[found] = allowed[ordinals[found]]
    return found


def _said(
    sku: str, habit: NDArray[np.float32], sight: Sight, pair: "partial[Reason] | None"
) -> "Mapping[str, partial[Reason]]":
    """The reasons that can be followed to orders: the customer's own, or what others bought together."""
    having = sight.owned.get(sku)
    own = {"habit": partial(_habit, having.last, habit, sight)} if having is not None else {}
    if pair is not None:
        return own | {"pull": pair}
    number = sight.models.numbers.get(sku)
    n_baskets = int(sight.models.affinity.n_baskets[number]) if number is not None else 0
    return own | ({"trend": partial(_selling, sku, n_baskets, sight)} if n_baskets else {})


def _habit(last: Bought, habit: NDArray[np.float32], sight: Sight) -> Reason:
    n, interval = round(float(habit[0])), max(1, round(float(habit[1])))
    wording = HABIT if n > 1 else ONCE
    text = wording[sight.language].format(n=n, interval=interval, days=(sight.now - last.ordered_at).days)
    return Reason(text, f"order:{last.order_id}")


def _selling(sku: str, n_baskets: int, sight: Sight) -> Reason:
    return Reason(OFTEN[sight.language].format(n=n_baskets), f"baskets:{sku}:{n_baskets}")
