"""Queries won and lost, made ready to be read side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.report.plots.rows import across
from eval.report.plots.scale import Scale
from eval.report.report import Report
from eval.runs.answers import Answer, Answers, Reason, SideBySide

N_ANSWERS = 3
N_REASONS = 4
N_OPEN = 2


@dataclass(frozen=True)
class AnswerCard:
    """An answer with its rank, its largest reasons, and the sum of the others."""

    rank: int
    answer: Answer
    reasons: tuple[Reason, ...]
    n_others: int
    others: float


@dataclass(frozen=True)
class Side:
    """What one run suggested; `is_baseline` says which."""

    is_baseline: bool
    value: float
    cards: tuple[AnswerCard, ...]
    abstain_reason: str


@dataclass(frozen=True)
class Example:
    """One query with the baseline's side first; all contributions are drawn on one scale.

    `is_first` are the most telling ones, to be read without looking for them.
    """

    query: SideBySide
    is_won: bool
    is_first: bool
    sides: tuple[Side, Side]
    scale: Scale


def examples(report: Report) -> list[Example]:
    """The queries won, then those lost, each by most first."""
    return [
        *(_example(one, is_won=True, is_first=place < N_OPEN) for place, one in enumerate(report.won)),
        *(_example(one, is_won=False, is_first=place < N_OPEN) for place, one in enumerate(report.lost)),
    ]


def _example(query: SideBySide, *, is_won: bool, is_first: bool) -> Example:
    sides = _side(query.a, is_baseline=True), _side(query.b, is_baseline=False)
    amounts = [amount for side in sides for card in side.cards for amount in _amounts(card)]
    return Example(query, is_won, is_first, sides, across([0.0, *amounts]))


def _side(answers: Answers, *, is_baseline: bool) -> Side:
    """The first answers, and whichever right one stands further down."""
    ranked = enumerate(answers.replies or answers.products, start=1)
    kept = tuple(_card(rank, one) for rank, one in ranked if rank <= N_ANSWERS or one.is_relevant)
    return Side(is_baseline, answers.value, kept, answers.abstain_reason)


def _card(rank: int, answer: Answer) -> AnswerCard:
    ordered = sorted(answer.why, key=lambda one: -abs(one.contribution))
    # A single small reason takes no more room under its own name than as "others".
    n_shown = N_REASONS if len(ordered) > N_REASONS + 1 else len(ordered)
    others = ordered[n_shown:]
    return AnswerCard(rank, answer, tuple(ordered[:n_shown]), len(others), sum(one.contribution for one in others))


def _amounts(card: AnswerCard) -> Sequence[float]:
    return [*(one.contribution for one in card.reasons), card.others]
