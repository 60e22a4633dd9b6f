"""What the customers bought: fitting products, repurchase rhythm, bundles, festivals."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from copilot.sample.brand import Product
from copilot.sample.dice import Dice, running_sums
from copilot.sample.people import Customer
from copilot.sample.season import busyness, festival_on, festivals_between, hour_odds, moment
from copilot.sample.suitability import appetite

BUNDLES: Mapping[str, str] = {
    "洁面": "水",
    "水": "乳霜",
    "精华": "乳霜",
    "精华水": "乳霜",
    "防晒": "卸妆",
    "面膜": "精华",
    "婴童护理": "婴童护理",
    "头发护理": "头发护理",
    "男士护理": "男士护理",
    "仪器": "面膜",
    "床品": "睡衣",
    "茶饮": "茶饮",
}
BUNDLE_ODDS = 0.35
VISITS_BY_EASE = (0.55, 0.85, 1.15, 1.6)
REFUND_ODDS = 0.03
DISCONTINUED_DAYS = 240
RESTOCK_WINDOW_DAYS = 9


@dataclass(frozen=True)
class OrderLine:
    """One line of orders.csv; lines of one order share its id and moment."""

    order_id: str
    customer_id: str
    sku: str
    ordered_at: datetime
    quantity: int
    amount: float
    status: str


@dataclass(frozen=True)
class Shelf:
    """What one customer would reach for: products, the running sums of their appetite, and the same by category."""

    products: Sequence[Product]
    sums: list[float]
    by_category: Mapping[str, tuple[list[Product], list[float]]]


def make_orders(
    rng: np.random.Generator, customers: Sequence[Customer], products: Sequence[Product], *, first: date, today: date
) -> list[OrderLine]:
    """The orders placed without a conversation, sorted by time; ids count up within each day."""
    calendar = Calendar(first, today)
    baskets: list[tuple[datetime, Customer, list[tuple[Product, int]]]] = []
    dice = Dice(rng)
    for customer in customers:
        shopper = Shopper(customer, products, calendar, dice)
        baskets.extend((at, customer, basket) for at, basket in shopper.baskets())
    baskets.sort(key=lambda entry: (entry[0], entry[1].customer_id))
    per_day: dict[date, int] = {}
    lines: list[OrderLine] = []
    for at, customer, basket in baskets:
        number = per_day[at.date()] = per_day.get(at.date(), 0) + 1
        order_id = f"JH{at:%Y%m%d}{number:04d}"
        lines.extend(order_lines(order_id, customer, at, basket, refunded=dice.chance(REFUND_ODDS), today=today))
    return lines


def order_lines(
    order_id: str,
    customer: Customer,
    at: datetime,
    basket: Sequence[tuple[Product, int]],
    *,
    refunded: bool,
    today: date,
) -> list[OrderLine]:
    """The lines of one order, at that day's prices and in the state they have reached by today."""
    festival = festival_on(at.date())
    discount = festival.discount if festival else 1.0
    status = "refunded" if refunded else status_after(moment(today, 23, 3599) - at)
    return [
        OrderLine(order_id, customer.customer_id, product.sku, at, n, round(n * product.price * discount, 2), status)
        for product, n in basket
    ]


class Calendar:
    """The days of the history with how busy each is, to draw days from."""

    def __init__(self, first: date, today: date) -> None:
        self.first = first
        self.today = today
        self.cumulative: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(busyness(first, today))])
        self._sums: list[float] = self.cumulative.tolist()
        self.festivals = festivals_between(first, today)

    def index_of(self, day: date) -> int:
        """Days since the first one; days before it count as 0."""
        return max(0, (day - self.first).days)

    def draw(self, dice: Dice, since: int, until: int) -> int:
        """A day index in [since, until], busier days more often."""
        low, high = self._sums[since], self._sums[until + 1]
        drawn = int(np.searchsorted(self.cumulative, dice.uniform(low, high), side="right")) - 1
        return min(max(drawn, since), until)


