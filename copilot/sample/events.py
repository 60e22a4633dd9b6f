"""What customers did around their orders: looked, lingered, shared, reviewed, opened campaigns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from copilot.sample.brand import Product
from copilot.sample.dice import Dice
from copilot.sample.people import Customer
from copilot.sample.purchases import OrderLine
from copilot.sample.season import BEIJING, Festival, festivals_between, moment

MARKS = (5, 5, 5, 5, 4, 4, 3, 2)


@dataclass(frozen=True)
class Event:
    """One row of events.csv.

    Attributes:
        obj: A sku, or a campaign's name.
        value: Seconds for dwell, the mark for a review, 1 or 0 for an opened or ignored campaign; else None.
    """

    customer_id: str
    kind: str
    at: datetime
    obj: str
    value: float | None


def make_events(
    rng: np.random.Generator,
    customers: Sequence[Customer],
    lines: Sequence[OrderLine],
    products: Sequence[Product],
    *,
    first: date,
    today: date,
) -> list[Event]:
    """Events sorted by time, none before the customer joined or after today."""
    dice = Dice(rng)
    events = [event for line in lines for event in _around(dice, line)]
    for customer in customers:
        events.extend(_browsing(dice, customer, products, first, today))
        for festival in festivals_between(max(first, customer.joined_at.date()), today):
            events.extend(_campaign(dice, customer, festival))
    joined = {customer.customer_id: customer.joined_at for customer in customers}
    end = moment(today, 23, 3599)
    kept = [event for event in events if joined[event.customer_id] <= event.at <= end]
    return sorted(kept, key=lambda event: (event.at, event.customer_id, event.kind, event.obj))


def _around(dice: Dice, line: OrderLine) -> Iterator[Event]:
    """Looking before buying, a review or a share a week or two after."""
    seen_at = line.ordered_at - timedelta(minutes=dice.between(2, 3000))
    if dice.chance(0.8):
        yield Event(line.customer_id, "view", seen_at, line.sku, None)
    if dice.chance(0.5):
        yield Event(line.customer_id, "click", seen_at + timedelta(seconds=20), line.sku, None)
    if dice.chance(0.4):
        yield Event(line.customer_id, "dwell", seen_at + timedelta(seconds=80), line.sku, dice.between(8, 240))
    later = line.ordered_at + timedelta(days=dice.between(6, 16), seconds=dice.between(0, 7200))
    if line.status == "delivered" and dice.chance(0.22):
        yield Event(line.customer_id, "review", later, line.sku, dice.pick(MARKS))
    if line.status == "delivered" and dice.chance(0.07):
        yield Event(line.customer_id, "share", later + timedelta(seconds=300), line.sku, None)


def _browsing(dice: Dice, customer: Customer, products: Sequence[Product], first: date, today: date) -> Iterator[Event]:
    """Looks that led to nothing."""
    since = max(customer.joined_at, datetime.combine(first, datetime.min.time(), tzinfo=BEIJING))
    n_days = (today - since.date()).days
    for _ in range(dice.between(0, 8)):
        at = since + timedelta(days=dice.between(0, max(0, n_days - 1)), seconds=dice.between(60, 40000))
        product = dice.pick(products)
        yield Event(customer.customer_id, "view", at, product.sku, None)
        if dice.chance(0.35):
            yield Event(customer.customer_id, "dwell", at + timedelta(seconds=5), product.sku, dice.between(3, 90))


def _campaign(dice: Dice, customer: Customer, festival: Festival) -> Iterator[Event]:
    """A message on the eve of a festival, opened more often by those ready to buy."""
    if not dice.chance(0.8):
        return
    at = moment(festival.first - timedelta(days=1), dice.between(10, 20), dice.between(0, 3599))
    opened = dice.chance(0.2 + 0.15 * customer.ease)
    yield Event(customer.customer_id, "campaign", at, f"{festival.first.year}{festival.name}", float(opened))
