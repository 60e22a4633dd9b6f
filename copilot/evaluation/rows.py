"""Answers as rows of a run, with the metrics of each turn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from copilot.engine.answer import Contribution, SuggestionAnswer
from copilot.engine.eligibility import Place
from eval.datasets.turns import LoggedTurn
from eval.metrics.acceptance import acceptance, keystrokes_saved
from eval.metrics.beyond import diversity
from eval.metrics.ranking import as_run, measure_rankings
from eval.metrics.text import character_f1, rouge_l
from eval.runs.run import COLUMNS, FACTS, METRIC_PREFIX

RANKING_METRICS = ("Success@1", "Success@3", "RR@3", "nDCG@3")
LENGTHS = ((6, "1-5"), (16, "6-15"), (41, "16-40"))
LONGEST = "41 and more"
NAN = float("nan")


@dataclass(frozen=True)
class Answered:
    """One turn with the engine's answer, what it knew of customer and agent, and when each script was published."""

    turn: LoggedTurn
    at: datetime
    answer: SuggestionAnswer
    place: Place
    tenure: str
    published: Mapping[str, datetime]

    @property
    def relevant(self) -> list[str]:
        """The script the agent sent, if it was one."""
        return [self.turn.script_id] if self.turn.script_id else []

    @property
    def texts(self) -> list[str]:
        """The replies shown, best first."""
        return [reply.text for reply in self.answer.replies]


def query_rows(answered: Sequence[Answered]) -> pa.Table:
    """The rows of `queries.parquet`."""
    table = pa.Table.from_pylist([_row(one) for one in answered], COLUMNS)
    for name, values in _metrics(answered).items():
        table = table.append_column(METRIC_PREFIX + name, pa.array(values, pa.float64(), from_pandas=True))
    return table.append_column("facts", pa.array([_facts(one) for one in answered], FACTS))


def timing_rows(answered: Sequence[Answered]) -> pa.Table:
    """The rows of `timings.parquet`: milliseconds per stage and in total."""
    stages = sorted({stage for one in answered for stage in one.answer.timing_ms})
    columns: dict[str, Any] = {"query_id": [one.turn.id for one in answered]}
    for stage in stages:
        columns[stage] = [one.answer.timing_ms.get(stage, 0.0) for one in answered]
    columns["total"] = [sum(one.answer.timing_ms.values()) for one in answered]
    return pa.table(columns)


def _row(one: Answered) -> dict[str, Any]:
    turn, answer = one.turn, one.answer
    return {
        "query_id": turn.id,
        "conversation_id": turn.conversation_id,
        "customer_id": turn.customer_id,
        "agent_id": turn.agent_id,
        "at": turn.at,
        "message": turn.message,
        "sent": turn.sent,
        "relevant": one.relevant,
        "replies": [
            _ranked(reply.script_id, reply.version, reply.text, reply.score, reply.probability, reply.why)
            for reply in answer.replies
        ],
        "abstain_reason": answer.abstain_reason,
        "products": [
            _ranked(product.sku, 0, product.name, product.score, None, product.why) for product in answer.products
        ],
        "excluded": [{"item_id": gone.item_id, "rule": gone.rule} for gone in answer.excluded],
        "slice:tag": sorted(one.place.customer.tag_names),
        "slice:stage": [answer.stage] if answer.stage else [],
        "slice:scene": [answer.scene],
        "slice:channel": [one.place.channel] if one.place.channel else [],
        "slice:agent-tenure": [one.tenure],
        "slice:length": [length_label(turn.message)],
        "slice:decision": [turn.decision] if turn.decision else [],
    }


def length_label(message: str) -> str:
    """How long a message is, in characters."""
    return next((label for below, label in LENGTHS if len(message) < below), LONGEST)


def _ranked(
    item_id: str, version: int, text: str, score: float, probability: float | None, why: Iterable[Contribution]
) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "version": version,
        "text": text,
        "score": score,
        "probability": probability,
        "why": [{"feature": part.feature, "contribution": part.contribution} for part in why],
    }


def _facts(one: Answered) -> list[dict[str, Any]]:
    """The newest facts of each kind that the engine knew; none may be later than the turn."""
    customer = one.place.customer
    known = [("script", script_id, at) for script_id, at in sorted(one.published.items())]
    for kind, facts in (
        ("tag", [(fact.since, fact.tag) for fact in customer.tags]),
        ("order", [(line.ordered_at, line.order_id) for line in customer.bought]),
        ("event", [(event.at, event.kind) for event in customer.events]),
    ):
        if facts:
            at, name = max(facts)
            known.append((kind, name, at))
    return [{"kind": kind, "name": name, "at": at} for kind, name, at in known]


def _metrics(answered: Sequence[Answered]) -> dict[str, Sequence[float]]:
    """One value a turn for every metric, NaN where it does not apply."""
    return {
        **_ranking(answered),
        "shown": [float(bool(one.answer.replies)) for one in answered],
        "acceptance@1": [_acceptance(one, 1) for one in answered],
        "acceptance@3": [_acceptance(one, 3) for one in answered],
        "keystrokes": [keystrokes_saved(one.texts, one.turn.sent) for one in answered],
        "charF1@3": _of_sent(answered, lambda one: _best(character_f1, one)),
        "ROUGE-L@3": _of_sent(answered, lambda one: _best(rouge_l, one)),
        "diversity": [diversity(one.texts) if len(one.texts) > 1 else NAN for one in answered],
    }


def _ranking(answered: Sequence[Answered]) -> dict[str, Sequence[float]]:
    """Ranking metrics of the turns whose script is known."""
    judged = [position for position, one in enumerate(answered) if one.relevant]
    columns: dict[str, Sequence[float]] = {name: [NAN] * len(answered) for name in RANKING_METRICS}
    if not judged:
        return columns
    qrels = {answered[i].turn.id: dict.fromkeys(answered[i].relevant, 1) for i in judged}
    run = {answered[i].turn.id: as_run([r.script_id for r in answered[i].answer.replies]) for i in judged}
    for name, values in measure_rankings(qrels, run, RANKING_METRICS).items():
        column = np.full(len(answered), NAN)
        column[judged] = values
        columns[name] = column.tolist()
    return columns


def _acceptance(one: Answered, k: int) -> float:
    """Whether the agent would have found among the first `k` what was then accepted; NaN without a decision."""
    return (
        NAN
        if one.turn.decision is None
        else acceptance([reply.script_id for reply in one.answer.replies], one.turn.script_id, k)
    )


def _of_sent(answered: Sequence[Answered], measure: Callable[[Answered], float]) -> list[float]:
    """A metric of the turns whose sent text is known."""
    return [measure(one) if one.turn.sent else NAN for one in answered]


def _best(likeness: Callable[[str, str], float], one: Answered) -> float:
    """How like the sent text the likest reply shown is; 0 when none was."""
    return max((likeness(text, one.turn.sent) for text in one.texts), default=0.0)
