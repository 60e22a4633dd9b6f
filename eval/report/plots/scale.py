"""From numbers to places on a drawing."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
FEWEST = 3
"""Powers of ten that make an axis."""
NOTHING = 1e-12
"""Numbers as small as this are zero to the eye."""
N_STEPS = 5
"""About as many as an axis is divided into."""


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high` laid out from `start` to `stop`; by powers of ten when `is_log`."""

    low: float
    high: float
    start: float
    stop: float
    is_log: bool = False

    @classmethod
    def around(cls, values: Iterable[float], start: float, stop: float) -> "Scale":
        """A scale with round ends that holds all values, of some width even when they are all alike."""
        known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(known), max(known)
        if math.isclose(low, high, rel_tol=1e-9, abs_tol=NOTHING):
            half = max(abs(low), abs(high)) / 2
            half = half if half > NOTHING else 0.5
            low, high = low - half, high + half
        step = _step(high - low, N_STEPS)
        return cls(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, start, stop)

    @classmethod
    def powers(cls, values: Iterable[float], start: float, stop: float) -> "Scale":
        """A scale by powers of ten from the smallest to the largest value; all must be above zero."""
        known = list(values)
        low, high = min(known), max(known)
        return cls(low, high if high > low else 10 * low, start, stop, is_log=True)

    def __call__(self, value: float) -> float:
        """The place of a number; beyond the ends it stays at the end."""
        low, high, at = (math.log10(one) if self.is_log else one for one in (self.low, self.high, value))
        share = (at - low) / (high - low)
        return self.start + min(1.0, max(0.0, share)) * (self.stop - self.start)

    def ticks(self, n_steps: int = N_STEPS) -> list[float]:
        """Round numbers along the scale, up to so many steps apart; of powers of ten all, with 2 and 5 between few."""
        if self.is_log:
            powers = _powers(self.low, self.high, (1.0,))
            return powers if len(powers) >= FEWEST else _powers(self.low, self.high, (1.0, 2.0, 5.0))
        step = _step(self.high - self.low, n_steps)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(position * step, 12) + 0.0 for position in range(first, last + 1)]


def _powers(low: float, high: float, multiples: Sequence[float]) -> list[float]:
    """The powers of ten, times each multiple, from low to high."""
    exponents = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    found = [multiple * 10.0**exponent for exponent in exponents for multiple in multiples]
    return [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]


def _step(width: float, n_steps: int) -> float:
    """The smallest round number that divides a width into no more than `n_steps`."""
    rough = width / n_steps
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in STEPS if step * power >= rough * (1 - 1e-9))
