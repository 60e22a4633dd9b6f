"""One additive score from named features."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from copilot.engine.answer import Contribution
from copilot.engine.cards import ScriptCard, Use
from copilot.engine.language import OTHER_CHARACTERS, language_gap
from copilot.engine.opening_policy import OpeningWeights
from copilot.engine.policy import EXTRACT_FEATURES, REPLY_FEATURES, SEARCH_FEATURES, Performance, ReplyWeights
from copilot.engine.retrieval import FieldScores
from knowledge.tables import Stage

RECENCY_DAYS = 180.0
OWN_USES_FOR_FULL = 10
TEAM_USES_FOR_FULL = 30
NEVER_SHOWN = Use()
LANGUAGE = REPLY_FEATURES.index("language")
PROMOTING_STAGES = frozenset({Stage.ACQUISITION.value, Stage.CONVERSION.value})
DECIMALS = 6
"""Contributions are rounded before they are added, so that what is shown sums exactly."""


@dataclass(frozen=True)
class Moment:
    """What ranking needs to know of the turn."""

    tags: frozenset[str]
    stage: str
    language: str
    is_complaint: bool
    now: datetime
    performance: Performance = field(default_factory=Performance)
    sku: str | None = None


@dataclass(frozen=True)
class Evidence:
    """What was found for the candidates; arrays of shape (n_candidates,)."""

    is_exact: NDArray[np.bool_]
    trigger: FieldScores
    reply: FieldScores
    context_similarity: NDArray[np.float64]
    context_words: NDArray[np.float64]

    def subset(self, positions: NDArray[np.intp]) -> "Evidence":
        """Only these candidates, in this order."""
        return Evidence(
            self.is_exact[positions],
            self.trigger.subset(positions),
            self.reply.subset(positions),
            self.context_similarity[positions],
            self.context_words[positions],
        )


@dataclass(frozen=True)
class Ranked:
    """Candidates in order: positions among the candidates, their scores and their contributions (n, n_features)."""

    order: NDArray[np.intp]
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64]
    names: tuple[str, ...] = REPLY_FEATURES

    def why(self, position: int) -> tuple[Contribution, ...]:
        """The non-zero contributions to one candidate's score, largest first."""
        pairs = zip(self.names, self.contributions[position].tolist(), strict=True)
        return tuple(sorted((Contribution(*pair) for pair in pairs if pair[1]), key=lambda c: -abs(c.contribution)))


def script_features(
    evidence: Evidence,
    cards: Sequence[ScriptCard],
    uses: Mapping[str, Use],
    n_sent: Mapping[str, int],
    moment: Moment,
    *,
    beside: Sequence[ScriptCard] = (),
) -> NDArray[np.float64]:
    """The features of candidate scripts, shape (n_candidates, n_features).

    With other candidates `beside` them, languages are seen as those see them; without, as they see each other.
    """
    features = np.zeros((len(cards), len(REPLY_FEATURES)))
    features[:, : len(SEARCH_FEATURES)] = search_features(evidence)
    for row, card in enumerate(cards):
        use = uses.get(card.script_id, NEVER_SHOWN)
        features[row, len(SEARCH_FEATURES) : -len(EXTRACT_FEATURES)] = _card_features(
            card, use, n_sent.get(card.script_id, 0), moment
        )
    others = [-language_gap(moment.language, card.language) for card in beside]
    nearest = max(others) if others else float(features[:, LANGUAGE].max(initial=-OTHER_CHARACTERS))
    features[:, LANGUAGE] = _beside_the_nearest(features[:, LANGUAGE], nearest)
    return features


def search_features(evidence: Evidence) -> NDArray[np.float64]:
    """What the search alone says of the candidates, shape (n_candidates, n_search_features)."""
    return np.column_stack(
        [
            evidence.is_exact.astype(np.float64),
            np.where(evidence.is_exact, 1.0, evidence.trigger.similarity),
            evidence.reply.similarity,
            evidence.context_similarity,
            evidence.trigger.words,
            evidence.reply.words,
            evidence.context_words,
        ]
    )


def passage_features(scores: FieldScores, cards: Sequence[ScriptCard], moment: Moment) -> NDArray[np.float64]:
    """The features of candidate passages, shape (n_candidates, n_features)."""
    features = np.zeros((len(cards), len(REPLY_FEATURES)))
    features[:, REPLY_FEATURES.index("extract_similarity")] = scores.similarity
    features[:, REPLY_FEATURES.index("extract_words")] = scores.words
    features[:, LANGUAGE] = [-language_gap(moment.language, card.language) for card in cards]
    return features


def weigh(
    features: NDArray[np.float64], weights: ReplyWeights | OpeningWeights, names: tuple[str, ...] = REPLY_FEATURES
) -> Ranked:
    """The additive score of every candidate; `names` are those of the features, of shape (n_candidates, n_features)."""
    factors = np.array([getattr(weights, name) for name in names])
    contributions = np.round(features * factors, DECIMALS)
    scores = np.round(contributions.sum(axis=1), DECIMALS)
    return Ranked(np.argsort(-scores, kind="stable"), scores, contributions, names)


def shrunken_acceptance(use: Use, believed: Performance) -> float:
    """How much more often than usual a script is accepted, shrunk towards zero while it has been shown little.

    (accepted + usual * strength) / (shown + strength) - usual
    """
    rate = (use.n_accepted + believed.usual * believed.strength) / (use.n_shown + believed.strength)
    return rate - believed.usual


def _card_features(card: ScriptCard, use: Use, n_sent: int, moment: Moment) -> tuple[float, ...]:
    return (
        1.0 if card.targeted_tags & moment.tags else 0.0,
        1.0 if moment.sku in card.skus else 0.0,
        1.0 if moment.stage in card.stages else 0.0,
        shrunken_acceptance(use, moment.performance),
        _recency(card.published_at, moment.now),
        _saturating(use.n_own, OWN_USES_FOR_FULL),
        _saturating(use.n_team, TEAM_USES_FOR_FULL),
        -language_gap(moment.language, card.language),
        -float(min(n_sent, 3)),
        -1.0 if moment.is_complaint and card.stages and card.stages <= PROMOTING_STAGES else 0.0,
    )


def _beside_the_nearest(languages: NDArray[np.float64], nearest: float) -> NDArray[np.float64]:
    """Where every candidate is at least in other characters than the message, only the rest of the gap counts.

    A shop that writes simplified characters alone has nothing nearer to offer; that is no reason for silence.
    """
    return np.minimum(0.0, languages - max(nearest, -OTHER_CHARACTERS))


def _saturating(n: int, full: int) -> float:
    """0 for none, 1 from `full` on."""
    return min(1.0, math.log1p(n) / math.log1p(full))


def _recency(published_at: datetime | None, now: datetime) -> float:
    if published_at is None:
        return 0.0
    return math.exp(-max(0.0, (now - published_at).total_seconds() / 86_400) / RECENCY_DAYS)
