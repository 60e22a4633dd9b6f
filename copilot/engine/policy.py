"""The ranking policy: how much each named feature counts, and how a score becomes a probability."""

import hashlib
import json
import math
from bisect import bisect_right
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import get_type_hints

from copilot.errors import BadRequestError

SEARCH_FEATURES = (
    "exact_trigger",
    "trigger_similarity",
    "reply_similarity",
    "context_similarity",
    "trigger_words",
    "reply_words",
    "context_words",
)
CARD_FEATURES = (
    "tag_affinity",
    "on_screen",
    "stage",
    "performance",
    "recency",
    "own_usage",
    "team_usage",
    "language",
    "fatigue",
    "complaint",
)
EXTRACT_FEATURES = ("extract_similarity", "extract_words")
REPLY_FEATURES = SEARCH_FEATURES + CARD_FEATURES + EXTRACT_FEATURES
MAX_RATE = 0.5
"""Of exploration; up to here the best order is also the likeliest."""
MAX_KNOTS = 200
"""Of a fitted calibration."""


@dataclass(frozen=True)
class ReplyWeights:
    """What one unit of each reply feature adds to the score.

    Similarities and word scores lie in 0..1; `language`, `fatigue` and `complaint` are zero or negative; the extract
    features belong to passages of documents, the others to scripts.
    """

    exact_trigger: float = 5.0
    trigger_similarity: float = 2.4
    reply_similarity: float = 2.0
    context_similarity: float = 0.0
    trigger_words: float = 0.6
    reply_words: float = 1.6
    context_words: float = 0.2
    tag_affinity: float = 0.15
    on_screen: float = 0.5
    stage: float = 0.2
    performance: float = 0.6
    recency: float = 0.05
    own_usage: float = 0.15
    team_usage: float = 0.1
    language: float = 1.0
    fatigue: float = 0.5
    complaint: float = 0.8
    extract_similarity: float = 2.2
    extract_words: float = 1.6


@dataclass(frozen=True)
class ProductWeights:
    """What one unit of each product feature adds to the score; each lies in 0..1.

    But for the last five: these are parts of the log-odds that the customer buys it soon, and may speak against it.
    """

    message: float = 2.0
    words: float = 1.0
    refill: float = 1.4
    bought_together: float = 1.0
    tags: float = 0.6
    viewed: float = 0.5
    popularity: float = 0.3
    best_seller: float = 0.6
    coupon: float = 0.7
    segment: float = 0.7
    giftable: float = 0.3
    wishes: float = 3.0
    habit: float = 0.35
    pull: float = 0.35
    trend: float = 0.35
    activity: float = 0.35
    profile: float = 0.35


@dataclass(frozen=True)
class Calibration:
    """Map from score to the probability that a good agent would send the reply: logistic, or fitted.

    A fitted one runs straight between knots, the numbers of `scores` and `probabilities`, and level beyond them; then
    slope and midpoint count for nothing.
    """

    slope: float = 2.5
    midpoint: float = 2.3
    scores: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse knots that make no rising map.

        Raises:
            BadRequestError: there are too many or only one, not as many of both, scores do not rise, probabilities
                fall or are not within 0 to 1.
        """
        found = _knot_problem(self.scores, self.probabilities)
        if found is not None:
            raise BadRequestError(*found)

    @property
    def is_fitted(self) -> bool:
        return bool(self.scores)

    def probability(self, score: float) -> float:
        """A number in 0..1 that never falls as the score rises."""
        if self.is_fitted:
            return self._between_knots(score)
        return 1.0 / (1.0 + math.exp(min(700.0, -self.slope * (score - self.midpoint))))

    def _between_knots(self, score: float) -> float:
        above = bisect_right(self.scores, score)
        if above == 0 or above == len(self.scores):
            return self.probabilities[max(0, above - 1)]
        low, high = self.scores[above - 1], self.scores[above]
        start, end = self.probabilities[above - 1], self.probabilities[above]
        return start + (end - start) * (score - low) / (high - low)


@dataclass(frozen=True)
class Performance:
    """What is believed of a script before it is shown: how often it will be accepted, and how firmly.

    `strength` is how many showings that belief is worth.
    """

    usual: float = 0.3
    strength: float = 20.0


@dataclass(frozen=True)
class Exploration:
    """A small budget for showing near-tied replies in another order, so that other policies can be judged later.

    Two neighbours in the ranking are near-tied when their scores differ by at most `tie_gap`. Of the sets that have
    any, a share `rate` gets one such pair swapped; `seed` decides, with the set's id, which ones.
    """

    rate: float = 0.0
    tie_gap: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate <= MAX_RATE:
            raise BadRequestError("exploration.rate", self.rate, f"a share from 0 to {MAX_RATE:g}")
        if not self.tie_gap >= 0.0:
            raise BadRequestError("exploration.tie_gap", self.tie_gap, "a difference of scores, zero or more")


@dataclass(frozen=True)
class Policy:
    """Everything that decides an order; its version names exactly these numbers."""

    reply: ReplyWeights = field(default_factory=ReplyWeights)
    product: ProductWeights = field(default_factory=ProductWeights)
    calibration: Calibration = field(default_factory=Calibration)
    performance: Performance = field(default_factory=Performance)
    exploration: Exploration = field(default_factory=Exploration)
    reply_threshold: float = 0.35
    product_threshold: float = 0.35
    n_searched: int = 24
    n_ranked: int = 24
    duplicate_overlap: float = 0.75
    fatigue_days: int = 7
    max_promotions_per_week: int = 3

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with any number that can decide an order."""
        numbers = asdict(self)
        if not self.exploration.rate:
            del numbers["exploration"]
        if self.performance == Performance():
            del numbers["performance"]
        for name in ("scores", "probabilities"):
            if not self.calibration.is_fitted:  # a version does not change because policies can hold more
                del numbers["calibration"][name]
        text = json.dumps(numbers, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


PRODUCT_FEATURES = tuple(get_type_hints(ProductWeights))


def _knot_problem(scores: tuple[float, ...], probabilities: tuple[float, ...]) -> tuple[str, object, str] | None:
    """The field, its value and what was expected, where knots make no rising map."""
    if len(scores) != len(probabilities):
        return "calibration.probabilities", len(probabilities), f"as many numbers as calibration.scores, {len(scores)}"
    if len(scores) == 1 or len(scores) > MAX_KNOTS:
        return "calibration.scores", len(scores), f"no numbers, or from 2 to {MAX_KNOTS}"
    for low, high in pairwise(scores):
        if not low < high:
            return "calibration.scores", high, f"rising numbers, so more than {low:g}"
    for low, high in pairwise((0.0, *probabilities, 1.0)):
        if not low <= high:
            return "calibration.probabilities", low if high == 1.0 else high, "numbers from 0 to 1 that never fall"
    return None
