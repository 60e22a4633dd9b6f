"""The sections that consist of numbers."""

from collections.abc import Sequence

from eval.report import numbers
from eval.report.markdown.writing import escaped, literal, table
from eval.report.report import Report
from eval.report.sentences import coverage_sentence, difference_name, growth_sentence
from eval.report.slices import Part, SliceTable
from eval.report.verdict import changed_slices, overall
from eval.report.words import Words
from eval.runs.compare import Difference
from eval.statistics.estimate import Estimate


def metrics(report: Report, words: Words) -> list[str]:
    """Every metric with its interval, and what it says."""
    head = [words(f"metrics.{name}") for name in ("metric", "n", "mean", "interval")]
    rows = ([name, numbers.count(one.n), *_mean(one)] for name, one in report.metrics.items())
    told = ((name, words.measure(name)) for name in report.metrics)
    return [*table(head, rows), *(f"- {name}: {text}" for name, text in told if text)]


def comparison(report: Report, words: Words) -> list[str]:
    """The differences to the baseline, over all queries and in the slices that clearly changed."""
    if report.comparison is None:
        return []
    changed = changed_slices(report.comparison)
    return [
        words("comparison.lead", n=numbers.count(report.n_queries)),
        *_differences(overall(report.comparison), words),
        *([words("comparison.changed", n=len(changed)), *_differences(changed, words)] if changed else []),
        *([words("comparison.unchanged")] if report.slices and not changed else []),
    ]


def slices(report: Report, words: Words) -> list[str]:
    """The primary metric in every part of the data."""
    return [line for one in report.slices for line in _slice_table(one, words)]


def calibration(report: Report, words: Words) -> list[str]:
    """Stated against actual probability, and coverage against precision."""
    found = report.certainty
    if found is None:
        return []
    ece = {"ece": numbers.metric(found.ece.mean), "interval": numbers.interval(found.ece.low, found.ece.high)}
    bins = (
        [
            f"{numbers.metric(one.low)} – {numbers.metric(one.high)}",
            numbers.count(one.n),
            numbers.metric(one.mean_probability),
            numbers.metric(one.share_correct),
        ]
        for one in found.bins
    )
    points = ([numbers.metric(value) for value in (one.coverage, one.threshold, one.precision)] for one in found.points)
    return [
        words("calibration.text", n=numbers.count(found.ece.n), **ece),
        *table([words(f"calibration.{name}") for name in ("bin", "bin_n", "bin_mean", "bin_right")], bins),
        coverage_sentence(report, words),
        *table([words(f"coverage.{name}") for name in ("coverage", "column_threshold", "precision")], points),
    ]


def growth(report: Report, words: Words) -> list[str]:
    """A metric at growing sizes of the library."""
    growth = report.growth
    if growth is None:
        return []
    head = [words("growth.series"), words("growth.size"), growth.metric, words("metrics.interval"), words("metrics.n")]
    rows = (
        [escaped(one.system), numbers.count(size.n_items), *_mean(size.estimate), numbers.count(size.estimate.n)]
        for one in growth.systems
        for size in one.sizes
    )
    return [*(f"- {literal(growth_sentence(growth.metric, one, words))}" for one in growth.systems), *table(head, rows)]


def abstentions(report: Report, words: Words) -> list[str]:
    """How often nothing was suggested, and why."""
    found = report.abstentions
    if found is None:
        return []
    counts = {"n": numbers.count(found.n), "n_queries": numbers.count(found.n_queries)}
    rows = (
        [escaped(words.name("abstain", one.reason)), numbers.count(one.n), numbers.share(one.n / found.n_queries)]
        for one in found.reasons
    )
    head = [words(f"abstentions.{name}") for name in ("reason", "n", "share")]
    return [words("abstentions.lead", share=numbers.share(found.share), **counts), *table(head, rows)]


def timing(report: Report, words: Words) -> list[str]:
    """Milliseconds of each stage."""
    if report.timing is None:
        return []
    rows = [
        [
            escaped(one.stage),
            *(numbers.milliseconds(value) for value in (one.spread_ms.p50, one.spread_ms.p95, one.spread_ms.p99)),
            numbers.count(one.spread_ms.n),
        ]
        for one in report.timing.all
    ]
    return table([words(f"timing.{name}") for name in ("stage", "p50", "p95", "p99", "n")], rows)


def _differences(differences: Sequence[Difference], words: Words) -> list[str]:
    names = ("metric", "before", "after", "difference", "interval", "p", "p_adjusted", "won", "tied", "lost")
    return table([words(f"comparison.{name}") for name in names], (_difference(one, words) for one in differences))


def _difference(one: Difference, words: Words) -> list[str]:
    return [
        escaped(difference_name(one, words)),
        numbers.metric(one.mean_a),
        numbers.metric(one.mean_b),
        *_change(one.difference),
        numbers.probability(one.p),
        numbers.probability(one.p_adjusted),
        *(numbers.count(n) for n in (one.n_won, one.n_tied, one.n_lost)),
    ]


def _slice_table(found: SliceTable, words: Words) -> list[str]:
    caption = words("slices.caption", metric=found.metric, slicing=words.name("slicing", found.slice))
    head = [words(f"slices.{name}") for name in ("label", "n", "estimate", "interval")]
    head += [words(f"slices.{name}") for name in ("difference", "interval", "p_adjusted")] if found.changes else []
    rows = [_part(one, one is found.whole, words, is_compared=bool(found.changes)) for one in found.shown]
    return [f"### {caption}", *table(head, rows)]


def _part(one: Part, is_whole: bool, words: Words, *, is_compared: bool) -> list[str]:
    label = words("slices.whole") if is_whole else escaped(one.label)
    cells = [label, numbers.count(one.n_counted), *(_mean(one.estimate) if one.estimate else [numbers.NONE] * 2)]
    if not is_compared:
        return cells
    change = one.change
    return cells + (
        [*_change(change.difference), numbers.probability(change.p_adjusted)] if change else [numbers.NONE] * 3
    )


def _mean(one: Estimate) -> list[str]:
    return [numbers.metric(one.mean), numbers.interval(one.low, one.high)]


def _change(one: Estimate) -> list[str]:
    return [numbers.signed(one.mean), numbers.signed_interval(one.low, one.high)]
