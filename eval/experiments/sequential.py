"""Intervals that stay true however often one looks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.errors import DataError
from eval.statistics.estimate import Estimate

ALPHA = 0.05
MIN_UNITS = 10
"""In each arm; with fewer the variance is anyone's guess, and the interval is the whole line."""


@dataclass(frozen=True)
class Arm:
    """The units of one variant, each with one number: how many, their mean and their variance."""

    n: int
    mean: float
    variance: float

    @classmethod
    def of(cls, values: Sequence[float] | NDArray[np.float64]) -> "Arm":
        """The arm with these values, one a unit.

        Raises:
            DataError: a value is not finite.
        """
        array = np.asarray(values, np.float64)
        if not np.isfinite(array).all():
            unit = int(np.flatnonzero(~np.isfinite(array))[0])
            raise DataError("values of units", unit + 1, f"{array[unit]}", "finite numbers")
        n = len(array)
        return cls(n, float(array.mean()) if n else math.nan, float(array.var(ddof=1)) if n > 1 else math.nan)


@dataclass(frozen=True)
class Measured:
    """A number measured on `n` units, and its standard error, which is infinite while nothing can be told.

    That is so with few units, and while no two of them differ: ten customers who bought nothing do not prove that
    nobody ever will.
    """

    mean: float
    error: float
    n: int

    @classmethod
    def mean_of(cls, arm: Arm) -> "Measured":
        """The mean of one arm."""
        can_tell = arm.n >= MIN_UNITS and arm.variance > 0
        return cls(arm.mean, math.sqrt(arm.variance / arm.n) if can_tell else math.inf, arm.n)

    @classmethod
    def difference(cls, control: Arm, variant: Arm) -> "Measured":
        """Mean of the variant minus mean of the control; units are independent.

        An arm's variance counts for no less than that of both arms pooled: a small arm that has not met its rare large
        values yet looks far steadier than it is, which made a third of simulated experiments end in a false alarm.
        """
        n, mean = control.n + variant.n, variant.mean - control.mean
        if min(control.n, variant.n) < MIN_UNITS:
            return cls(mean, math.inf, n)
        pooled = ((control.n - 1) * control.variance + (variant.n - 1) * variant.variance) / (n - 2)
        squares = math.fsum(max(arm.variance, pooled) / arm.n for arm in (control, variant))
        return cls(mean, math.sqrt(squares) or math.inf, n)

    def minus(self, other: "Measured") -> "Measured":
        """How much larger this number is than one measured on other units."""
        return Measured(self.mean - other.mean, math.hypot(self.error, other.error), self.n + other.n)


@dataclass(frozen=True)
class Plan:
    """When the intervals shall be tightest: at so many units in both arms together. Fixed before anybody looks.

    A wrong guess costs width, not truth: at a tenth or ten times as many units an interval is at most a quarter wider
    than it could be.
    """

    n_units: int = 1000

    def __post_init__(self) -> None:
        if self.n_units < 1:
            raise DataError("plan", None, f"{self.n_units} units", "one or more")

    @property
    def mixing(self) -> float:
        """ρ² of the normal mixture that is tightest at `n_units` (Waudby-Smith et al., appendix B.2)."""
        wanted = -2 * math.log(ALPHA)
        return (wanted + math.log(wanted) + 1) / self.n_units

    def interval(self, measured: Measured) -> Estimate:
        """The always-valid interval of a number; the whole line while nothing can be told.

        An asymptotic confidence sequence: mean ± error √(2 (nρ² + 1) / (nρ²) · ln(√(nρ² + 1) / α))
        (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit theory and asymptotic confidence
        sequences, Annals of Statistics 52, 2024, theorem 2.2). The chance that any of the looks at a growing number of
        units misses the truth is at most α in the limit of many units.
        """
        if math.isinf(measured.error):
            return Estimate(measured.mean, -math.inf, math.inf, measured.n)
        reach = measured.error * math.sqrt(2 * self._spread(measured) * math.log(self._root(measured) / ALPHA))
        return Estimate(measured.mean, measured.mean - reach, measured.mean + reach, measured.n)

    def p_value(self, measured: Measured, null: float = 0.0) -> float:
        """The smallest α whose interval leaves out `null`; always valid, two-sided, 1 while nothing can be told."""
        if math.isinf(measured.error):
            return 1.0
        z = (measured.mean - null) / measured.error
        return min(1.0, self._root(measured) * math.exp(-z * z / (2 * self._spread(measured))))

    def p_value_above(self, measured: Measured, bound: float) -> float:
        """The p-value of the hypothesis that the number is `bound` or less; always valid."""
        return self.p_value(measured, bound) if measured.mean > bound else 1.0

    def _root(self, measured: Measured) -> float:
        return math.sqrt(measured.n * self.mixing + 1)

    def _spread(self, measured: Measured) -> float:
        return 1 + 1 / (measured.n * self.mixing)
