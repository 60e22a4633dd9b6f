"""The queries won and lost, both rankings side by side."""

from itertools import zip_longest

from eval.report import numbers
from eval.report.examples import AnswerCard, Example, Side, examples
from eval.report.markdown.writing import escaped, table
from eval.report.report import Report
from eval.report.words import Words


def rankings(report: Report, words: Words) -> list[str]:
    """A heading and a table for each query."""
    return [line for one in examples(report) for line in _example(one, report.primary, words)]


def _example(one: Example, metric: str, words: Words) -> list[str]:
    values = {"before": numbers.metric(one.query.a.value), "after": numbers.metric(one.query.b.value)}
    mark = f"▲ {words('examples.won')}" if one.is_won else f"▼ {words('examples.lost')}"
    baseline, run = ([_answer(card, words) for card in side.cards] or [_nothing(side, words)] for side in one.sides)
    return [
        f"### {mark}: {escaped(one.query.message) or escaped(one.query.query_id)}",
        "",
        f"{words('examples.change', metric=metric, **values)} · {escaped(one.query.query_id)}",
        *(["", f"{words('examples.sent')}: {escaped(one.query.sent)}"] if one.query.sent else []),
        *table([words("page.baseline"), words("page.this_run")], zip_longest(baseline, run, fillvalue=""), n_texts=2),
    ]


def _answer(card: AnswerCard, words: Words) -> str:
    mark = " ✓" if card.answer.is_relevant else ""
    parts = (
        f"{escaped(words.name('feature', one.feature))} {numbers.signed_amount(one.contribution)}"
        for one in card.reasons
    )
    score = words("examples.score", score=numbers.amount(card.answer.score))
    why = ", ".join([score, *parts])
    return f"{card.rank}.{mark} {escaped(card.answer.item_id)}: {escaped(card.answer.text)} ({why})"


def _nothing(side: Side, words: Words) -> str:
    if not side.abstain_reason:
        return words("examples.nothing")
    return words("examples.nothing_because", reason=escaped(words.reason("abstain", side.abstain_reason)))
