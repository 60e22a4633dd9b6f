"""Systems that rank texts for a message: three baselines and the engine's own search and ranking."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from copilot.engine.policy import REPLY_FEATURES, SEARCH_FEATURES, Policy
from copilot.engine.ranking import search_features, weigh
from copilot.engine.replies import find_scripts
from copilot.engine.retrieval import Search
from copilot.evaluation.texts import FIELD, Asked, Corpus
from knowledge.index.hits import Hits

RRF_CONSTANT = 60
"""Cormack, Clarke and Büttcher, Reciprocal rank fusion, SIGIR 2009."""
FUSED_DEPTH = 100


class SystemName(StrEnum):
    """The systems one can choose from."""

    LEXICAL = "lexical"
    DENSE = "dense"
    HYBRID = "hybrid"
    ENGINE = "engine"


@dataclass(frozen=True)
class Ranking:
    """Ordinals of texts, best first, with their scores, and what each feature contributed where a system can tell."""

    items: NDArray[np.int32]
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64] | None = None

    @classmethod
    def of_hits(cls, hits: Hits) -> "Ranking":
        """The best hits, ties by ordinal."""
        order = np.lexsort((hits.items, -hits.scores))
        return cls(hits.items[order], hits.scores[order].astype(np.float64))


Rank = Callable[[Asked, "NDArray[np.bool_] | None", int], Ranking]
"""Gives the best `k` allowed texts for a message."""


def open_system(name: SystemName, corpus: Corpus, policy: Policy) -> Rank:
    """A system over a corpus; the policy matters to the engine only."""
    if name is SystemName.LEXICAL:
        return lambda asked, allowed, k: by_words(corpus, asked, allowed, k)
    if name is SystemName.DENSE:
        return lambda asked, allowed, k: by_vectors(corpus, asked, allowed, k)
    if name is SystemName.HYBRID:
        return lambda asked, allowed, k: fused(corpus, asked, allowed, k)
    return lambda asked, allowed, k: by_engine(corpus, policy, asked, allowed, k)


def by_words(corpus: Corpus, asked: Asked, allowed: NDArray[np.bool_] | None, k: int) -> Ranking:
    """BM25 over words and characters."""
    return Ranking.of_hits(corpus.view.search_words(FIELD, asked.flat.tokens, allowed, k))


def by_vectors(corpus: Corpus, asked: Asked, allowed: NDArray[np.bool_] | None, k: int) -> Ranking:
    """Cosine of message and text."""
    return Ranking.of_hits(corpus.view.search_vectors(FIELD, asked.flat.vector, allowed, k))


def fused(corpus: Corpus, asked: Asked, allowed: NDArray[np.bool_] | None, k: int) -> Ranking:
    """Reciprocal rank fusion of words and vectors: the sum of 1 / (60 + rank)."""
    depth = max(k, FUSED_DEPTH)
    scores: dict[int, float] = {}
    for ranking in (by_words(corpus, asked, allowed, depth), by_vectors(corpus, asked, allowed, depth)):
        for rank, item in enumerate(ranking.items.tolist(), start=1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (RRF_CONSTANT + rank)
    best = sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:k]
    return Ranking(np.array([item for item, _ in best], np.int32), np.array([score for _, score in best]))


def by_engine(corpus: Corpus, policy: Policy, asked: Asked, allowed: NDArray[np.bool_] | None, k: int) -> Ranking:
    """The engine's candidates in the order of its score, as far as words and vectors decide it.

    There is no customer, agent or past use here, so the features of these are zero.
    """
    found = find_scripts(Search(corpus.view, asked.query, allowed), max(k, policy.n_searched))
    features = np.zeros((len(found.items), len(REPLY_FEATURES)))
    features[:, : len(SEARCH_FEATURES)] = search_features(found.evidence)
    ranked = weigh(features, policy.reply)
    best = ranked.order[:k]
    return Ranking(found.items[best], ranked.scores[best], ranked.contributions[best])


def reasons(ranking: Ranking, place: int) -> Sequence[tuple[str, float]]:
    """The features that contributed to one text's score, largest first; none where the system cannot tell."""
    if ranking.contributions is None:
        return ()
    pairs = zip(REPLY_FEATURES, ranking.contributions[place].tolist(), strict=True)
    return sorted((pair for pair in pairs if pair[1]), key=lambda pair: -abs(pair[1]))
