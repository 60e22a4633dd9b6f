"""The portrait of a customer, and tags given and taken away."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from copilot.portrait.facts import Purchase
from copilot.portrait.intent import Intent
from copilot.portrait.portrait import Portrait
from copilot.portrait.preferences import Preference
from copilot.portrait.timeline import Page
from copilot.web.schemas.common import Label, Moment, Short, Wire
from copilot.web.schemas.customers import TagOut

PORTRAIT: dict[str, JsonValue] = {
    "customer_id": "c0199",
    "name": "林小满",
    "as_of": "2026-03-01T12:00:00Z",
    "stage": "转化",
    "tags": [
        {"tag": "敏感肌", "value": "", "source": "agent", "confidence": 1.0, "since": "2026-02-11T08:30:00Z"},
    ],
    "purchases": {
        "recency_days": 21,
        "frequency": 8,
        "amounts": [{"currency": "CNY", "amount_fen": 147_552}],
        "n_unpriced": 0,
        "recency_fifth": 5,
        "frequency_fifth": 4,
        "monetary_fifth": 4,
        "n_compared": 288,
    },
    "connection": {
        "recency_days": 3,
        "frequency": 2,
        "depth": 6.5,
        "recency_fifth": 4,
        "frequency_fifth": 3,
        "depth_fifth": 3,
        "n_compared": 84,
        "friends": [{"agent_id": "a01", "name": "温若宁", "since": "2025-06-01T02:00:00Z"}],
    },
    "intent": {
        "score": 14,
        "rise": 10,
        "moves": [
            {
                "points": 10.0,
                "what": "ask_price",
                "when": "2026-03-01T11:58:00Z",
                "about": "洁面多少钱？",
                "ref": "message:k42:7",
            },
            {"points": 4.0, "what": "view", "when": "2026-03-01T11:50:00Z", "about": "JH-CL03", "ref": "event:e9"},
        ],
    },
    "preferences": [
        {
            "dimension": "category",
            "value": "洁面",
            "strength": 20.0,
            "n_evidence": 12,
            "share": {"mean": 0.5, "low": 0.215, "high": 0.785, "n": 8},
            "evidence": [{"kind": "order", "ref": "order:o1", "at": "2026-02-08T03:00:00Z", "what": "氨基酸洁面"}],
        }
    ],
    "orders": [
        {
            "order_id": "o1",
            "ordered_at": "2026-02-08T03:00:00Z",
            "status": "delivered",
            "lines": [{"sku": "JH-CL03", "name": "氨基酸洁面", "quantity": 1.0, "amount_fen": 8900, "currency": "CNY"}],
        }
    ],
    "timeline": {
        "entries": [
            {
                "at": "2026-02-08T03:00:00Z",
                "kind": "order",
                "id": "o1",
                "what": "ordered",
                "about": "o1",
                "value": "1",
            }
        ],
        "next": "",
    },
}


class PortraitQuery(Wire):
    """As of when, and which part of the timeline."""

    at: Moment | None = Field(default=None, description="A moment of the past; nothing later is looked at.")
    after: Short = Field(default="", description="The `next` of the page of the timeline before.")
    limit: Annotated[int, Field(ge=1, le=200, description="So many entries of the timeline and orders.")] = 50


class AmountOut(Wire):
    """A sum in hundredths of a currency."""

    currency: str
    amount_fen: int


class PurchaseRfmOut(Wire):
    """Purchase RFM; a fifth of 5 is the best, and empty where there is nothing to compare."""

    recency_days: int | None = Field(description="Days since the last order that was kept.")
    frequency: int = Field(description="Orders of the last 365 days.")
    amounts: list[AmountOut] = Field(description="What was paid for them, by currency, the largest first.")
    n_unpriced: int = Field(description="Lines without an amount, which are not in the sums.")
    recency_fifth: int | None
    frequency_fifth: int | None
    monetary_fifth: int | None
    n_compared: int


class FriendOut(Wire):
    """An agent who has the customer as a contact."""

    agent_id: str
    name: str
    since: datetime | None


class ConnectionRfmOut(Wire):
    """Connection RFM; groups do not count."""

    recency_days: int | None = Field(description="Days since the customer's last message.")
    frequency: int = Field(description="Days within the last 90 on which the customer wrote.")
    depth: float = Field(description="Messages of both sides per conversation of the last 90 days.")
    recency_fifth: int | None
    frequency_fifth: int | None
    depth_fifth: int | None
    n_compared: int
    friends: list[FriendOut]


class MoveOut(Wire):
    """What moved the intent, by how many points, and the row it rests on."""

    points: float
    what: str
    when: datetime
    about: str
    ref: str


class IntentOut(Wire):
    """The intent to buy; the score is the sum of the moves, kept between 0 and 100."""

    score: int
    rise: int = Field(description="Points gained within the last day.")
    moves: list[MoveOut]

    @classmethod
    def of(cls, intent: Intent) -> "IntentOut":
        """An intent as it goes over the wire."""
        return cls(score=intent.score, rise=intent.rise, moves=[MoveOut.model_validate(one) for one in intent.moves])


class ShareOut(Wire):
    """A share with its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int


