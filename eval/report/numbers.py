"""How numbers are written, the same on every page of the report."""

import math

MINUS = "\u2212"
NONE = "–"
"""Where there is no number."""
SMALLEST_P = 0.001


def metric(value: float) -> str:
    """A metric such as 0.612."""
    return _decimals(value, 3)


def signed(value: float) -> str:
    """A difference such as +0.032 or −0.004."""
    return _signed(value, 3)


def interval(low: float, high: float) -> str:
    """An interval of metrics."""
    return f"[{metric(low)}, {metric(high)}]"


def signed_interval(low: float, high: float) -> str:
    """An interval of differences."""
    return f"[{signed(low)}, {signed(high)}]"


def count(n: int) -> str:
    """A number of things, with its thousands apart."""
    return f"{n:,}"


def share(value: float) -> str:
    """A share as a percentage without decimals, except near the ends, where these would mislead."""
    if 0 < value < 0.001:
        return "< 0.1%"
    if 0.999 < value < 1:
        return "> 99.9%"
    return f"{value:.1%}" if 0 < value < 0.01 or 0.99 < value < 1 else f"{value:.0%}"


def probability(p: float) -> str:
    """A p-value; below a thousandth only that it is."""
    return f"< {SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def milliseconds(value: float) -> str:
    """A duration with about three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def amount(value: float) -> str:
    """A score, in hundredths."""
    return _decimals(value, 2)


def signed_amount(value: float) -> str:
    """What one feature adds to a score."""
    return _signed(value, 2)


def signed_tick(value: float) -> str:
    """A difference on an axis."""
    return f"+{tick(value)}" if value > 0 else tick(value)


def tick(value: float) -> str:
    """A number on an axis, as short as it can be."""
    return f"{value:,.10g}".replace("-", MINUS)


def _signed(value: float, n: int) -> str:
    written = _decimals(value, n)
    return f"+{written}" if value > 0 and _says_more_than_zero(written) else written


def _decimals(value: float, n: int) -> str:
    if math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    written = f"{abs(value):,.{n}f}"
    return MINUS + written if value < 0 and _says_more_than_zero(written) else written


def _says_more_than_zero(written: str) -> bool:
    return any(digit in "123456789∞" for digit in written)
