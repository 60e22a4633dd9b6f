"""How much each finding among replies counts with a trained encoder, learnt from messages whose reply is known.

A trained encoder tells more than an untrained one, so words and vectors deserve other weights. They are fitted on pairs
that training held back; then the scale is matched, so that scores, and with them every other weight, the probability
and the share of messages left unanswered, mean what they meant before. What triggers count stays as it is: an editor
wrote them for the script, which no archive of conversations can show.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copilot.engine.policy import SEARCH_FEATURES, Calibration, Policy
from copilot.engine.policy_file import RANKER_FILE
from copilot.engine.ranking import search_features
from copilot.engine.replies import assess_scripts
from copilot.engine.retrieval import Search
from copilot.evaluation.texts import Asked, Corpus
from copilot.training.exchanges import Exchanges
from eval.datasets.said import Said
from knowledge.index.encoding import TextEncoder

FITTED = ("reply_similarity", "context_similarity", "reply_words", "context_words")
COLUMNS = [SEARCH_FEATURES.index(name) for name in FITTED]
FEWEST_ASKED = 50
RIDGE = 2e-3
DECIMALS = 4

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class SearchWeights:
    """Weights by name of feature, the midpoint of the probability, and what they were learnt from.

    `before` and `after` are the shares of messages whose reply comes first, with the usual and the new weights.
    """

    reply: dict[str, float]
    midpoint: float
    n_asked: int
    before: float
    after: float

    def write(self, folder: Path) -> None:
        """Put them beside an encoder; whoever serves with it starts from them."""
        numbers = {"reply": self.reply, "calibration": {"midpoint": self.midpoint}}
        (folder / RANKER_FILE).write_text(json.dumps(numbers, indent=2), encoding="utf-8")


def fit_search_weights(
    exchanges: Exchanges, trained: TextEncoder, usual: TextEncoder, progress: Progress
) -> SearchWeights | None:
    """Weights for the trained encoder, on the scale of the usual encoder with the usual weights; none of too little."""
    if len(exchanges.asked) < FEWEST_ASKED:
        return None
    lists = _candidate_lists(exchanges, trained, progress)
    scale = _candidate_lists(exchanges, usual, progress)
    weights = _fit(lists)
    as_usual = _usual_weights()
    factor, shift = _matched(_best(lists, weights), _best(scale, as_usual))
    return SearchWeights(
        reply={name: round(float(value), DECIMALS) for name, value in zip(FITTED, weights * factor, strict=True)},
        midpoint=round(Calibration().midpoint - shift, DECIMALS),
        n_asked=len(lists),
        before=_first(lists, as_usual),
        after=_first(lists, weights),
    )


@dataclass(frozen=True)
class _Candidates:
    """The features of what one message found (n_candidates, n_fitted), and the place of the right one."""

    features: NDArray[np.float64]
    right: int


def _candidate_lists(exchanges: Exchanges, encoder: TextEncoder, progress: Progress) -> list[_Candidates]:
    """The features of all replies for every message.

    Those that a search proposes are alike in what proposed them, which would then seem to tell little.
    """
    corpus = Corpus.of(exchanges.replies, encoder, progress)
    everything = np.arange(corpus.view.n_items, dtype=np.int32)
    n_turns = getattr(encoder, "context_turns", 0)
    found = []
    for done, (pair, right) in enumerate(zip(exchanges.asked, exchanges.right, strict=True), start=1):
        context = tuple(Said("customer", text) for text in pair.context)  # pairs do not always tell who said what
        search = Search(corpus.view, Asked.of(pair.message, context, encoder, n_turns).query, None)
        found.append(_Candidates(search_features(assess_scripts(search, everything))[:, COLUMNS], right))
        progress(done, len(exchanges.asked), "weighing what is found")
    return found


def _fit(lists: Sequence[_Candidates]) -> NDArray[np.float64]:
    """The weights, none below zero, that make the right candidate likeliest (listwise softmax, a little ridge)."""
    from scipy.optimize import minimize

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, slope = RIDGE * float(weights @ weights), 2 * RIDGE * weights
        for one in lists:
            scores = one.features @ weights
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            total -= float(np.log(likely[one.right])) / len(lists)
            slope = slope - (one.features[one.right] - likely @ one.features) / len(lists)
        return total, slope

    found = minimize(loss, _usual_weights(), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(FITTED))
    weights: NDArray[np.float64] = found.x
    return weights


def _usual_weights() -> NDArray[np.float64]:
    return np.array([getattr(Policy().reply, name) for name in FITTED])


def _best(lists: Sequence[_Candidates], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The highest score of each message."""
    return np.array([(one.features @ weights).max() for one in lists])


def _matched(scores: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[float, float]:
    """Factor and shift that give scores the mean and spread of the wanted ones."""
    factor = float(wanted.std() / max(scores.std(), 1e-9))
    return factor, float(wanted.mean() - factor * scores.mean())


def _first(lists: Sequence[_Candidates], weights: NDArray[np.float64]) -> float:
    """The share of messages whose right candidate scores above all others."""
    hits = [int(np.argmax(one.features @ weights)) == one.right for one in lists]
    return float(np.mean(hits))
