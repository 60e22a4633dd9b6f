"""Best sellers."""

import math

from copilot.engine.nextbest.signals import Sight, Signals

N_POPULAR = 8


def from_popularity(sight: Sight, signals: Signals) -> None:
    """What everybody buys, and how popular the other candidates are; runs after the other sources."""
    models = sight.models
    if not models.popular:
        return
    n_baskets = models.affinity.n_baskets
    most = float(n_baskets[models.numbers[models.popular[0]]])
    for sku in [*models.popular[:N_POPULAR], *signals.features]:
        number = models.numbers.get(sku)
        if number is not None:
            signals.add(sku, "popularity", math.log1p(float(n_baskets[number])) / math.log1p(most))
