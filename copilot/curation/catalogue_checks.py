"""Where a script says something else than the catalogue, of the products it is linked to or names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.curation.objections import Objection, Severity
from copilot.engine.cards import ProductCard, read_products
from copilot.engine.compliance import price_contradiction
from knowledge.health.conflicts import contradictions
from knowledge.health.quantities import QuantityKind
from knowledge.health.stating import Stated, statements
from knowledge.index.view import CollectionView
from knowledge.library.content import ScriptContent
from knowledge.tables import Product
from knowledge.text import canonical, normalise, tokenise

COMPARED: Final = frozenset(
    {QuantityKind.DURATION, QuantityKind.WORKING_DAYS, QuantityKind.PERCENT, QuantityKind.DISCOUNT}
)
"""Prices are compared with the price column, which a description may not know of."""
N_NAMED: Final = 8
SHORTEST_NAME: Final = 3
IN_STOCK: Final = re.compile(r"现货|有货|库存充足|货源充足|马上(?:能|可以)?发|in stock|ready to ship")
LEFT: Final = re.compile(
    r"(?:仅剩|只剩|还剩|剩下?|库存(?:还有)?|last|only)\s*(\d{1,6})\s*(?:件|瓶|支|盒|个|份|套|双|left|in stock)"
)


@dataclass(frozen=True)
class Facts:
    """What the catalogue has on a product."""

    card: ProductCard
    stated: tuple[Stated, ...]

    @classmethod
    def of(cls, product: Product, card: ProductCard) -> "Facts":
        """The facts of a product; quantities stand in its description and attributes."""
        lines = [product.description, *(f"{name} {_plain(value)}" for name, value in product.attributes.items())]
        return cls(card, tuple(one for line in lines for one in statements(line)))


def catalogue_objections(
    session: Session, tenant_id: str, content: ScriptContent, products: CollectionView
) -> Iterator[Objection]:
    """Links to products that do not exist, then prices, stock, days and per cent that the catalogue denies."""
    linked = read_products(session, tenant_id, content.skus)
    for sku in content.skus:
        if sku not in linked:
            yield Objection(Severity.WARN, "sku", "no product has this number", sku, sku=sku)
    skus = [sku for sku in content.skus if sku in linked] or named_products(session, tenant_id, content.text, products)
    facts = _read_facts(session, tenant_id, skus)
    yield from _prices(content.text, [one.card for one in facts])
    for one in facts:
        yield from _stock(content.text, one.card)
        yield from _quantities(content.text, one)


def named_products(session: Session, tenant_id: str, text: str, products: CollectionView) -> list[str]:
    """The products on sale whose name stands in a text, among those that share the weightiest words with it."""
    hits = products.search_words("text", tokenise(text), None, N_NAMED)
    found = [products.item_id(item) for item in hits.items.tolist()]
    said = canonical(text)
    names = {sku: canonical(card.name) for sku, card in read_products(session, tenant_id, found).items()}
    return [sku for sku in found if len(names.get(sku, "")) >= SHORTEST_NAME and names[sku] in said]


def _read_facts(session: Session, tenant_id: str, skus: Sequence[str]) -> list[Facts]:
    if not skus:
        return []
    query = select(Product).where(col(Product.tenant_id) == tenant_id, col(Product.sku).in_(skus))
    cards = read_products(session, tenant_id, skus)
    rows = {row.sku: row for row in session.execute(query).scalars()}
    return [Facts.of(rows[sku], cards[sku]) for sku in skus if sku in rows and sku in cards]


def _prices(text: str, cards: Sequence[ProductCard]) -> Iterator[Objection]:
    """A price that is none of the products'."""
    denied = [(card, found) for card in cards if (found := price_contradiction(text, card)) is not None]
    if not denied or len(denied) < len(cards):
        return
    listed = "、".join(f"{card.name} {card.price}" for card, _ in denied)
    finding = denied[0][1]
    values = {"listed": listed}
    yield Objection(
        Severity(finding.severity), "price", f"the catalogue says {listed}", finding.words, values, sku=denied[0][0].sku
    )


def _stock(text: str, card: ProductCard) -> Iterator[Objection]:
    if card.stock is None:
        return
    plain = normalise(text)
    promise = IN_STOCK.search(plain)
    values = {"name": card.name, "stock": card.stock}
    if promise is not None and card.stock == 0:
        yield Objection(Severity.WARN, "stock", f"{card.name} is out of stock", promise.group(), values, sku=card.sku)
    for match in LEFT.finditer(plain):
        if int(match[1]) != card.stock:
            words = match.group()
            yield Objection(
                Severity.WARN, "stock_count", f"{card.stock} of {card.name} left", words, values, sku=card.sku
            )


def _quantities(text: str, facts: Facts) -> Iterator[Objection]:
    said = [one for one in statements(text) if one.quantity.kind in COMPARED]
    known = [one for one in facts.stated if one.quantity.kind in COMPARED]
    for ours, theirs in contradictions(said, known):
        values = {"name": facts.card.name, "theirs": theirs.written}
        plain = f"the catalogue says {theirs.written} of {facts.card.name}"
        yield Objection(Severity.WARN, "quantity", plain, ours.written, values, sku=facts.card.sku)


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
