"""What a customer wishes for: criteria that a product meets or not, and at most one extreme."""

import math
from dataclasses import dataclass, replace
from typing import Final

from knowledge.catalogue.facts import CATEGORY, KIND, Measure, Value

PRICE: Final = Measure("price", "money")


@dataclass(frozen=True)
class Between:
    """One of some measures from `low` to `high`; `aim` is the number to be near, in the customer's `words`.

    Prices count only in `currencies`; empty means any.
    """

    words: str
    measures: tuple[Measure, ...]
    low: float
    high: float
    aim: float = math.nan
    currencies: frozenset[str] = frozenset()

    @property
    def subjects(self) -> frozenset[str]:
        return frozenset(measure.attribute for measure in self.measures)

    @property
    def is_decisive(self) -> bool:
        """Whether nobody would say it without asking for something: a limit of the price."""
        return self.measures == (PRICE,)

    @property
    def reference(self) -> str:
        """What to look up in a product's row."""
        measure = self.measures[0]
        name = "|".join(sorted(self.subjects))
        unit = "" if measure == PRICE else measure.unit
        if math.isinf(self.low):
            return f"{name}<={_number(self.high)}{unit}"
        if math.isinf(self.high):
            return f"{name}>={_number(self.low)}{unit}"
        return (
            f"{name}={_number(self.low)}..{_number(self.high)}{unit}"
            if self.low < self.high
            else (f"{name}={_number(self.low)}{unit}")
        )


@dataclass(frozen=True)
class Among:
    """One of some values, or with `is_refused` none of them."""

    words: str
    values: frozenset[Value]
    is_refused: bool = False

    @property
    def subjects(self) -> frozenset[str]:
        return frozenset(value.attribute for value in self.values)

    @property
    def is_decisive(self) -> bool:
        """Whether nobody would say it without asking for something."""
        return self.is_refused

    @property
    def is_category(self) -> bool:
        return not self.is_refused and not self.subjects.isdisjoint((CATEGORY, KIND))

    @property
    def reference(self) -> str:
        """What to look up in a product's row."""
        sign = "!=" if self.is_refused else "="
        told = sorted({f"{value.attribute}{sign}{value.text}" for value in self.values})
        return "|".join(told[:3])


@dataclass(frozen=True)
class Extreme:
    """The most or the least of a measure, among what meets the criteria."""

    words: str
    measures: tuple[Measure, ...]
    is_highest: bool

    @property
    def reference(self) -> str:
        """What to look up in products' rows."""
        return f"{self.measures[0].attribute}={'max' if self.is_highest else 'min'}"


Criterion = Between | Among


@dataclass(frozen=True)
class Wish:
    """All that a message asks of a product; `rest` are the words that state no criterion.

    Without `asks`, the message speaks of a product and asks for none.
    """

    criteria: tuple[Criterion, ...] = ()
    extreme: Extreme | None = None
    rest: str = ""
    asks: bool = False

    def __bool__(self) -> bool:
        return bool(self.criteria) or self.extreme is not None

    @property
    def names_kind(self) -> bool:
        return any(isinstance(one, Among) and one.is_category for one in self.criteria)

    def refining(self, earlier: "Wish") -> "Wish":
        """This wish with what was wished earlier and is not said anew; another kind of product begins anew."""
        if self.names_kind:
            return self
        own = frozenset[str]().union(*(one.subjects for one in self.criteria)) if self.criteria else frozenset()
        kept = tuple(one for one in earlier.criteria if not one.subjects & own)
        return replace(self, criteria=(*kept, *self.criteria))


def _number(number: float) -> str:
    return f"{number:.10g}"
