"""What a learned recommender proposes to a customer, kept for as long as it stays the same."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from copilot.engine.context import CustomerContext
from copilot.engine.nextbest.models import LearnedProducts
from knowledge.index.strings import hashes64
from models.recommenders.learned.habits import HABIT_FEATURES
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags

DAY_SECONDS, HOUR_SECONDS = 86_400.0, 3_600.0
MAX_KEPT = 4_000
_N, _INTERVAL = (HABIT_FEATURES.index(name) for name in ("baskets", "interval"))


@dataclass(frozen=True)
class Proposal:
    """Products likely to be bought next, the likeliest first, each with what speaks for it; shapes (n_proposed, …).

    `keys` are the hashes of their skus, as the index looks them up; `habits` how often the customer bought each and
    about how many days apart.
    """

    skus: tuple[str, ...]
    keys: NDArray[np.uint64]
    log_odds: NDArray[np.float64]
    parts: Mapping[str, NDArray[np.float64]]
    start: float
    habits: NDArray[np.float32]

    @classmethod
    def of(cls, learned: LearnedProducts, customer: CustomerContext, now: datetime, least: float) -> "Proposal":
        """What has more than the least log-odds as of now."""
        history = history_of(customer, now, learned)
        tags = ProfileTags.of_names([customer.tag_names]) if learned.model.tag_names else None
        table = learned.model.candidates(history, _today(history, now), profiles=tags)
        scores = learned.model.trees.scores(table.rows)
        best = np.argsort(-scores, kind="stable")
        best = best[scores[best] > least]
        rows = table.rows[best]
        parts, start = learned.model.parts(rows)
        skus = tuple(learned.skus[item] for item in table.items[best].tolist())
        return cls(skus, hashes64(skus), scores[best], parts, start, rows[:, [_N, _INTERVAL]])


class Proposals:
    """Keeps the proposals of the customers who wrote last; safe to call from many threads.

    Within an hour a proposal changes only with what is known of the customer, whose context is another object then:
    days are counted up to the last full hour, or to the last order where that came later.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[CustomerContext, float, float, Proposal]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, learned: LearnedProducts, customer: CustomerContext, now: datetime, least: float) -> Proposal:
        """What has more than the least log-odds."""
        hour, customer_id = now.timestamp() // HOUR_SECONDS, customer.customer_id
        with self._lock:
            kept = self._kept.get(customer_id) if customer_id else None
        if kept is not None and kept[0] is customer and kept[1:3] == (hour, least):
            return kept[3]
        made = Proposal.of(learned, customer, now, least)
        if customer_id and all(line.ordered_at <= now for line in customer.kept):
            with self._lock:
                self._kept[customer_id] = customer, hour, least, made
                self._kept.move_to_end(customer_id)
                while len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)
        return made


def history_of(customer: CustomerContext, now: datetime, learned: LearnedProducts) -> PurchaseLines:
    """What the customer kept, as the recommender reads it; products it does not know are left out."""
    lines = [line for line in customer.kept if line.sku in learned.numbers and line.ordered_at <= now]
    orders = {order: number for number, order in enumerate(dict.fromkeys(line.order_id for line in lines))}
    return PurchaseLines(
        baskets=np.array([orders[line.order_id] for line in lines], np.int64),
        customers=np.zeros(len(lines), np.int64),
        items=np.array([learned.numbers[line.sku] for line in lines], np.int64),
        days=np.array([line.ordered_at.timestamp() / DAY_SECONDS for line in lines]),
        n_customers=1,
        n_items=len(learned.skus),
    )


def _today(history: PurchaseLines, now: datetime) -> float:
    hour = now.timestamp() // HOUR_SECONDS * HOUR_SECONDS / DAY_SECONDS
    return max(hour, float(history.days.max(initial=-np.inf)))
