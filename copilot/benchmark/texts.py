"""Distinct texts of realistic lengths: topics (a product and an intent) become triggers, replies and messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from copilot.benchmark.vocabulary import (
    BRANDS,
    CLOSINGS,
    GREETINGS,
    INTENTS,
    INTENTS_EN,
    KINDS,
    KINDS_EN,
    LEAD_INS,
    SERIES,
    SERIES_EN,
    SIZES,
    TAILS,
    Intent,
)

N_TRIGGERS = 3
ENGLISH_EVERY = 20
"""One topic in so many is English."""
CATEGORY_OF = {kind: category for category, kinds in KINDS.items() for kind in kinds}
N_PRODUCT_NAMES = len(CATEGORY_OF) * len(SERIES) * len(SIZES) * len(BRANDS)


@dataclass(frozen=True)
class Topic:
    """What a script is about; no two topics of one library are equal."""

    number: int
    name: str
    intent: Intent
    is_english: bool

    @property
    def triggers(self) -> tuple[str, ...]:
        """Three different ways to ask."""
        first = self.number % len(self.intent.triggers)
        wordings = [self.intent.triggers[(first + step) % len(self.intent.triggers)] for step in range(N_TRIGGERS)]
        return tuple(wording.format(self.name) if self.is_english else self.name + wording for wording in wordings)

    @property
    def reply(self) -> str:
        """An answer of 40 to 100 characters; a fifth of them address the customer by name."""
        if self.is_english:
            return self.intent.answer.format(self.name)
        greeting = GREETINGS[self.number % len(GREETINGS)]
        closing = CLOSINGS[self.number // len(GREETINGS) % len(CLOSINGS)]
        return f"{greeting}{self.name}这款{self.intent.answer}。{closing}"

    def message(self, number: int) -> str:
        """One of several ways in which a customer would bring the topic up; never a trigger."""
        wording = self.intent.messages[number % len(self.intent.messages)]
        if self.is_english:
            return wording.format(self.name)
        lead, tail = LEAD_INS[number % len(LEAD_INS)], TAILS[number // len(LEAD_INS) % len(TAILS)]
        return f"{lead}{self.name}{wording}{tail}"


@dataclass(frozen=True)
class ProductName:
    """A product as its number determines it; numbers below `N_PRODUCT_NAMES` give distinct names."""

    brand: str
    series: str
    kind: str
    size: str

    @classmethod
    def of(cls, number: int) -> "ProductName":
        """The product of a number; the short names without a size come first, then the other sizes and brands."""
        number, kind = divmod(number, len(CATEGORY_OF))
        number, series = divmod(number, len(SERIES))
        brand, size = divmod(number, len(SIZES))
        return cls(BRANDS[brand % len(BRANDS)], SERIES[series], tuple(CATEGORY_OF)[kind], SIZES[size])

    @property
    def category(self) -> str:
        return CATEGORY_OF[self.kind]

    @property
    def spoken(self) -> str:
        """As customers and scripts call it."""
        return f"{self.series}{self.kind}{self.size}"

    @property
    def full(self) -> str:
        """As the catalogue calls it."""
        return f"{self.brand}{self.spoken}"


def topics(n: int, rng: np.random.Generator) -> list[Topic]:
    """`n` distinct topics in random order, the shortest names that suffice."""
    n_english = n // ENGLISH_EVERY
    n_chinese = n - n_english
    n_names = max(1, -(-n_chinese // len(INTENTS)))
    drawn = rng.permutation(n_names * len(INTENTS))[:n_chinese].tolist()
    chinese = (divmod(value, len(INTENTS)) for value in drawn)
    numbered = [(ProductName.of(name).spoken, INTENTS[intent], False) for name, intent in chinese]
    numbered += [(name, intent, True) for name, intent in islice(_english(), n_english)]
    order = rng.permutation(n)
    return [Topic(number, *numbered[place]) for number, place in enumerate(order.tolist())]


def _english() -> Iterator[tuple[str, Intent]]:
    """Every English product with every intent, short names first."""
    number = 0
    while True:
        for series in SERIES_EN:
            for kind in KINDS_EN:
                name = f"{series} {kind}{f' No. {number}' if number else ''}"
                for intent in INTENTS_EN:
                    yield name, intent
        number += 1
