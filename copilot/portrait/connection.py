"""Connection RFM: how long ago, how often and how deeply the customer and the shop talk; groups do not count."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from copilot.portrait.facts import Facts, Friend
from copilot.portrait.fifths import Standard

WINDOW_DAYS = 90


@dataclass(frozen=True)
class ConnectionStandards:
    """What the shop's customers who wrote within the window come to."""

    recency_days: Standard = field(default_factory=Standard)
    frequency: Standard = field(default_factory=Standard)
    depth: Standard = field(default_factory=Standard)


@dataclass(frozen=True)
class ConnectionRfm:
    """What a customer's conversations come to.

    `recency_days` counts from the customer's last message and is empty for who never wrote. `frequency` is the number
    of days (UTC) within the window on which the customer wrote, `depth` the messages of both sides per conversation
    within the window, 0 when there was none.
    """

    recency_days: int | None
    frequency: int
    depth: float
    recency_fifth: int | None
    frequency_fifth: int | None
    depth_fifth: int | None
    n_compared: int
    friends: tuple[Friend, ...]


def connection_rfm(facts: Facts, now: datetime, standards: ConnectionStandards) -> ConnectionRfm:
    """The connection RFM as of a moment."""
    known = facts.until(now)
    since = now - timedelta(days=WINDOW_DAYS)
    wrote = [at for talk in known.talks for at in talk.by_customer_at]
    lately = [at for at in wrote if at > since]
    sizes = [n for talk in known.talks if (n := sum(at > since for at in talk.said_at))]
    depth = sum(sizes) / len(sizes) if sizes else 0.0
    days = (now - max(wrote)).days if wrote else None
    n_days = len({at.date() for at in lately})
    return ConnectionRfm(
        recency_days=days,
        frequency=n_days,
        depth=depth,
        recency_fifth=None if days is None else standards.recency_days.fifth_downwards(days),
        frequency_fifth=standards.frequency.fifth_upwards(n_days) if wrote else None,
        depth_fifth=standards.depth.fifth_upwards(depth) if wrote else None,
        n_compared=standards.frequency.n,
        friends=known.friends,
    )
