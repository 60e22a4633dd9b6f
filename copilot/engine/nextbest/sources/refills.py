"""Refills that are due."""

from copilot.engine.answer import Reason
from copilot.engine.nextbest.owned import DUE_FROM, DUE_UNTIL
from copilot.engine.nextbest.signals import Sight, Signals, Wording

DUE: Wording = {
    "zh": "{days} 天前买过，一般可用 {interval} 天，该补货了",
    "en": "Bought {days} days ago, usually lasts {interval}: a refill is due",
}


def from_refills(sight: Sight, signals: Signals) -> None:
    """What the customer will soon have used up; left to the learned recommender where there is one."""
    if sight.models.learned is not None:
        return
    for sku, having in sight.owned.items():
        due = having.due(sight.now)
        if due is None or having.interval_days is None or not DUE_FROM <= due <= DUE_UNTIL:
            continue
        days = (sight.now - having.last.ordered_at).days
        text = DUE[sight.language].format(days=days, interval=round(having.interval_days))
        signals.add(sku, "refill", _urgency(due), Reason(text, f"order:{having.last.order_id}"))


def _urgency(due: float) -> float:
    """Rises to 1 when the interval is over, then falls slowly: it may have been bought elsewhere."""
    if due < 1.0:
        return min(1.0, (due - DUE_FROM) / (1.0 - DUE_FROM))
    return 1.0 - 0.5 * (due - 1.0) / (DUE_UNTIL - 1.0)
