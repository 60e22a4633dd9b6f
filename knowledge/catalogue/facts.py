"""What a product's row says, one fact at a time."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from knowledge.catalogue.amounts import Amount, Bound, read_amounts
from knowledge.catalogue.lexicon import Lexicon, any_of
from knowledge.text import normalise

CATEGORY: Final = "category"
BRAND: Final = "brand"
TAG: Final = "tag"
NAME: Final = "name"
KIND: Final = "kind"
"""What the end of a name says that a product is."""
YES: Final = "true"
NO: Final = "false"
MAX_VALUE_CHARACTERS: Final = 40
"""Longer texts are descriptions; only their amounts are facts."""
LARGEST_QUANTITY: Final = 10**15
"""Larger numbers are codes, of which nobody asks for more or less."""
MAX_DESCRIPTION: Final = 2_000
_SEPARATORS: Final = re.compile(r"[,，、;；|\n]|\s[-+/–—]\s|\+")
_UNIT_IN_NAME: Final = re.compile(r"[(（](?P<unit>[^()（）]{1,12})[)）]\s*$")
_CODES: Final = {"有": YES, "是": YES, "yes": YES, "true": YES, "无": NO, "否": NO, "没有": NO, "no": NO, "false": NO}
_DIGIT: Final = re.compile(r"\d")
_NEARBY: Final = 24


class Value(NamedTuple):
    """An attribute and a text it has, both as the catalogue writes them; `true` and `false` for yes and no."""

    attribute: str
    text: str


class Measure(NamedTuple):
    """An attribute that is counted in a unit, empty for plain numbers."""

    attribute: str
    unit: str


@dataclass(frozen=True)
class Quantity:
    """How much a product has of a measure, from `low` to `high`."""

    measure: Measure
    low: float
    high: float


@dataclass(frozen=True)
class ProductRow:
    """The columns of a product that customers ask for."""

    sku: str
    name: str
    category: str
    brand: str
    price_fen: int | None
    currency: str
    tags: tuple[str, ...]
    attributes: Mapping[str, object]
    description: str = ""

    @property
    def price(self) -> float:
        """In units of the currency; not a number when unknown."""
        return math.nan if self.price_fen is None else self.price_fen / 100


@dataclass(frozen=True)
class Facts:
    """Values and quantities."""

    values: tuple[Value, ...]
    quantities: tuple[Quantity, ...]


class Content(NamedTuple):
    """What stands under a name in a row; the kind keeps 1, 1.0 and true apart, which are equal."""

    name: str
    said: str | float
    kind: type
    is_line: bool = False


def contents_of(row: ProductRow) -> Iterator[Content]:
    """What a row has, column by column; lines of lists, the name and the description are told rather than named.

    The description speaks where there are no attributes.
    """
    yield Content(NAME, row.name, str, True)
    if not row.attributes and row.description:
        yield Content(NAME, row.description[:MAX_DESCRIPTION], str, True)
    for part in row.category.split("/"):
        yield Content(CATEGORY, part, str)
    yield Content(BRAND, row.brand, str)
    for tag in row.tags:
        yield Content(TAG, tag, str)
    for name, said in row.attributes.items():
        if isinstance(said, list):
            yield from (Content(name, one, type(one), True) for one in said if isinstance(one, str | int | float))
        elif isinstance(said, str | int | float):
            yield Content(name, said, type(said))


def facts_in(content: Content) -> Facts:
    """The facts that a content states, each once; of a name and a description only amounts."""
    values = () if content.name == NAME else _values(content.name, content.said)
    quantities = _quantities(content.name, content.said, is_line=content.is_line)
    return Facts(tuple(dict.fromkeys(values)), tuple(dict.fromkeys(quantities)))


def _values(attribute: str, content: str | float) -> Iterator[Value]:
    if isinstance(content, bool):
        yield Value(attribute, YES if content else NO)
        return
    for part in _parts(content) if isinstance(content, str) else _number_texts(content):
        yield Value(attribute, _CODES.get(part.casefold(), part))


def _number_texts(number: float) -> tuple[str, ...]:
    """A number as it is written; nothing for one too long for a value."""
    if isinstance(number, float):
        return (f"{number:g}",)
    return (str(number),) if abs(number) < 10**MAX_VALUE_CHARACTERS else ()


def _parts(text: str) -> tuple[str, ...]:
    """The whole text and, where it is a list, its parts."""
    parts = [part.strip() for part in _SEPARATORS.split(text)]
    return tuple(part for part in dict.fromkeys([text.strip(), *parts]) if 0 < len(part) <= MAX_VALUE_CHARACTERS)


def _quantities(attribute: str, content: str | float, *, is_line: bool) -> Iterator[Quantity]:
    if isinstance(content, bool) or _names_price(attribute):
        return
    if isinstance(content, str):
        yield from _told(content) if is_line else _written(attribute, content)
    elif abs(content) < LARGEST_QUANTITY:
        yield Quantity(Measure(attribute, _unit_in(attribute)), float(content), float(content))


@lru_cache(maxsize=4096)
def _names_price(attribute: str) -> bool:
    """Whether an attribute repeats the price, which has a column and a currency of its own."""
    return any_of(Lexicon.load().comparison["money_words"]).search(normalise(attribute)) is not None


def _written(attribute: str, content: str) -> list[Quantity]:
    """The amounts of an attribute that is a text, such as 7-9小时 and 256GB SSD + 1TB HDD."""
    if len(content) > MAX_VALUE_CHARACTERS * 2:
        return []
    own_unit = _unit_in(attribute)
    found = []
    for amount in read_amounts(normalise(content)):
        if amount.is_money or amount.is_vague_unit:
            continue
        if not amount.units and (own_unit or amount.end - amount.start == len(normalise(content))):
            found.append(Quantity(Measure(attribute, own_unit), *_limits(amount, 1.0)))
        for name, factor in amount.units[:1]:
            found.append(Quantity(Measure(attribute, name), *_limits(amount, factor)))
    return found


def _told(text: str) -> Iterator[Quantity]:
    """The amounts in a name, a line or a description; the words beside an amount say of what."""
    if not _DIGIT.search(text):
        return
    for part in filter(_DIGIT.search, _SEPARATORS.split(normalise(text))):
        for amount in read_amounts(part):
            if amount.units and not amount.is_money and not amount.is_vague_unit:
                name, factor = amount.units[0]
                yield Quantity(Measure(_subject(part, amount) or name, name), *_limits(amount, factor))


def _subject(text: str, amount: Amount) -> str:
    """The attribute group whose word stands nearest to an amount; empty where none does."""
    lexicon = Lexicon.load()
    near = [
        (max(match.start() - amount.end, amount.start - match.end()), lexicon.attribute_of[match.group()])
        for match in lexicon.attribute_pattern.finditer(text)
        if match.start() >= amount.end or match.end() <= amount.start
    ]
    distance, subject = min(near, default=(_NEARBY, ""))
    return subject if distance < _NEARBY else ""


@lru_cache(maxsize=4096)
def _unit_in(attribute: str) -> str:
    """The unit in an attribute's name: 发动机马力(Ps) is counted in hp."""
    match = _UNIT_IN_NAME.search(attribute)
    known = Lexicon.load().unit_words.get(normalise(match["unit"])) if match else None
    if not known:
        return ""
    return next((unit.name for unit, factor in known if factor == 1.0), "")


def _limits(amount: Amount, factor: float) -> tuple[float, float]:
    """What a product has: no more than 5 hours is from nothing to 5, about 5 is 5."""
    if amount.bound is Bound.ABOUT:
        return amount.low * factor, amount.high * factor
    low, high = amount.limits(factor)
    return max(0.0, low), high
