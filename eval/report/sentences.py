"""What the report says in whole sentences."""

from collections.abc import Sequence

from eval.report import numbers
from eval.report.growth import Growth
from eval.report.report import Report
from eval.report.verdict import outcome
from eval.report.words import Words, split_measure
from eval.runs.compare import Difference
from eval.statistics.estimate import Estimate

N_NAMED = 3
PLAIN = ("P@1", "Success@1", "Success@3", "Success@5", "Success@10", "acceptance@3", "acceptance@1")
"""Metrics that say of how many messages something holds, the plainest first."""


def verdict_sentence(report: Report, words: Words) -> str:
    """The verdict as one sentence."""
    own = report.verdict.primary
    if own is None:
        return _alone(report, words) + words("verdict.end")
    kind = "same" if report.verdict.kind == "same" else outcome(own)
    values = _change(own)
    return words(f"verdict.{kind}", metric=own.metric, **values) + _others(report, words) + words("verdict.end")


def plain_sentence(report: Report, words: Words) -> str:
    """What it means for a hundred messages; empty without a metric that says so, or where nothing clearly changed."""
    if report.verdict.kind in ("unclear", "same"):
        return ""
    metrics = report.summary.whole.metrics
    metric = next((one for one in PLAIN if one in metrics), None)
    if metric is None:
        return ""
    name, k = ("P", "1") if metric == "Success@1" else split_measure(metric)
    compared = report.comparison.differences if report.comparison else ()
    change = next((one for one in compared if one.slice is None and one.metric == metric), None)
    if change is None:
        return words(f"verdict.plain_alone_{name}", k=k, after=_of_a_hundred(metrics[metric].mean))
    before, after = _of_a_hundred(change.mean_a), _of_a_hundred(change.mean_b)
    return words(f"verdict.plain_{name}", k=k, before=before, after=after)


def difference_name(one: Difference, words: Words) -> str:
    """A metric, with its slice if it is one's."""
    if one.slice is None:
        return one.metric
    slicing = words.name("slicing", one.slice)
    return words("verdict.in_slice", metric=one.metric, slicing=slicing, label=one.label)


def coverage_sentence(report: Report, words: Words) -> str:
    """What the threshold does."""
    certainty = report.certainty
    if certainty is None or certainty.threshold is None:
        return words("coverage.text")
    threshold = f"{certainty.threshold:.2f}"
    if certainty.chosen is None:
        return words("coverage.text_nothing", threshold=threshold)
    coverage, precision = numbers.share(certainty.chosen.coverage), numbers.share(certainty.chosen.precision)
    return words("coverage.text_threshold", threshold=threshold, coverage=coverage, precision=precision)


def range_words(estimate: Estimate, words: Words) -> str:
    """From where to where an interval reaches."""
    return words("metrics.range", low=numbers.metric(estimate.low), high=numbers.metric(estimate.high))


def growth_sentence(metric: str, growth: Growth, words: Words) -> str:
    """From the smallest library to the largest."""
    first, last = growth.sizes[0], growth.sizes[-1]
    return words(
        "growth.text",
        metric=metric,
        system=growth.system,
        first=numbers.count(first.n_items),
        last=numbers.count(last.n_items),
        before=numbers.metric(first.estimate.mean),
        after=numbers.metric(last.estimate.mean),
    )


def method(report: Report, words: Words) -> dict[str, str]:
    """How the numbers of this report are computed: what, and how."""
    comparison = report.comparison
    is_there = {
        "interval": True,
        "difference": comparison is not None,
        "test": comparison is not None,
        "calibration": report.certainty is not None,
        "coverage": report.certainty is not None,
        "timing": report.timing is not None,
    }
    values = {
        "cluster": words.name("cluster", report.summary.by),
        "n": numbers.count(len(comparison.differences)) if comparison else "",
        "correction": words.name("correction", comparison.correction) if comparison else "",
    }
    told = (name for name, is_told in is_there.items() if is_told)
    return {words(f"method.{name}"): words(f"method.{name}_text", **values) for name in told}


def limits(report: Report, words: Words) -> list[str]:
    """What the numbers cannot say."""
    return [words(f"limit.{name}") for name in ("judged", "offline", *(["slices"] if report.slices else []))]


def _alone(report: Report, words: Words) -> str:
    own = report.summary.whole.metrics[report.primary]
    ends = {"low": numbers.metric(own.low), "high": numbers.metric(own.high)}
    return words("verdict.alone", metric=report.primary, mean=numbers.metric(own.mean), n=numbers.count(own.n), **ends)


def _change(own: Difference) -> dict[str, str]:
    return {
        "before": numbers.metric(own.mean_a),
        "after": numbers.metric(own.mean_b),
        "difference": numbers.signed(own.difference.mean),
        "low": numbers.signed(own.difference.low),
        "high": numbers.signed(own.difference.high),
    }


def _others(report: Report, words: Words) -> str:
    verdict = report.verdict
    if verdict.losses and verdict.kind != "worse":
        return words("verdict.losses", names=_names(verdict.losses, words))
    if verdict.kind == "better":
        return words("verdict.no_losses")
    return words("verdict.gains", names=_names(verdict.gains, words)) if verdict.gains else ""


def _names(differences: Sequence[Difference], words: Words) -> str:
    names = [difference_name(one, words) for one in differences[:N_NAMED]]
    if len(differences) > N_NAMED:
        names.append(words("verdict.more", n=len(differences) - N_NAMED))
    if len(names) == 1:
        return names[0]
    return words("verdict.joined", first=words("verdict.comma").join(names[:-1]), last=names[-1])


def _of_a_hundred(share: float) -> str:
    return f"{100 * share:.0f}"
