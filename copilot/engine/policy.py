"""The ranking policy: how much each named feature counts, and how a score becomes a probability."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import get_type_hints

from copilot.errors import BadRequestError

SEARCH_FEATURES = (
    "exact_trigger",
    "trigger_similarity",
    "reply_similarity",
    "trigger_words",
    "reply_words",
    "context_words",
)
CARD_FEATURES = (
    "tag_affinity",
    "stage",
    "performance",
    "recency",
    "own_usage",
    "language",
    "fatigue",
    "complaint",
)
EXTRACT_FEATURES = ("extract_similarity", "extract_words")
REPLY_FEATURES = SEARCH_FEATURES + CARD_FEATURES + EXTRACT_FEATURES
MAX_RATE = 0.5
"""Of exploration; up to here the best order is also the likeliest."""


@dataclass(frozen=True)
class ReplyWeights:
    """What one unit of each reply feature adds to the score.

    Similarities and word scores lie in 0..1; `language`, `fatigue` and `complaint` are zero or negative; the extract
    features belong to passages of documents, the others to scripts.
    """

    exact_trigger: float = 5.0
    trigger_similarity: float = 2.4
    reply_similarity: float = 2.0
    trigger_words: float = 0.6
    reply_words: float = 1.6
    context_words: float = 0.2
    tag_affinity: float = 0.15
    stage: float = 0.2
    performance: float = 0.6
    recency: float = 0.05
    own_usage: float = 0.15
    language: float = 1.0
    fatigue: float = 0.5
    complaint: float = 0.8
    extract_similarity: float = 2.2
    extract_words: float = 1.6


@dataclass(frozen=True)
class ProductWeights:
    """What one unit of each product feature adds to the score; each lies in 0..1."""

    message: float = 2.0
    words: float = 1.0
    refill: float = 1.4
    bought_together: float = 1.0
    tags: float = 0.6
    viewed: float = 0.5
    popularity: float = 0.3


@dataclass(frozen=True)
class Calibration:
    """Logistic map from score to the probability that a good agent would send the reply."""

    slope: float = 2.5
    midpoint: float = 2.3

    def probability(self, score: float) -> float:
        """A number in 0..1, rising with the score."""
        return 1.0 / (1.0 + math.exp(-self.slope * (score - self.midpoint)))


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
        text = json.dumps(numbers, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


PRODUCT_FEATURES = tuple(get_type_hints(ProductWeights))
