"""What a list of suggestions is like beyond being right: varied, unexpected, fair to the catalogue."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from eval.errors import EvalError
from eval.metrics.text import characters


def diversity(texts: Sequence[str]) -> float:
    """1 less the mean Jaccard similarity of character pairs over all pairs of texts: 0 alike, 1 nothing in common.

    Intra-list diversity (Ziegler et al., Improving Recommendation Lists Through Topic Diversification, 2005). NaN for
    fewer than two texts.
    """
    bigrams = [_bigrams(text) for text in texts]
    alike = [_jaccard(one, other) for one, other in combinations(bigrams, 2)]
    return 1 - sum(alike) / len(alike) if alike else math.nan


@dataclass(frozen=True)
class Popularity:
    """How often each item of the catalogue was used before, for instance sent or bought; an item may have 0."""

    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        """Refuse what cannot be a count."""
        for item, count in self.counts.items():
            if count < 0:
                raise EvalError(f"item {item!r} was used {count} times; expected 0 or more")

    @cached_property
    def total(self) -> int:
        return sum(self.counts.values())

    def share(self, item_id: str) -> float:
        """The item's share of all uses, with one use added to every item so that none has zero.

        Raises:
            EvalError: the item is not in the catalogue.
        """
        if item_id not in self.counts:
            raise EvalError(f"item {item_id!r} is not among the {len(self.counts)} items whose popularity is known")
        return (self.counts[item_id] + 1) / (self.total + len(self.counts))

    def novelty(self, shown_ids: Sequence[str]) -> float:
        """The mean self-information -log2(share) of the items, in bits; NaN for none.

        Zhou et al., Solving the Apparent Diversity-Accuracy Dilemma of Recommender Systems, 2010.
        """
        return _mean([-math.log2(self.share(item_id)) for item_id in shown_ids])

    def mean_share(self, shown_ids: Sequence[str]) -> float:
        """The mean share of the items: high where a list holds what is used anyway; NaN for none.

        Average recommendation popularity (Yin et al., Challenging the Long Tail Recommendation, 2012).
        """
        return _mean([self.share(item_id) for item_id in shown_ids])


@dataclass(frozen=True)
class Exposure:
    """How suggestions are spread over a catalogue, over all queries together."""

    coverage: float
    """The share of the catalogue that was shown at all."""
    gini: float
    """The Gini coefficient of how often each item was shown: 0 all alike, towards 1 a few get everything."""


def exposure(shown_ids: Iterable[Sequence[str]], catalogue: Collection[str]) -> Exposure:
    """How often each item of the catalogue was shown, in two numbers; NaN for the Gini coefficient if none was.

    Raises:
        EvalError: the catalogue is empty, or an item shown is not in it.
    """
    items = set(catalogue)
    if not items:
        raise EvalError("the catalogue is empty; expected the ids of all items that could be shown")
    n_shown = Counter(item_id for ids in shown_ids for item_id in ids)
    strange = sorted(set(n_shown) - items)
    if strange:
        raise EvalError(f"{len(strange)} items shown are not in the catalogue, the first {strange[0]!r}")
    return Exposure(coverage=len(n_shown) / len(items), gini=_gini([n_shown[item_id] for item_id in items]))


def _gini(counts: Sequence[int]) -> float:
    """Σ (2i - n - 1) x_i / (n Σ x_i) over the counts in rising order, i from 1."""
    rising = np.sort(np.asarray(counts, np.float64))
    n = len(rising)
    weights = 2 * np.arange(1, n + 1) - n - 1
    return float(weights @ rising / (n * rising.sum())) if rising.sum() else math.nan


def _bigrams(text: str) -> set[str]:
    plain = characters(text)
    return {plain[i : i + 2] for i in range(max(1, len(plain) - 1))} if plain else set()


def _jaccard(one: set[str], other: set[str]) -> float:
    together = one | other
    return len(one & other) / len(together) if together else 1.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
