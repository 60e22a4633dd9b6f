"""The ranking policy: how much each named feature counts, and how a score becomes a probability."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import get_type_hints

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
class Policy:
    """Everything that decides an order; its version names exactly these numbers."""

    reply: ReplyWeights = field(default_factory=ReplyWeights)
    product: ProductWeights = field(default_factory=ProductWeights)
    calibration: Calibration = field(default_factory=Calibration)
    reply_threshold: float = 0.35
    product_threshold: float = 0.35
    n_searched: int = 24
    n_ranked: int = 24
    duplicate_overlap: float = 0.75
    fatigue_days: int = 7
    max_promotions_per_week: int = 3

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with any number of the policy."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


PRODUCT_FEATURES = tuple(get_type_hints(ProductWeights))
