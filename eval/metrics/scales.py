"""What the values of a metric can be, and which way is better; known by the metric's name."""

import re
from typing import Final

LOWER_IS_BETTER: Final = frozenset({"Brier", "Brier-candidates", "ECE", "ECE-candidates", "ECE-debiased", "popularity"})
"""Of every other metric, more is better."""

SHARES: Final = frozenset(
    {"nDCG", "R", "P", "Success", "AP", "RR", "MRR", "Rprec", "shown", "acceptance", "keystrokes", "charF1", "ROUGE-L"}
    | {"diversity", "popularity", "Brier", "ECE", "AUROC", "coverage-precision"}
    | {"Brier-candidates", "ECE-candidates", "ECE-debiased"}
)
"""Metrics that lie within 0 to 1."""

WHERE_ANSWERED: Final = frozenset({"diversity", "novelty", "popularity", "Brier"})
"""Metrics that apply to a query only when something was answered, so to other queries with every system."""

_RECALL_IN_N: Final = re.compile(r"R\d+")


def is_lower_better(metric: str) -> bool:
    """Whether less of it is better."""
    return _family(metric) in LOWER_IS_BETTER


def applies_whatever_is_answered(metric: str) -> bool:
    """Whether the queries alone decide which of them the metric applies to."""
    return _family(metric) not in WHERE_ANSWERED


def range_of(metric: str) -> tuple[float, float] | None:
    """The least and greatest value it can have, None where that is not known."""
    family = _family(metric)
    return (0.0, 1.0) if family in SHARES or _RECALL_IN_N.fullmatch(family) else None


def _family(metric: str) -> str:
    return metric.split("@")[0]
