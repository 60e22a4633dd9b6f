"""What this customer is likely to buy next, as the recommender learned from the shop's orders says."""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from copilot.engine.answer import Reason
from copilot.engine.nextbest.models import LearnedProducts
from copilot.engine.nextbest.signals import Sight, Signals, Wording
from copilot.engine.nextbest.sources.baskets import together
from models.recommenders.learned.habits import HABIT_FEATURES
from models.recommenders.lines import PurchaseLines

N_PROPOSED = 24
DAY_SECONDS = 86_400.0
USUAL = math.log(0.05 / 0.95)
"""Log-odds of what one in twenty buy within the horizon: that speaks neither for nor against a product."""
HABIT: Wording = {
    "zh": "买过 {n} 次，约每 {interval} 天一次，上次在 {days} 天前",
    "en": "Bought {n} times, about every {interval} days, last {days} days ago",
}
ONCE: Wording = {"zh": "{days} 天前买过一次", "en": "Bought once, {days} days ago"}
OFTEN: Wording = {"zh": "热销：{n} 单买过", "en": "A best seller: in {n} orders"}
_N, _INTERVAL, _DAYS = (HABIT_FEATURES.index(name) for name in ("baskets", "interval", "days_since"))


def from_learned(sight: Sight, signals: Signals) -> None:
    """The likeliest next purchases of a customer who has bought something, with what speaks for and against each."""
    learned = sight.models.learned
    if learned is None or sight.given is not None or not sight.customer.kept:
        return
    today = sight.now.timestamp() / DAY_SECONDS
    table = learned.model.candidates(history_of(sight, learned), today)
    table = table.take(np.array([sight.is_allowed(learned.skus[item]) for item in table.items.tolist()], np.bool_))
    scores = learned.model.trees.scores(table.rows)
    best = np.argsort(-scores, kind="stable")[:N_PROPOSED]
    table = table.take(best[scores[best] > USUAL])
    parts, start = learned.model.parts(table.rows)
    for row, item in enumerate(table.items.tolist()):
        sku = learned.skus[item]
        features = {name: float(values[row]) for name, values in parts.items()}
        features["activity"] += start - USUAL
        signals.put(sku, features, _said(sku, table.rows[row].tolist(), sight))


def history_of(sight: Sight, learned: LearnedProducts) -> PurchaseLines:
    """What the customer kept, as the recommender reads it; products it does not know are left out."""
    lines = [line for line in sight.customer.kept if line.sku in learned.numbers and line.ordered_at <= sight.now]
    orders = {order: number for number, order in enumerate(dict.fromkeys(line.order_id for line in lines))}
    return PurchaseLines(
        baskets=np.array([orders[line.order_id] for line in lines], np.int64),
        customers=np.zeros(len(lines), np.int64),
        items=np.array([learned.numbers[line.sku] for line in lines], np.int64),
        days=np.array([line.ordered_at.timestamp() / DAY_SECONDS for line in lines]),
        n_customers=1,
        n_items=len(learned.skus),
    )


def _said(sku: str, row: list[float], sight: Sight) -> "Mapping[str, partial[Reason]]":
    """The reasons that can be followed to orders: the customer's own, or what others bought together."""
    having = sight.owned.get(sku)
    if having is not None:
        return {"habit": partial(_habit, having.last.order_id, row, sight)}
    pair = together(sku, sight)
    if pair is not None:
        return {"pull": pair}
    number = sight.models.numbers.get(sku)
    n_baskets = int(sight.models.affinity.n_baskets[number]) if number is not None else 0
    return {"trend": partial(_selling, sku, n_baskets, sight)} if n_baskets else {}


def _habit(order_id: str, row: list[float], sight: Sight) -> Reason:
    n, days = round(row[_N]), int(row[_DAYS])
    wording = HABIT if n > 1 else ONCE
    text = wording[sight.language].format(n=n, interval=max(1, round(row[_INTERVAL])), days=days)
    return Reason(text, f"order:{order_id}")


def _selling(sku: str, n_baskets: int, sight: Sight) -> Reason:
    return Reason(OFTEN[sight.language].format(n=n_baskets), f"baskets:{sku}:{n_baskets}")
