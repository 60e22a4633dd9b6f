"""How much a customer wants to buy, as of any moment: points that can be added up and pointed at.

    score = min(100, max(0, Σ points)),   points = worth × ½^(age / half-life) × 0.6^(n - 1)

where n counts what is of the same kind from the strongest on: a second look says less than the first, so that nobody
looks himself to a hundred. The worths are a judgement, written in `WORTH`; nothing is learned.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from copilot.portrait.asking import Sign, signs_of
from copilot.portrait.facts import Deed, Facts, Purchase

WINDOW_DAYS = 30
"""Nothing older moves the score."""
REFILL_AFTER_DAYS, REFILL_BEFORE_DAYS = 14, 3
"""A refill is due from so many days before it runs out until so many after."""
SETTLED = timedelta(days=14)
"""Who asks about delivery so soon after an order asks for that order."""
LESS = 0.6
MAX_SCORE = 100.0
UNPAID = frozenset({"created", "pending", "unpaid", "待付款", "待支付"})
OPENED = frozenset({"1", "1.0", "true"})
SECONDS_PER_POINT = 15.0


@dataclass(frozen=True)
class Worth:
    """What something fresh is worth, and after how many days half of that is left."""

    points: float
    half_life_days: float


WORTH = {
    "view": Worth(4, 3),
    "click": Worth(4, 3),
    "dwell": Worth(6, 3),
    "favourite": Worth(8, 5),
    "cart": Worth(18, 4),
    "share": Worth(6, 4),
    "coupon": Worth(8, 4),
    "campaign": Worth(5, 3),
    "unpaid": Worth(22, 2),
    "refill": Worth(10, 30),
    Sign.PRICE: Worth(10, 2),
    Sign.STOCK: Worth(10, 2),
    Sign.CHOICE: Worth(9, 2),
    Sign.DELIVERY: Worth(7, 2),
    Sign.ORDER: Worth(16, 2),
    Sign.ADVICE: Worth(9, 2),
    Sign.HESITATES: Worth(-5, 3),
    Sign.REFUSES: Worth(-14, 4),
    Sign.COMPLAINS: Worth(-25, 7),
    "refund": Worth(-10, 7),
}
KINDS = {
    name: kind
    for kind, names in {
        "view": ("view", "browse", "浏览", "查看"),
        "click": ("click", "点击"),
        "dwell": ("dwell", "停留"),
        "favourite": ("favourite", "favorite", "collect", "wishlist", "收藏"),
        "cart": ("cart", "add_to_cart", "加购", "加入购物车"),
        "share": ("share", "分享"),
        "coupon": ("coupon", "优惠券", "领券"),
        "campaign": ("campaign", "活动"),
        Sign.COMPLAINS.value: ("complaint", "投诉"),
    }.items()
    for name in names
}
"""What an event is called, in data of several origins."""


@dataclass(frozen=True)
class Move:
    """What moved the score: so many points, by what (a key of `WORTH`), when; `ref` names the row it rests on."""

    points: float
    what: str
    when: datetime
    about: str = ""
    ref: str = ""

    def worth(self, points: float) -> "Move":
        """The same move with other points."""
        return Move(points, self.what, self.when, self.about, self.ref)


@dataclass(frozen=True)
class Intent:
    """The score from 0 to 100, how many points it gained in the last day, and everything that made it."""

    score: int
    rise: int
    moves: tuple[Move, ...] = ()

    @property
    def total(self) -> float:
        """The sum of the moves; the score is this, kept between 0 and 100."""
        return sum(move.points for move in self.moves)


def intent_of(facts: Facts, now: datetime) -> Intent:
    """The intent as of a moment; moves by their weight, the weightiest first."""
    moves = _moves(facts.until(now), now)
    yesterday = now - timedelta(days=1)
    score = _score(moves)
    before = _score(_moves(facts.until(yesterday), yesterday))
    return Intent(score, score - before, tuple(sorted(moves, key=lambda one: (-abs(one.points), one.what, one.ref))))


def _score(moves: Sequence[Move]) -> int:
    return round(min(MAX_SCORE, max(0.0, sum(move.points for move in moves))))


def _moves(facts: Facts, now: datetime) -> list[Move]:
    """Every move, worth what is left of it; each further one of a kind counts less."""
    fresh = [*_by_deeds(facts), *_by_sayings(facts), *_by_orders(facts), *_by_refills(facts, now)]
    kinds: dict[str, list[Move]] = defaultdict(list)
    for move in fresh:
        age_days = (now - move.when) / timedelta(days=1)
        if age_days <= WINDOW_DAYS:
            left = 0.5 ** (age_days / WORTH[move.what].half_life_days)
            kinds[move.what].append(move.worth(move.points * left))
    for moves in kinds.values():
        moves.sort(key=lambda one: (-abs(one.points), one.when, one.ref))
    return [move.worth(move.points * LESS**n) for moves in kinds.values() for n, move in enumerate(moves)]


def _by_deeds(facts: Facts) -> Iterator[Move]:
    """What was done; a look at something bought since has had its effect."""
    bought = {(item.sku, one.ordered_at) for one in facts.purchases for item in one.items}
    last_bought: dict[str, datetime] = {}
    for sku, at in bought:
        last_bought[sku] = max(at, last_bought.get(sku, at))
    for deed in facts.deeds:
        kind = KINDS.get(deed.kind.strip().casefold())
        if kind is None or (deed.sku in last_bought and last_bought[deed.sku] >= deed.at):
            continue
        points = _worth(kind, deed)
        if points:
            yield Move(points, kind, deed.at, deed.sku, f"event:{deed.id}")


def _worth(kind: str, deed: Deed) -> float:
    """What a deed is worth while fresh; long looks more than short ones, unopened campaigns nothing."""
    whole = WORTH[kind].points
    if kind == "campaign":
        return whole if deed.value.strip().casefold() in OPENED else 0.0
    return min(whole, _seconds(deed.value) / SECONDS_PER_POINT) if kind == "dwell" else whole


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return SECONDS_PER_POINT
    return max(0.0, seconds) if isfinite(seconds) else SECONDS_PER_POINT


def _by_sayings(facts: Facts) -> Iterator[Move]:
    """What was asked and not followed by an order; what was refused or complained of in any case."""
    ordered = [one.ordered_at for one in facts.purchases]
    last = max(ordered, default=None)
    for saying in facts.sayings:
        ref = f"message:{saying.conversation_id}:{saying.position}"
        is_answered = last is not None and last >= saying.at
        is_settled = any(at <= saying.at < at + SETTLED for at in ordered)
        for sign in signs_of(saying.text):
            points = WORTH[sign].points
            if points > 0 and (is_answered or (sign is Sign.DELIVERY and is_settled)):
                continue
            yield Move(points, sign.value, saying.at, saying.text, ref)


def _by_orders(facts: Facts) -> Iterator[Move]:
    """Orders that wait for their payment, and orders given back."""
    for one in facts.purchases:
        about, ref = _names(one), f"order:{one.order_id}"
        if one.status in UNPAID:
            yield Move(WORTH["unpaid"].points, "unpaid", one.ordered_at, about, ref)
        elif one.gone_at is not None:
            yield Move(WORTH["refund"].points, "refund", one.gone_at, about, ref)


def _by_refills(facts: Facts, now: datetime) -> Iterator[Move]:
    """What was bought and is about to be used up."""
    last: dict[str, tuple[datetime, str, int, str]] = {}
    for one in facts.kept:
        for item in one.items:
            if item.replenish_days:
                last[item.sku] = (one.ordered_at, one.order_id, item.replenish_days, item.name or item.sku)
    for ordered_at, order_id, days, name in last.values():
        due = ordered_at + timedelta(days=days)
        begins, ends = due - timedelta(days=REFILL_BEFORE_DAYS), due + timedelta(days=REFILL_AFTER_DAYS)
        if begins <= now <= ends and begins > ordered_at:
            yield Move(WORTH["refill"].points, "refill", begins, name, f"order:{order_id}")


def _names(purchase: Purchase) -> str:
    return "、".join(item.name or item.sku for item in purchase.items[:3])