class EvidenceOut(Wire):
    """A row that a preference rests on."""

    kind: str
    ref: str
    at: datetime
    what: str


class PreferenceOut(Wire):
    """Something the customer likes; `share` is the share of the orders that have it."""

    dimension: str
    value: str
    strength: float
    n_evidence: int
    share: ShareOut | None
    evidence: list[EvidenceOut]

    @classmethod
    def of(cls, preference: Preference) -> "PreferenceOut":
        """A preference as it goes over the wire."""
        return cls.model_validate(preference)


class OrderLineOut(Wire):
    """One line of an order."""

    sku: str
    name: str
    quantity: float
    amount_fen: int | None
    currency: str


class OrderOut(Wire):
    """An order with its lines."""

    order_id: str
    ordered_at: datetime
    status: str
    lines: list[OrderLineOut]

    @classmethod
    def of(cls, purchase: Purchase) -> "OrderOut":
        """An order as it goes over the wire."""
        lines = [
            OrderLineOut(
                sku=item.sku,
                name=item.name,
                quantity=item.quantity,
                amount_fen=item.amount_fen,
                currency=item.currency,
            )
            for item in purchase.items
        ]
        return cls(order_id=purchase.order_id, ordered_at=purchase.ordered_at, status=purchase.status, lines=lines)


class EntryOut(Wire):
    """An entry of the timeline."""

    at: datetime
    kind: str
    id: str
    what: str
    about: str
    value: str


class TimelineOut(Wire):
    """What happened, newest first; `next` is what to ask for as `after`, empty at the end."""

    entries: list[EntryOut]
    next: str


class PortraitOut(Wire):
    """A customer as of a moment."""

    model_config = ConfigDict(json_schema_extra={"examples": [PORTRAIT]})

    customer_id: str
    name: str
    as_of: datetime
    stage: str
    tags: list[TagOut]
    purchases: PurchaseRfmOut
    connection: ConnectionRfmOut
    intent: IntentOut
    preferences: list[PreferenceOut]
    orders: list[OrderOut] = Field(description="Newest first.")
    timeline: TimelineOut

    @classmethod
    def of(cls, portrait: Portrait, stage: str, page: Page, n_orders: int) -> "PortraitOut":
        """A portrait as it goes over the wire."""
        rfm = portrait.purchases
        amounts = [AmountOut(currency=currency, amount_fen=amount) for currency, amount in rfm.amounts_fen]
        numbers = {name: getattr(rfm, name) for name in PurchaseRfmOut.model_fields if name != "amounts"}
        return cls(
            customer_id=portrait.facts.profile.customer_id,
            name=portrait.facts.profile.name,
            as_of=portrait.as_of,
            stage=stage,
            tags=[TagOut.model_validate(one) for one in portrait.facts.live_tags],
            purchases=PurchaseRfmOut(amounts=amounts, **numbers),
            connection=ConnectionRfmOut.model_validate(portrait.connection),
            intent=IntentOut.of(portrait.intent),
            preferences=[PreferenceOut.of(one) for ones in portrait.preferences.values() for one in ones],
            orders=[OrderOut.of(one) for one in portrait.orders[:n_orders]],
            timeline=TimelineOut.model_validate(page),
        )


class TagIn(Wire):
    """A tag to give; `author` is who gives it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tag": "肤质", "value": "油皮", "author": "a01"}]})

    tag: Label
    value: Annotated[Short, Field(max_length=200)] = ""
    author: Short = "api"


class TagRemoval(Wire):
    """Which tag to take away, and who does."""

    tag: Label
    value: Short = ""
    author: Short = "api"


class TagsOut(Wire):
    """The tags that a customer has now, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_id": "c0199", "tags": PORTRAIT["tags"]}]})

    customer_id: str
    tags: list[TagOut]
