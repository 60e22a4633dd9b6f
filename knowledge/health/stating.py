"""What a text states: its quantities, each with the clause it stands in."""

import re
from dataclasses import dataclass
from typing import Final

from knowledge.health import amounts, times
from knowledge.health.quantities import Quantity
from knowledge.text import normalise, tokenise

MARK: Final = "#"
_READ: Final = "\0"
_CLAUSE_ENDS: Final = re.compile(r"[，。；！？;!?\n]|,(?!\d{3})|\.(?!\d)")


@dataclass(frozen=True)
class Stated:
    """A quantity as it is written, from `start` to `end` of the normalised text, and the words of its clause."""

    quantity: Quantity
    written: str
    start: int
    end: int
    about: frozenset[str] = frozenset()


def statements(text: str) -> list[Stated]:
    """Every quantity of a text, in order; numbers without a unit, dates, ratios and ordinals are none."""
    plain = normalise(text)
    found = _found(plain)
    blank = list(plain)
    for one in found:
        blank[one.start : one.end] = " " * (one.end - one.start)
    return [_in_clause(one, "".join(blank)) for one in found]


def without_quantities(text: str) -> str:
    """The normalised text with a mark in place of each quantity, to compare what is said of them."""
    plain = normalise(text)
    parts, end = [], 0
    for one in _found(plain):
        parts += [plain[end : one.start], MARK]
        end = one.end
    return "".join([*parts, plain[end:]])


def _found(plain: str) -> list[Stated]:
    """The quantities in order of place; what one reading took, later ones do not see."""
    left, found = plain, []
    for reading in (*amounts.READINGS, *times.READINGS):
        for match in list(reading.pattern.finditer(left)):
            quantity = reading.read(match)
            if quantity is not None and _READ not in match.group():
                start, end = match.span()
                found.append(Stated(quantity, plain[start:end].strip(), start, end))
                left = left[:start] + _READ * (end - start) + left[end:]
    return sorted(found, key=lambda one: one.start)


def _in_clause(one: Stated, blank: str) -> Stated:
    ends = [0, *(match.end() for match in _CLAUSE_ENDS.finditer(blank)), len(blank)]
    start = max(end for end in ends if end <= one.start)
    stop = min(end for end in ends if end >= one.end)
    words = frozenset(word for word in tokenise(blank[start:stop]) if len(word) > 1)
    return Stated(one.quantity, one.written, one.start, one.end, words)
