"""How strong a hidden cause would have to be to explain an effect away."""

import math

LEAST_RATE = 1e-6


def e_value(risk_ratio: float) -> float:
    """The E-value of a risk ratio: 1 says that no hidden cause is needed.

    A cause that nobody recorded would have to make both the choice of the reply and the outcome so many times more
    likely, beyond what was adjusted for, to make up the whole ratio (VanderWeele and Ding, Sensitivity Analysis in
    Observational Research: Introducing the E-Value, 2017).
    """
    ratio = max(risk_ratio, 1 / risk_ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def e_values(treated_rate: float, comparison_rate: float, low: float, high: float) -> tuple[float, float]:
    """The E-values of an effect and of the nearer end of its interval, which is 1 where the interval holds nought.

    The ends of the difference become ratios with the comparison rate held where it is, as VanderWeele and Ding propose.
    """
    nearer = 0.0 if low <= 0 <= high else min(low, high, key=abs)
    return _of_rates(treated_rate, comparison_rate), _of_rates(comparison_rate + nearer, comparison_rate)


def _of_rates(treated: float, comparison: float) -> float:
    return e_value(max(treated, LEAST_RATE) / max(comparison, LEAST_RATE))
