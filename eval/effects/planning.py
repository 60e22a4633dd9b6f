"""How many more uses it would take to tell."""

import math

from scipy.stats import norm

from eval.effects.evidence import Evidence

POWER = 0.8


def more_uses(evidence: Evidence, level: float, worthwhile: float) -> int | None:
    """Further treated rows with which the effect would be told with a chance of 80 % at this level, from both sides.

    The effect is the one seen, or the smallest worthwhile one where that is larger. The error is taken to fall with
    the root of the rows, uses and ordinary replies growing alike. Rounded up to two digits; 0 where there are enough,
    None where rows are not what is missing.
    """
    if is_contradicted(evidence):
        return None
    if evidence.adjusted is None:
        planned = _error_of_plain_rates(evidence)
        if evidence.needed is None or planned is None:
            return evidence.needed
        return max(evidence.needed, _more(evidence.n_treated, planned, worthwhile, level))
    sought = max(abs(evidence.adjusted.effect.mean), worthwhile)
    return _more(evidence.n_treated, evidence.adjusted.standard_error, sought, level)


def is_contradicted(evidence: Evidence) -> bool:
    """Whether the contrast within agents clearly says the opposite of the adjusted effect."""
    adjusted = evidence.adjusted
    if adjusted is None or adjusted.within_agent is None:
        return False
    within = adjusted.within_agent
    return within.high < 0 < adjusted.effect.mean or adjusted.effect.mean < 0 < within.low


def _error_of_plain_rates(evidence: Evidence) -> float | None:
    if not (evidence.n_treated and evidence.n_comparison and evidence.variance):
        return None
    return math.sqrt(evidence.variance * (1 / evidence.n_treated + 1 / evidence.n_comparison))


def _more(n: int, error: float, sought: float, level: float) -> int:
    wanted = sought / float(norm.isf(level / 2) + norm.ppf(POWER))
    return _two_digits(max(0.0, n * ((error / wanted) ** 2 - 1)))


def _two_digits(value: float) -> int:
    unit = 10 ** max(0, math.floor(math.log10(value)) - 1) if value >= 1 else 1
    return int(math.ceil(value / unit) * unit)
