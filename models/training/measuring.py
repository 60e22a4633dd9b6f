"""How well an encoder finds the reply that was sent, on pairs held back."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from models.training.pairs import Pair
from models.training.wording import normalised

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

N_CANDIDATES = 10
_MIN_LENGTH = 6
_USED_BELOW = 3
_FEWEST = 20
_Z = 1.959963984540054


@dataclass(frozen=True)
class Exam:
    """Queries with the place of their reply in a pool, and nine other places each; shapes (n,), (n, 9)."""

    queries: tuple[str, ...]
    pool: tuple[str, ...]
    right: NDArray[np.intp]
    others: NDArray[np.intp]

    @classmethod
    def of(cls, dev: Sequence[Pair], n_turns: int, rng: np.random.Generator, *, most: int) -> "Exam":
        """At most `most` pairs whose reply tells something, or all where hardly any does."""
        used = Counter(normalised(pair.reply) for pair in dev)
        telling = [pair for pair in dev if len(normalised(pair.reply)) >= _MIN_LENGTH and _is_rare(used, pair)]
        asked = telling if len(telling) >= _FEWEST else list(dev)
        chosen = [asked[row] for row in sorted(rng.permutation(len(asked))[:most].tolist())]
        pool = tuple(dict.fromkeys(pair.reply for pair in asked))
        place = {reply: number for number, reply in enumerate(pool)}
        right = np.array([place[pair.reply] for pair in chosen], np.intp)
        n_others = min(N_CANDIDATES, len(pool)) - 1
        shifts = [rng.permutation(len(pool) - 1)[:n_others] + 1 for _ in chosen]
        others = (right[:, None] + np.array(shifts, np.intp).reshape(len(chosen), n_others)) % len(pool)
        return cls(tuple(pair.query(n_turns) for pair in chosen), pool, right, others)

    def take(self, encode_queries: Encode, encode_passages: Encode) -> "Marks":
        """What an encoder achieves."""
        return self.mark(encode_queries(self.queries), encode_passages(self.pool))

    def mark(self, queries: NDArray[np.float32], pool: NDArray[np.float32]) -> "Marks":
        """What these vectors achieve."""
        scores = queries @ pool.T
        rows = np.arange(len(self.right))
        own = scores[rows, self.right]
        rank_of_ten = 1 + (scores[rows[:, None], self.others] >= own[:, None]).sum(1)
        rank_in_pool = 1 + (scores > own[:, None]).sum(1)
        return Marks(
            first_of_ten=(rank_of_ten == 1).astype(np.float64),
            reciprocal_rank=1.0 / rank_of_ten,
            found_in_pool=(rank_in_pool <= N_CANDIDATES).astype(np.float64),
            reciprocal_rank_in_pool=1.0 / rank_in_pool,
        )


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval over queries."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "Interval":
        """Normal approximation; a single value has no width."""
        mean = float(values.mean())
        half = _Z * float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0
        return cls(mean, mean - half, mean + half)


@dataclass(frozen=True)
class Marks:
    """Per query: reply first of ten, 1 / its rank among ten, in the best ten of the pool, 1 / its rank there."""

    first_of_ten: NDArray[np.float64]
    reciprocal_rank: NDArray[np.float64]
    found_in_pool: NDArray[np.float64]
    reciprocal_rank_in_pool: NDArray[np.float64]

    @property
    def by_name(self) -> dict[str, NDArray[np.float64]]:
        """Values per query under the names of the field."""
        return {
            "R10@1": self.first_of_ten,
            "R10 RR": self.reciprocal_rank,
            "pool R@10": self.found_in_pool,
            "pool RR": self.reciprocal_rank_in_pool,
        }

    @property
    def score(self) -> float:
        """What training is steered by: both mean reciprocal ranks, averaged."""
        return float((self.reciprocal_rank.mean() + self.reciprocal_rank_in_pool.mean()) / 2)

    def gain_over(self, other: "Marks") -> Interval:
        """The difference of the score, paired by query."""
        own, theirs = (one.reciprocal_rank + one.reciprocal_rank_in_pool for one in (self, other))
        return Interval.of((own - theirs) / 2)


def _is_rare(used: Counter[str], pair: Pair) -> bool:
    return used[normalised(pair.reply)] < _USED_BELOW
