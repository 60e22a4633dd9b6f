"""Best sellers."""

import math
import re
from itertools import islice

from copilot.engine.answer import Reason
from copilot.engine.nextbest.signals import Sight, Signals, Wording
from knowledge.text import normalise

N_POPULAR = 8
ASKS = re.compile(
    r"推荐|热销|爆款|畅销|卖得(最)?好|哪款|哪个好|买什么|选什么|有什么好|送什么|随便看看|"
    r"\b(recommend|suggest|best.?sell|popular|bestseller)|what should i (buy|get)|what do you have|looking for",
)
"""Whoever asks what to buy is glad of what everybody buys; nobody else is told of it for that alone."""
SELLS: Wording = {"zh": "热销：{n} 单买过", "en": "A best seller: in {n} orders"}


def asks_for_anything(message: str) -> bool:
    """Whether a message asks what to buy."""
    return ASKS.search(normalise(message)) is not None


def from_popularity(sight: Sight, signals: Signals) -> None:
    """What everybody buys, and how popular the other candidates are; runs after the other sources."""
    models = sight.models
    if not models.popular:
        return
    n_baskets = models.affinity.n_baskets
    most = float(n_baskets[models.numbers[models.popular[0]]])
    best = _best_sellers(sight)
    is_asked = asks_for_anything(sight.search.query.text)
    for sku in dict.fromkeys([*best, *signals.features]):
        number = models.numbers.get(sku)
        if number is None:
            continue
        share = math.log1p(float(n_baskets[number])) / math.log1p(most)
        if "trend" not in signals.features.get(sku, ()):  # the learned recommender has counted it
            signals.add(sku, "popularity", share)
        if is_asked and sku in best:
            n = int(n_baskets[number])
            signals.add(sku, "best_seller", share, Reason(SELLS[sight.language].format(n=n), f"baskets:{sku}:{n}"))


def _best_sellers(sight: Sight) -> list[str]:
    """The best sellers among what may be offered here."""
    return list(islice(filter(sight.is_allowed, sight.models.popular), N_POPULAR))
