"""`copilot eval rerank`: put the right candidates of each message first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from copilot.engine.policy import Policy
from copilot.evaluation.retrieval import Decided, Progress, TextOptions, need_encoder, text_facts
from copilot.evaluation.systems import Rank, Ranking, SystemName, open_system
from copilot.evaluation.table import RankedQuery, run_of
from copilot.evaluation.texts import Asked, Corpus
from copilot.settings import Settings
from eval.datasets.rerank import RerankData, RerankRow
from eval.metrics.ranking import as_run, measure_rankings
from eval.runs.run import Run
from knowledge.index.encoding import TextEncoder

METRICS = ("MRR", "P@1", "AP", "nDCG@10")
PUBLISHED_CANDIDATES = 10
"""Response selection is published as recall in ten candidates."""
PUBLISHED_METRICS = ("R10@1", "R10@2", "R10@5")


@dataclass(frozen=True)
class _Candidates:
    """The distinct texts of all candidates, and which of them each row has."""

    texts: Sequence[str]
    of_row: Sequence[Sequence[int]]

    @classmethod
    def of(cls, rows: Sequence[RerankRow]) -> "_Candidates":
        numbers: dict[str, int] = {}
        of_row = [[numbers.setdefault(one.text, len(numbers)) for one in row.candidates] for row in rows]
        return cls(list(numbers), of_row)


def measure_rerank(settings: Settings, data: RerankData, options: TextOptions, progress: Progress) -> dict[str, Run]:
    """A run for each system, by name; a candidate that a system does not find comes last, in the order of the file.

    Words weigh as rare as they are among all candidates of the file.

    Raises:
        NotReadyError: the encoder cannot be loaded.
    """
    encoder = need_encoder(settings)
    decided = options.decided_by(encoder)
    candidates = _Candidates.of(data.rows)
    corpus = Corpus.of(candidates.texts, encoder, progress)
    asked = []
    for done, row in enumerate(data.rows, start=1):
        asked.append(Asked.of(row.message, row.context, encoder, decided.n_turns))
        progress(done, len(data.rows), "encoding messages")
    return {system.value: _run(data, corpus, candidates, asked, system, decided, encoder) for system in decided.systems}


def _run(
    data: RerankData,
    corpus: Corpus,
    candidates: _Candidates,
    asked: Sequence[Asked],
    system: SystemName,
    options: Decided,
    encoder: TextEncoder,
) -> Run:
    rank = open_system(system, corpus, options.policy)
    ranked = [
        _ranked(corpus, rank, row, numbers, one)
        for row, numbers, one in zip(data.rows, candidates.of_row, asked, strict=True)
    ]
    if system is SystemName.ENGINE:  # of the others' scores nobody says how probable they are
        ranked = [_with_probabilities(one, options.policy) for one in ranked]
    qrels = {row.id: {str(i): one.label for i, one in enumerate(row.candidates)} for row in data.rows}
    measured = measure_rankings(qrels, {one.query_id: as_run(one.ids) for one in ranked}, _metrics(data))
    has_answer = np.array([any(one.label for one in row.candidates) for row in data.rows])
    metrics = {name: np.where(has_answer, values, np.nan).tolist() for name, values in measured.items()}
    facts = {"name": data.name, "kind": "rerank", "sha256": data.sha256, "n_turns": len(data.rows)}
    return run_of(text_facts("rerank", facts, system, options, encoder), ranked, metrics)


def _with_probabilities(found: RankedQuery, policy: Policy) -> RankedQuery:
    """How probable the engine would call each candidate."""
    stated = [policy.calibration.probability(score) for score in found.ranking.scores.tolist()]
    return replace(found, probabilities=stated)


def _metrics(data: RerankData) -> tuple[str, ...]:
    always_ten = all(len(row.candidates) == PUBLISHED_CANDIDATES for row in data.rows)
    return (*PUBLISHED_METRICS, *METRICS) if always_ten else METRICS


def _ranked(corpus: Corpus, rank: Rank, row: RerankRow, numbers: Sequence[int], asked: Asked) -> RankedQuery:
    """All candidates of a row in a system's order."""
    found = rank(asked, corpus.only(numbers), len(numbers))
    score_of = dict(zip(found.items.tolist(), found.scores.tolist(), strict=True))
    place_of = {item: place for place, item in enumerate(found.items.tolist())}
    worst = min(score_of.values(), default=0.0)
    order = sorted(range(len(numbers)), key=lambda i: (place_of.get(numbers[i], len(numbers)), i))
    scores = np.array([score_of.get(numbers[i], min(worst, 0.0)) for i in order])
    contributions = None
    if found.contributions is not None:
        width = found.contributions.shape[1]
        none = np.zeros(width)
        contributions = np.array(
            [found.contributions[place_of[numbers[i]]] if numbers[i] in place_of else none for i in order]
        ).reshape(len(order), width)
    ranking = Ranking(np.array([numbers[i] for i in order], np.int32), scores, contributions)
    relevant = [str(i) for i, one in enumerate(row.candidates) if one.label]
    texts = [row.candidates[i].text for i in order]
    return RankedQuery(row.id, asked.message, relevant, [str(i) for i in order], texts, ranking, len(order))
