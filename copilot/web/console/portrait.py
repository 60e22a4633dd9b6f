"""The customer panel: the portrait made ready to read, in the visitor's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from copilot.engine.cards import price_text
from copilot.portrait.connection import ConnectionRfm
from copilot.portrait.facts import Item, Purchase, TagSpan
from copilot.portrait.fifths import FEWEST
from copilot.portrait.intent import Intent, Move
from copilot.portrait.lately import stage_of
from copilot.portrait.portrait import Portrait
from copilot.portrait.preferences import Evidence, Preference
from copilot.portrait.purchases import PurchaseRfm
from copilot.portrait.timeline import Entry, EntryKind, Page
from copilot.web.console.views import money
from copilot.web.pages.translation import Words

N_ORDERS = 5
N_MOVES = 5
N_SUGGESTED_TAGS = 6
N_OFFERED_TAGS = 60
SHOWN_CHARACTERS = 120
SHOWN_ATTRIBUTES = 12


@dataclass(frozen=True)
class MoveBar:
    """A move drawn from `start`, `width` wide, of a hundred."""

    label: str
    about: str
    when: datetime
    value: str
    start: float
    width: float
    is_negative: bool


@dataclass(frozen=True)
class Scale:
    """A number beside the shop's other customers; without a fifth only the number is shown."""

    label: str
    value: str
    fifth: int | None


@dataclass(frozen=True)
class LineView:
    """One line of an order."""

    name: str
    quantity: str
    amount: str


@dataclass(frozen=True)
class OrderView:
    """An order with its lines."""

    id: str
    at: datetime
    status: str
    amount: str
    lines: list[LineView]


@dataclass(frozen=True)
class PreferenceView:
    """Something the customer likes; `says` tells on how much it rests."""

    name: str
    says: str
    evidence: list[tuple[str, Evidence]]


@dataclass(frozen=True)
class TasteView:
    """The preferences of one dimension."""

    key: str
    label: str
    likes: list[PreferenceView]


@dataclass(frozen=True)
class EntryView:
    """An entry of the timeline."""

    at: datetime
    kind: str
    label: str
    about: str


@dataclass(frozen=True)
class PanelView:
    """Everything the panel shows of a customer."""

    portrait: Portrait
    stage: str
    attributes: list[tuple[str, str]]
    tags: Sequence[TagSpan]
    suggested: list[str]
    offered: list[str]
    purchase_scales: list[Scale]
    connection_scales: list[Scale]
    moves: list[MoveBar]
    more_moves: list[MoveBar]
    orders: list[OrderView]
    older_orders: list[OrderView]
    tastes: list[TasteView]

    @property
    def is_compared(self) -> bool:
        """Whether there are customers enough to tell fifths."""
        return self.portrait.purchases.n_compared >= FEWEST


def panel_view(portrait: Portrait, stage: str, words: Words) -> PanelView:
    """The panel of a customer; `stage` is the conversation's own, where it has one."""
    held = {one.label for one in portrait.facts.live_tags}
    labels = [f"{tag}：{value}" if value else tag for tag, value, _ in portrait.standards.tags[:N_OFFERED_TAGS]]
    offered = [label for label in labels if label not in held and len(label) <= SHOWN_CHARACTERS]
    moves = _bars(portrait.intent, words)
    orders = [_order(one, words) for one in portrait.orders]
    return PanelView(
        portrait=portrait,
        stage=stage or stage_of(portrait.facts, portrait.as_of).value,
        attributes=_attributes(portrait.facts.profile.attributes),
        tags=portrait.facts.live_tags,
        suggested=offered[:N_SUGGESTED_TAGS],
        offered=offered,
        purchase_scales=_purchase_scales(portrait.purchases, words),
        connection_scales=_connection_scales(portrait.connection, words),
        moves=moves[:N_MOVES],
        more_moves=moves[N_MOVES:],
        orders=orders[:N_ORDERS],
        older_orders=orders[N_ORDERS:],
        tastes=[
            TasteView(key.value, words(f"taste.{key.value}"), [_preference(one, words) for one in likes])
            for key, likes in portrait.preferences.items()
            if likes
        ],
    )


def entry_views(page: Page, names: Mapping[str, str], words: Words) -> list[EntryView]:
    """The entries of a page of the timeline; `names` are those of products."""
    return [_entry(one, names, words) for one in page.entries]


def skus_of(page: Page) -> list[str]:
    """The products that the events of a page may be about."""
    return sorted({one.about.removeprefix("product:") for one in page.entries if one.kind is EntryKind.EVENT})


