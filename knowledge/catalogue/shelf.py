"""The facts of some products the other way round: from value or measure to products."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue.facts import BRAND, KIND, Content, Measure, ProductRow, Value, contents_of, facts_in
from knowledge.catalogue.lexicon import Lexicon
from knowledge.catalogue.phrases import Vocabulary
from knowledge.index.strings import hashes64
from knowledge.text import normalise

_FIRST_HAN: Final = re.compile(r"[\u4e00-\u9fff]{3,}")
_FIRST_WORD: Final = re.compile(r"[a-z][a-z]+(?=[\s\-,]|$)")

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Column:
    """Of the products that have a measure: their numbers, and from how much to how much they have."""

    products: Numbers
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @cached_property
    def least(self) -> tuple[Numbers, NDArray[np.float64]]:
        """Each product once, with the least it has."""
        return self._once(self.low, np.minimum)

    @cached_property
    def most(self) -> tuple[Numbers, NDArray[np.float64]]:
        """Each product once, with the most it has; what is at least so much counts as so much."""
        return self._once(np.where(np.isfinite(self.high), self.high, self.low), np.maximum)

    def _once(self, ends: NDArray[np.float64], better: np.ufunc) -> tuple[Numbers, NDArray[np.float64]]:
        order = np.argsort(self.products, kind="stable")
        products, starts = np.unique(self.products[order], return_index=True)
        return products, better.reduceat(ends[order], starts)


@dataclass(frozen=True)
class Shelf:
    """Products 0 … n - 1 with the inverted lists of their facts; immutable."""

    rows: tuple[ProductRow, ...]
    prices: NDArray[np.float64]
    currencies: Mapping[str, NDArray[np.int32]]
    values: Mapping[Value, NDArray[np.int32]]
    columns: Mapping[Measure, Column]
    vocabulary: Vocabulary
    naming: "Naming"

    @classmethod
    def of(cls, rows: Iterable[ProductRow], naming: "Naming | None" = None) -> "Shelf":
        """The shelf of these products; how they are named is found out when not given."""
        known = tuple(rows)
        found = naming or Naming.of(known)
        values: dict[Value, list[Numbers]] = {}
        columns: dict[Measure, list[tuple[Numbers, float, float]]] = {}
        for content, listed in _by_content(known, found).items():
            facts, numbers = facts_in(content), np.array(listed, np.int32)
            for value in facts.values:
                values.setdefault(value, []).append(numbers)
            for quantity in facts.quantities:
                columns.setdefault(quantity.measure, []).append((numbers, quantity.low, quantity.high))
        return cls(
            known,
            np.array([row.price for row in known], np.float64),
            grouped(row.currency for row in known),
            {value: np.concatenate(lists) for value, lists in values.items()},
            {measure: _column(entries) for measure, entries in columns.items()},
            Vocabulary.of(values, columns),
            found,
        )

    @property
    def n_products(self) -> int:
        return len(self.rows)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each sku."""
        return {row.sku: number for number, row in enumerate(self.rows)}

    @cached_property
    def keys(self) -> NDArray[np.uint64]:
        """The hash of each sku, as the index looks them up."""
        return hashes64(row.sku for row in self.rows)

    @cached_property
    def key_order(self) -> NDArray[np.intp]:
        """The numbers in order of their hashes."""
        return np.argsort(self.keys, kind="stable")

    def priced_in(self, currencies: Iterable[str]) -> Mask:
        """Which products are priced in one of the currencies."""
        mask = np.zeros(self.n_products, np.bool_)
        for currency in currencies:
            if currency in self.currencies:
                mask[self.currencies[currency]] = True
        return mask

    def having(self, values: Iterable[Value]) -> Mask:
        """Which products have one of the values."""
        mask = np.zeros(self.n_products, np.bool_)
        for value in values:
            if value in self.values:
                mask[self.values[value]] = True
        return mask

    def within(self, measures: Iterable[Measure], low: float, high: float) -> Mask:
        """Which products surely have between `low` and `high` of one of the measures."""
        mask = np.zeros(self.n_products, np.bool_)
        for measure in measures:
            column = self.columns.get(measure)
            if column is not None:
                mask[column.products[(column.low >= low) & (column.high <= high)]] = True
        return mask

    def extent(self, measures: Iterable[Measure], *, highest: bool) -> NDArray[np.float64]:
        """How much each product has, its most (or least) where it says several things; not a number when unknown."""
        found, better = np.full(self.n_products, np.nan), np.fmax if highest else np.fmin
        for measure in measures:
            column = self.columns.get(measure)
            if column is None:
                continue
            products, ends = column.most if highest else column.least
            found[products] = better(found[products], ends)
        return found


@dataclass(frozen=True)
class Naming:
    """What names say besides: brands that several begin with, where none is told, and kinds that several end with."""

    brands: frozenset[str]
    kinds: frozenset[str]

    @classmethod
    def of(cls, rows: Sequence[ProductRow]) -> "Naming":
        """How these products are named."""
        words = Counter(word for row in rows if (word := _first_word(row.name)))
        ends = Counter(end for row in rows for end in _ends(row.name))
        common = frozenset(Lexicon.load().talk["common"])
        is_told = any(row.brand for row in rows)
        return cls(
            frozenset() if is_told else frozenset(word for word, n in words.items() if n > 1) - common,
            frozenset(end for end, n in ends.items() if n > 1),
        )

    def contents(self, name: str) -> Iterator[Content]:
        """What a name says."""
        if self.brands and (word := _first_word(name)) in self.brands:
            yield Content(BRAND, word, str)
        yield from (Content(KIND, end, str) for end in _ends(name) if end in self.kinds)


def _by_content(rows: Sequence[ProductRow], naming: Naming) -> dict[Content, list[int]]:
    """The numbers of the products with each content: thousands of products have few different ones."""
    groups: dict[Content, list[int]] = {}
    for number, row in enumerate(rows):
        for content in chain(contents_of(row), naming.contents(row.name)):
            groups.setdefault(content, []).append(number)
    return groups


def _first_word(name: str) -> str:
    match = _FIRST_WORD.match(normalise(name))
    return match.group() if match else ""


def _ends(name: str) -> list[str]:
    """The last two to four Chinese characters of the first part of a name, which as a rule say what the thing is."""
    match = _FIRST_HAN.search(name)
    return [match.group()[-length:] for length in range(2, 5) if len(match.group()) > length] if match else []


def grouped(labels: Iterable[str]) -> dict[str, NDArray[np.int32]]:
    """The numbers of the products with each label."""
    groups: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        groups.setdefault(label, []).append(number)
    return {label: np.array(numbers, np.int32) for label, numbers in groups.items()}


def _column(entries: Sequence[tuple[Numbers, float, float]]) -> Column:
    sizes = [len(numbers) for numbers, _, _ in entries]
    low, high = (np.repeat(np.array([entry[end] for entry in entries], np.float64), sizes) for end in (1, 2))
    return Column(np.concatenate([numbers for numbers, _, _ in entries]), low, high)
