"""What two runs answered to the same query, side by side."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from eval.runs.run import Run


@dataclass(frozen=True)
class Reason:
    """What one feature adds to a score."""

    feature: str
    contribution: float


@dataclass(frozen=True)
class Answer:
    """One suggestion and the reasons for its place."""

    item_id: str
    text: str
    score: float
    probability: float | None
    is_relevant: bool
    why: tuple[Reason, ...]


@dataclass(frozen=True)
class Answers:
    """What one run suggested, best first, or why nothing."""

    value: float
    """Of the metric the runs are compared by."""
    replies: tuple[Answer, ...]
    products: tuple[Answer, ...]
    abstain_reason: str


@dataclass(frozen=True)
class SideBySide:
    """One query as two runs answered it."""

    query_id: str
    message: str
    sent: str
    a: Answers
    b: Answers

    @property
    def difference(self) -> float:
        return self.b.value - self.a.value

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**asdict(self), "difference": self.difference}


def side_by_side(a: Run, b: Run, metric: str, row: int) -> SideBySide:
    """The query in one row of two runs over the same queries.

    Raises:
        RunError: the metric was not measured.
    """
    ours, theirs = _row(a, row), _row(b, row)
    return SideBySide(
        query_id=ours["query_id"],
        message=ours["message"] or "",
        sent=ours["sent"] or "",
        a=_answers(ours, float(a.values(metric)[row])),
        b=_answers(theirs, float(b.values(metric)[row])),
    )


def _row(run: Run, row: int) -> dict[str, Any]:
    values: dict[str, Any] = run.table.slice(row, 1).to_pylist()[0]
    return values


def _answers(row: Mapping[str, Any], value: float) -> Answers:
    relevant = frozenset(row["relevant"] or ())
    return Answers(
        value=value,
        replies=tuple(_answer(one, relevant) for one in row["replies"] or ()),
        products=tuple(_answer(one, relevant) for one in row["products"] or ()),
        abstain_reason=row["abstain_reason"] or "",
    )


def _answer(ranked: Mapping[str, Any], relevant: frozenset[str]) -> Answer:
    return Answer(
        item_id=ranked["item_id"],
        text=ranked["text"] or "",
        score=ranked["score"],
        probability=ranked["probability"],
        is_relevant=ranked["item_id"] in relevant,
        why=tuple(Reason(part["feature"], part["contribution"]) for part in ranked["why"] or ()),
    )
