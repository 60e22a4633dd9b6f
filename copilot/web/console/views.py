"""What the templates show: the engine's answer and the database's rows, made ready to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from copilot.engine.answer import Contribution, ProductSuggestion, Reply, SuggestionAnswer
from copilot.engine.cards import price_text
from copilot.engine.context import Bought, CustomerContext
from copilot.web.pages.highlight import Piece, highlight
from copilot.web.pages.translation import Words

N_BARS = 3
HALF = 50.0
"""A bar is a hundred wide with zero in the middle when anything is negative."""
N_ORDER_LINES = 8
N_EVENTS = 6
SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}


@dataclass(frozen=True)
class Bar:
    """A contribution drawn as a bar from `start`, `width` wide, of a hundred."""

    label: str
    value: str
    start: float
    width: float
    is_negative: bool


@dataclass(frozen=True)
class Card:
    """A reply with its reasons."""

    reply: Reply
    percent: int
    kind: str
    source: str
    bars: list[Bar]
    more_bars: list[Bar]
    matched: list[list[Piece]]


@dataclass(frozen=True)
class ProductCardView:
    """A product with its price as read aloud, its reasons, and where customers may look at it."""

    product: ProductSuggestion
    price: str
    url: str
    name: list[Piece]
    bars: list[Bar]

    @property
    def mention(self) -> str:
        """The product as it stands in a reply: name and price on one line, on the next its address, if a whole one."""
        address = self.url if self.url.startswith(("https://", "http://")) else ""
        return "\n".join(line for line in (f"{self.product.name} {self.price}".strip(), address) if line)


@dataclass(frozen=True)
class AnswerView:
    """Everything beside a conversation."""

    answer: SuggestionAnswer
    cards: list[Card]
    products: list[ProductCardView]
    reason: str
    products_reason: str
    excluded: list[tuple[str, str]]
    is_dismissed: bool
    total_ms: int


@dataclass(frozen=True)
class OrderLineView:
    """One line of an order."""

    line: Bought
    name: str
    status: str
    amount: str


def answer_view(
    answer: SuggestionAnswer,
    dismissed: frozenset[tuple[str, int | None]],
    words: Words,
    *,
    urls: Mapping[str, str],
) -> AnswerView:
    """The answer without what the agent has dismissed; `urls` are the addresses of those products that have one."""
    replies = [reply for reply in answer.replies if ("reply", reply.rank) not in dismissed]
    products = [one for one in answer.products if ("product", one.rank) not in dismissed]
    is_dismissed = ("reply", None) in dismissed or (bool(answer.replies) and not replies)
    return AnswerView(
        answer=answer,
        cards=[] if is_dismissed else [_card(reply, answer.message, words) for reply in replies],
        products=[_product(one, answer.message, urls.get(one.sku, ""), words) for one in products],
        reason=words.reason("abstain", answer.abstain_reason),
        products_reason=words.reason("products_reason", answer.products_reason),
        excluded=[(one.item_id, words.rule(one.rule)) for one in answer.excluded],
        is_dismissed=is_dismissed,
        total_ms=max(1, round(sum(answer.timing_ms.values()))),
    )


def bars_of(why: Sequence[Contribution], words: Words) -> list[Bar]:
    """The contributions as bars on one scale."""
    largest = max((abs(part.contribution) for part in why), default=0.0) or 1.0
    has_negative = any(part.contribution < 0 for part in why)
    room, zero = (HALF, HALF) if has_negative else (2 * HALF, 0.0)
    return [_bar(part, room / largest, zero, words) for part in why]


def money(price: str | None, currency: str) -> str:
    """A price with its currency; empty when unknown."""
    if price is None:
        return ""
    return f"{SYMBOLS[currency]}{price}" if currency in SYMBOLS else f"{price} {currency}"


def order_lines(customer: CustomerContext, names: Mapping[str, str], words: Words) -> list[OrderLineView]:
    """The latest order lines of a customer."""
    return [
        OrderLineView(
            line=line,
            name=names.get(line.sku, line.sku),
            status=words.name("order", line.status),
            amount=money(price_text(line.amount_fen), "CNY"),
        )
        for line in customer.bought[:N_ORDER_LINES]
    ]


def _card(reply: Reply, message: str, words: Words) -> Card:
    return Card(
        reply=reply,
        percent=round(100 * reply.probability),
        kind=words.name("kind", reply.kind),
        source=source_of(reply, words),
        bars=bars_of(reply.why[:N_BARS], words),
        more_bars=bars_of(reply.why[N_BARS:], words),
        matched=[highlight(trigger, message) for trigger in reply.matched],
    )


def source_of(reply: Reply, words: Words) -> str:
    """Where a reply comes from: the version of a script, or the passage of a document."""
    if reply.kind == "passage":
        return words("card.passage", id=reply.script_id)
    return words("card.version", id=reply.script_id, version=reply.version)


def _product(product: ProductSuggestion, message: str, url: str, words: Words) -> ProductCardView:
    return ProductCardView(
        product=product,
        price=money(product.price, product.currency),
        url=url,
        name=highlight(product.name, message),
        bars=bars_of(product.why[:N_BARS], words),
    )


def _bar(part: Contribution, scale: float, zero: float, words: Words) -> Bar:
    width = abs(part.contribution) * scale
    is_negative = part.contribution < 0
    return Bar(
        label=words.name("feature", part.feature),
        value=f"{part.contribution:+.2f}",
        start=round(zero - width if is_negative else zero, 1),
        width=round(max(width, 0.8), 1),
        is_negative=is_negative,
    )
