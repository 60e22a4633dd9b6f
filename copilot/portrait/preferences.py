"""What a customer likes, with the rows it rests on: categories, brands, tags of products, price tiers, times of day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum

from copilot.curation.counts import share
from copilot.portrait.facts import Deed, Facts, Item, Saying
from eval.statistics.estimate import Estimate

WEIGHTS = {"order": 3.0, "message": 2.0, "event": 1.0}
"""What an order, a message that names it and a look say, beside each other."""
LIKING = frozenset({"view", "click", "dwell", "favourite", "favorite", "collect", "cart", "add_to_cart", "share"})
BAD_MARK = 3.0
"""A review with a mark of this or more likes the product; one with less does not count."""
MOST = 5
MOST_EVIDENCE = 12
FEWEST_PRICES = 3
"""In a category with fewer prices than this there are no tiers."""
SHORTEST_NAME = 2
SLOTS = ((5, "night"), (11, "morning"), (14, "noon"), (18, "afternoon"), (23, "evening"), (24, "night"))
"""Until which hour of the day each time lasts."""


class Dimension(StrEnum):
    """What a preference is about."""

    CATEGORY = "category"
    BRAND = "brand"
    TAG = "tag"
    TIER = "tier"
    TIME = "time"


@dataclass(frozen=True)
class Product:
    """What the catalogue says of something that was looked at or bought."""

    name: str = ""
    category: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    price_fen: int | None = None


@dataclass(frozen=True)
class Shelf:
    """The catalogue as far as this customer touched it; `prices_fen` holds all prices of each category, ascending."""

    products: Mapping[str, Product] = field(default_factory=dict)
    prices_fen: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def tier(self, product: Product) -> str:
        """The third of its category that the product's price lies in; empty when there is no telling."""
        prices = self.prices_fen.get(product.category, ())
        if product.price_fen is None or len(prices) < FEWEST_PRICES or prices[0] == prices[-1]:
            return ""
        n_cheaper = sum(one < product.price_fen for one in prices)
        n_dearer = sum(one > product.price_fen for one in prices)
        middle = (n_cheaper + len(prices) - n_dearer) / 2 / len(prices)
        return "low" if middle < 1 / 3 else "high" if middle > 2 / 3 else "middle"


@dataclass(frozen=True)
class Evidence:
    """One row that a preference rests on: an order, an event or a message."""

    kind: str
    ref: str
    at: datetime
    what: str


@dataclass(frozen=True)
class Preference:
    """Something the customer likes; `share` is the share of the orders that have it, empty without any order.

    `strength` adds three for each order, two for each message and one for each look, `n_evidence` counts them, and
    `evidence` holds the newest of them.
    """

    dimension: Dimension
    value: str
    strength: float
    n_evidence: int
    share: Estimate | None
    evidence: tuple[Evidence, ...]


def preferences_of(facts: Facts, now: datetime, shelf: Shelf, zone: tzinfo) -> dict[Dimension, list[Preference]]:
    """The strongest preferences of each dimension as of a moment, at most five, the strongest first."""
    known = facts.until(now)
    found: dict[tuple[Dimension, str], dict[str, Evidence]] = defaultdict(dict)
    for dimension, value, evidence in _everything(known, shelf, zone):
        if value.strip():
            found[dimension, value].setdefault(evidence.ref, evidence)
    by_dimension: dict[Dimension, list[Preference]] = {one: [] for one in Dimension}
    for (dimension, value), rows in found.items():
        by_dimension[dimension].append(_preference(dimension, value, list(rows.values()), len(known.kept)))
    return {
        dimension: sorted(ones, key=lambda one: (-one.strength, one.value))[:MOST]
        for dimension, ones in by_dimension.items()
    }


def _preference(dimension: Dimension, value: str, rows: list[Evidence], n_orders: int) -> Preference:
    n_with = sum(row.kind == "order" for row in rows)
    return Preference(
        dimension=dimension,
        value=value,
        strength=sum(WEIGHTS[row.kind] for row in rows),
        n_evidence=len(rows),
        share=share(n_with, n_orders),
        evidence=tuple(sorted(rows, key=lambda row: (row.at, row.ref), reverse=True)[:MOST_EVIDENCE]),
    )


_Found = Iterator[tuple[Dimension, str, Evidence]]


def _everything(known: Facts, shelf: Shelf, zone: tzinfo) -> _Found:
    for purchase in known.kept:
        ref = f"order:{purchase.order_id}"
        for item in purchase.items:
            evidence = Evidence("order", ref, purchase.ordered_at, item.name or item.sku)
            yield from _of_product(_bought(item, shelf), shelf, evidence)
        yield Dimension.TIME, slot_of(purchase.ordered_at, zone), Evidence("order", ref, purchase.ordered_at, "")
    for deed in known.deeds:
        if _likes(deed):
            product = shelf.products.get(deed.sku, Product())
            evidence = Evidence("event", f"event:{deed.id}", deed.at, product.name or deed.object)
            yield from _of_product(product, shelf, evidence)
    for saying in known.sayings:
        evidence = _said(saying)
        yield Dimension.TIME, slot_of(saying.at, zone), evidence
        yield from _named(saying.text.casefold(), shelf, evidence)


def _of_product(product: Product, shelf: Shelf, evidence: Evidence) -> _Found:
    yield Dimension.CATEGORY, product.category, evidence
    yield Dimension.BRAND, product.brand, evidence
    yield Dimension.TIER, shelf.tier(product), evidence
    for tag in product.tags:
        yield Dimension.TAG, tag, evidence


def _named(text: str, shelf: Shelf, evidence: Evidence) -> _Found:
    """Categories, brands and tags that a message names, of those this customer touched."""
    products = shelf.products.values()
    named = (
        (Dimension.CATEGORY, {one.category for one in products}),
        (Dimension.BRAND, {one.brand for one in products}),
        (Dimension.TAG, {tag for one in products for tag in one.tags}),
    )
    for dimension, values in named:
        for value in values:
            if len(value) >= SHORTEST_NAME and value.casefold() in text:
                yield dimension, value, evidence


def _bought(item: Item, shelf: Shelf) -> Product:
    known = shelf.products.get(item.sku)
    return known or Product(item.name, item.category, item.brand, item.tags, item.price_fen)


def _said(saying: Saying) -> Evidence:
    return Evidence("message", f"message:{saying.conversation_id}:{saying.position}", saying.at, saying.text)


def _likes(deed: Deed) -> bool:
    """Whether a deed speaks for the product it is about."""
    if deed.kind.casefold() == "review":
        try:
            return float(deed.value) >= BAD_MARK
        except ValueError:
            return False
    return deed.kind.casefold() in LIKING


def slot_of(at: datetime, zone: tzinfo) -> str:
    """The time of day in a zone: morning from 5, noon from 11, afternoon from 14, evening from 18, night from 23."""
    hour = at.astimezone(zone).hour
    return next(name for until, name in SLOTS if hour < until)