class Shopper:
    """One customer's shopping over the history."""

    def __init__(self, customer: Customer, products: Sequence[Product], calendar: Calendar, dice: Dice) -> None:
        self.customer = customer
        self.calendar = calendar
        self.dice = dice
        self.since = calendar.index_of(customer.joined_at.date() + timedelta(days=1))
        self.until = calendar.index_of(calendar.today - timedelta(days=max(1, customer.archetype.quiet_days)))
        self._hours = running_sums(hour_odds(customer.archetype.peaks).tolist())
        weighed = [(product, appetite(product, customer, calendar.today)) for product in products]
        self._old_shelf = _shelf(weighed)
        self._now_shelf = _shelf([(product, weight) for product, weight in weighed if product.is_sold])

    def baskets(self) -> Iterator[tuple[datetime, list[tuple[Product, int]]]]:
        """Baskets in the order of time, at most one a day."""
        if self.until < self.since:
            return
        queue: list[tuple[int, str]] = [(day, "") for day in self._visit_days()]
        heapq.heapify(queue)
        owned: dict[str, Product] = {}
        while queue:
            day, _ = queue[0]
            due = [owned[sku] for sku in self._due(queue, day) if sku]
            if day > self.until:
                return
            basket = self._basket(day, due)
            for product, quantity in basket:
                owned[product.sku] = product
                self._plan_repurchase(queue, day, product, quantity)
            hour = self.dice.pick_weighted(range(24), self._hours)
            yield moment(self._date(day), hour, self.dice.between(0, 3599)), basket

    def _visit_days(self) -> list[int]:
        """Days of shopping for something new: by the calendar, soon after joining, and some festivals."""
        archetype, span = self.customer.archetype, self.until - self.since + 1
        expected = archetype.visits_a_year * VISITS_BY_EASE[self.customer.ease] * span / 365
        expected *= self.dice.uniform(0.4, 1.6)
        days = [self.calendar.draw(self.dice, self.since, self.until) for _ in range(int(expected + self.dice.unit()))]
        if self.since > 0 and self.dice.chance(0.7):
            days.append(min(self.until, self.since + self.dice.between(0, 9)))
        for festival in self.calendar.festivals:
            peak = self.calendar.index_of(festival.last) - self.dice.between(0, 2)
            if self.since <= peak <= self.until and self.dice.chance(0.12 * festival.lift):
                days.append(peak)
        return days

    def _due(self, queue: list[tuple[int, str]], day: int) -> list[str]:
        """Takes everything of that day, and what runs out soon after it, off the queue."""
        taken = [entry for entry in queue if entry[0] == day or (entry[1] and entry[0] <= day + RESTOCK_WINDOW_DAYS)]
        queue[:] = [entry for entry in queue if entry not in taken]
        heapq.heapify(queue)
        return list(dict.fromkeys(sku for _, sku in sorted(taken)))

    def _basket(self, day: int, due: Sequence[Product]) -> list[tuple[Product, int]]:
        recent = day > self.until - DISCONTINUED_DAYS
        shelf = self._now_shelf if recent else self._old_shelf
        chosen = [product for product in due if product.is_sold or not recent]
        if not chosen or self.dice.chance(0.25):
            chosen.append(self.dice.pick_weighted(shelf.products, shelf.sums))
        partner_shelf = shelf.by_category.get(BUNDLES.get(chosen[-1].category, ""))
        if partner_shelf and self.dice.chance(BUNDLE_ODDS):
            chosen.append(self.dice.pick_weighted(*partner_shelf))
        festival = festival_on(self._date(day))
        double = 0.30 if festival else 0.06
        unique = {product.sku: product for product in chosen}
        return [(product, 2 if self.dice.chance(double) else 1) for product in unique.values()]

    def _plan_repurchase(self, queue: list[tuple[int, str]], day: int, product: Product, quantity: int) -> None:
        if product.replenish_days is None or not self.dice.chance(self.customer.archetype.loyalty):
            return
        rhythm = max(0.5, self.dice.normal(1.08, 0.18))
        heapq.heappush(queue, (day + max(3, int(product.replenish_days * quantity * rhythm)), product.sku))

    def _date(self, day: int) -> date:
        return self.calendar.first + timedelta(days=day)


def _shelf(weighed: Sequence[tuple[Product, float]]) -> Shelf:
    wanted = [(product, weight) for product, weight in weighed if weight > 0]
    groups: dict[str, list[tuple[Product, float]]] = {}
    for product, weight in wanted:
        groups.setdefault(product.category, []).append((product, weight))
    return Shelf(
        products=[product for product, _ in wanted],
        sums=running_sums([weight for _, weight in wanted]),
        by_category={
            category: ([product for product, _ in group], running_sums([weight for _, weight in group]))
            for category, group in groups.items()
        },
    )


def status_after(age: timedelta) -> str:
    """How far an order has come, unless it was refunded."""
    if age.days <= 1:
        return "paid"
    return "shipped" if age.days <= 4 else "delivered"
