"""Products that the customer looked at."""

from copilot.engine.answer import Reason
from copilot.engine.nextbest.signals import Sight, Signals, Wording

VIEW_DAYS = 30
LOOKING = frozenset({"view", "click", "dwell", "share"})
VIEWED: Wording = {"zh": "客户 {days} 天前看过", "en": "The customer looked at it {days} days ago"}


def from_events(sight: Sight, signals: Signals) -> None:
    """What was looked at lately, the latest most."""
    for event in sight.customer.events:
        days = (sight.now - event.at).days
        if event.kind not in LOOKING or not 0 <= days <= VIEW_DAYS:
            continue
        sku = event.object.removeprefix("product:")
        text = VIEWED[sight.language].format(days=days)
        reason = Reason(text, f"event:{event.kind}:{sku}:{event.at.isoformat()}")
        signals.add(sku, "viewed", 1.0 - days / (VIEW_DAYS + 1), reason)