def _attributes(attributes: Mapping[str, object]) -> list[tuple[str, str]]:
    """What else the shop knows, as far as it can be read."""
    plain = [(key, str(value)) for key, value in attributes.items() if isinstance(value, str | int | float)]
    return [(key, value) for key, value in plain if value][:SHOWN_ATTRIBUTES]


def _purchase_scales(rfm: PurchaseRfm, words: Words) -> list[Scale]:
    days = words("rfm.never") if rfm.recency_days is None else words.count("rfm.days_ago", rfm.recency_days)
    paid = " + ".join(money(price_text(amount), currency) for currency, amount in rfm.amounts_fen)
    return [
        Scale(words("rfm.recency"), days, rfm.recency_fifth),
        Scale(words("rfm.frequency"), words.count("rfm.orders", rfm.frequency), rfm.frequency_fifth),
        Scale(words("rfm.monetary"), paid or "—", rfm.monetary_fifth),
    ]


def _connection_scales(rfm: ConnectionRfm, words: Words) -> list[Scale]:
    days = words("rfm.never") if rfm.recency_days is None else words.count("rfm.days_ago", rfm.recency_days)
    return [
        Scale(words("rfm.last_contact"), days, rfm.recency_fifth),
        Scale(words("rfm.contacts"), words.count("rfm.contact_days", rfm.frequency), rfm.frequency_fifth),
        Scale(words("rfm.depth"), words("rfm.messages", n=f"{rfm.depth:.1f}"), rfm.depth_fifth),
    ]


def _bars(intent: Intent, words: Words) -> list[MoveBar]:
    """What can be seen of the moves, on one scale; zero is in the middle when anything is negative."""
    seen = [move for move in intent.moves if abs(move.points) >= 0.05]
    largest = max((abs(move.points) for move in seen), default=1.0)
    has_negative = any(move.points < 0 for move in seen)
    room, zero = (50.0, 50.0) if has_negative else (100.0, 0.0)
    return [_bar(move, room / largest, zero, words) for move in seen]


def _bar(move: Move, scale: float, zero: float, words: Words) -> MoveBar:
    width = abs(move.points) * scale
    is_negative = move.points < 0
    return MoveBar(
        label=words.name("move", move.what),
        about=move.about[:SHOWN_CHARACTERS],
        when=move.when,
        value=f"{move.points:+.1f}",
        start=round(zero - width if is_negative else zero, 1),
        width=round(max(width, 0.8), 1),
        is_negative=is_negative,
    )


def _order(purchase: Purchase, words: Words) -> OrderView:
    paid: dict[str, int] = {}
    for item in purchase.items:
        if item.amount_fen is not None:
            paid[item.currency] = paid.get(item.currency, 0) + item.amount_fen
    return OrderView(
        id=purchase.order_id,
        at=purchase.ordered_at,
        status=words.name("order", purchase.status),
        amount=" + ".join(money(price_text(amount), currency) for currency, amount in paid.items()),
        lines=[_line(item) for item in purchase.items],
    )


def _line(item: Item) -> LineView:
    quantity = "" if item.quantity == 1 else f"×{item.quantity:g}"
    return LineView(item.name or item.sku, quantity, money(price_text(item.amount_fen), item.currency))


def _preference(preference: Preference, words: Words) -> PreferenceView:
    n_orders = sum(one.kind == "order" for one in preference.evidence)
    share = preference.share
    says = words.count("taste.rests_on", preference.n_evidence)
    if share is not None and n_orders:
        says = words("taste.of_orders", k=round(share.mean * share.n), n=share.n)
    name = words.name(f"taste.{preference.dimension.value}", preference.value)
    return PreferenceView(name, says, [(words(f"taste.by_{one.kind}"), one) for one in preference.evidence])


def _entry(entry: Entry, names: Mapping[str, str], words: Words) -> EntryView:
    label, about = entry.what, entry.about
    match entry.kind:
        case EntryKind.ORDER:
            label = words.count("entry.order", int(entry.value or 0))
        case EntryKind.STATUS:
            label = words.name("order", entry.what)
        case EntryKind.EVENT:
            label, about = words.name("event", entry.what), names.get(about.removeprefix("product:"), about)
        case EntryKind.TALK:
            label = words("entry.talk")
        case EntryKind.TAG_BEGUN | EntryKind.TAG_ENDED:
            label = words(f"entry.{entry.kind.value}")
        case EntryKind.DECISION:
            label = words.name("entry.did", entry.what)
        case EntryKind.OUTCOME:
            label, about = words.name("entry.outcome", entry.what), ""
    return EntryView(entry.at, entry.kind.value, label[:SHOWN_CHARACTERS], about[:SHOWN_CHARACTERS])
