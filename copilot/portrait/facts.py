"""What the portrait is made of: rows of one customer, each with its moment, and what of them was known at a moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from knowledge.order_status import UNDONE_STATUSES


@dataclass(frozen=True)
class Profile:
    """Who the customer is; kept without a history."""

    customer_id: str
    name: str = ""
    gender: str = ""
    birthday: date | None = None
    city: str = ""
    joined_at: datetime | None = None
    attributes: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class TagSpan:
    """A tag from `since` until `until`, or still."""

    id: int
    tag: str
    value: str
    source: str
    confidence: float
    since: datetime
    until: datetime | None = None

    @property
    def label(self) -> str:
        return f"{self.tag}：{self.value}" if self.value else self.tag


@dataclass(frozen=True)
class Item:
    """One line of an order with what the catalogue says of the product; `price_fen` is its price there now."""

    sku: str
    quantity: float = 1.0
    amount_fen: int | None = None
    currency: str = "CNY"
    name: str = ""
    category: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    price_fen: int | None = None
    replenish_days: int | None = None


@dataclass(frozen=True)
class StatusChange:
    """The status an order took at a moment."""

    at: datetime
    status: str


@dataclass(frozen=True)
class Purchase:
    """An order; `status` is the one it had at the moment the facts are of, empty when that is not known."""

    order_id: str
    ordered_at: datetime
    status: str = ""
    items: tuple[Item, ...] = ()
    changes: tuple[StatusChange, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether it was not cancelled, returned or refunded."""
        return self.status not in UNDONE_STATUSES

    @property
    def gone_at(self) -> datetime | None:
        """When it was given back, as far as that is known; empty for one that was kept."""
        if self.is_kept:
            return None
        return next((one.at for one in reversed(self.changes) if one.status == self.status), self.ordered_at)

    def until(self, moment: datetime) -> "Purchase":
        """The order as it stood at a moment; one whose history tells nothing keeps the status it has."""
        if not self.changes:
            return self
        last = self.changes[-1]
        if last.at <= moment and last.status == self.status:
            return self
        known = tuple(one for one in self.changes if one.at <= moment)
        return replace(self, changes=known, status=known[-1].status if known else "")


@dataclass(frozen=True)
class Deed:
    """Something the customer did."""

    id: str
    kind: str
    at: datetime
    object: str = ""
    value: str = ""

    @property
    def sku(self) -> str:
        """The product it was about, if it was about one."""
        return self.object.removeprefix("product:")


@dataclass(frozen=True)
class Saying:
    """A message of the customer; `at` is empty where the archive had no time."""

    conversation_id: str
    position: int
    text: str
    at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Talk:
    """What was said in one direct conversation, by both sides, over the time that counts for the connection."""

    conversation_id: str
    said_at: tuple[datetime, ...]
    by_customer_at: tuple[datetime, ...]


@dataclass(frozen=True)
class Friend:
    """An agent who has the customer as a contact."""

    agent_id: str
    name: str
    since: datetime | None


@dataclass(frozen=True)
class Facts:
    """The rows of one customer, each part in the order of time; somebody unknown has a profile without an id."""

    profile: Profile = field(default_factory=lambda: Profile(""))
    tags: tuple[TagSpan, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    deeds: tuple[Deed, ...] = ()
    sayings: tuple[Saying, ...] = ()
    talks: tuple[Talk, ...] = ()
    friends: tuple[Friend, ...] = ()

    def until(self, moment: datetime) -> "Facts":
        """What of it had happened by a moment; the only place where the past is told from the future."""
        return Facts(
            profile=self.profile,
            tags=tuple(_span_then(one, moment) for one in self.tags if one.since <= moment),
            purchases=tuple(one.until(moment) for one in self.purchases if one.ordered_at <= moment),
            deeds=tuple(one for one in self.deeds if one.at <= moment),
            sayings=tuple(one for one in self.sayings if one.at <= moment and not _was_taken_back(one, moment)),
            talks=tuple(_talk_then(one, moment) for one in self.talks),
            friends=tuple(one for one in self.friends if one.since is None or one.since <= moment),
        )

    @cached_property
    def kept(self) -> tuple[Purchase, ...]:
        """The orders that were not given back, oldest first."""
        return tuple(one for one in self.purchases if one.is_kept)

    @property
    def live_tags(self) -> tuple[TagSpan, ...]:
        return tuple(one for one in self.tags if one.until is None)


def in_time(purchases: Iterable[Purchase]) -> tuple[Purchase, ...]:
    """Orders, the oldest first."""
    return tuple(sorted(purchases, key=lambda one: (one.ordered_at, one.order_id)))


def _span_then(span: TagSpan, moment: datetime) -> TagSpan:
    return replace(span, until=None) if span.until is not None and span.until > moment else span


def _was_taken_back(saying: Saying, moment: datetime) -> bool:
    return saying.withdrawn_at is not None and saying.withdrawn_at <= moment


def _talk_then(talk: Talk, moment: datetime) -> Talk:
    return replace(
        talk,
        said_at=tuple(at for at in talk.said_at if at <= moment),
        by_customer_at=tuple(at for at in talk.by_customer_at if at <= moment),
    )
