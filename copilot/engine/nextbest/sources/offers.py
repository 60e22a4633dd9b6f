"""Products that the customer holds a coupon for, or that a campaign is meant to bring to this customer."""

from datetime import date
from zoneinfo import ZoneInfo

from copilot.engine.answer import Reason
from copilot.engine.context import OFFER_EVENTS, SeenEvent
from copilot.engine.nextbest.signals import Sight, Signals, Wording

TARGET = "product:"
LONG_DAYS = 30
"""So far ahead an end is no reason to hurry; the signal rises from a half to 1 as it comes near."""
COUPON: Wording = {"zh": "客户持有优惠券，{until} 前有效", "en": "The customer holds a coupon until {until}"}
CAMPAIGN: Wording = {
    "zh": "客户在活动名单里，活动到 {until}",
    "en": "The customer is a target of a campaign until {until}",
}
IS_CAMPAIGN = frozenset({"campaign", "活动"})


def from_offers(sight: Sight, signals: Signals) -> None:
    """What a coupon or campaign names, until its last day is over or the product has been bought."""
    today = sight.now.astimezone(ZoneInfo(sight.rules.time_zone)).date()
    for event in sight.customer.events:
        until = last_day(event)
        if until is None or event.at > sight.now or until < today:
            continue
        sku = event.object.removeprefix(TARGET)
        if any(line.sku == sku and line.ordered_at >= event.at for line in sight.customer.kept):
            continue
        wording = CAMPAIGN if event.kind in IS_CAMPAIGN else COUPON
        reason = Reason(wording[sight.language].format(until=until), f"event:{event.kind}:{sku}:{event.at.isoformat()}")
        signals.add(sku, "coupon", 1.0 - 0.5 * min(1.0, (until - today).days / LONG_DAYS), reason)


def last_day(event: SeenEvent) -> date | None:
    """The last day of an offer for a product; empty for other events and where no day is named."""
    if event.kind not in OFFER_EVENTS or not event.object.startswith(TARGET):
        return None
    try:
        return date.fromisoformat(event.value[:10])
    except ValueError:
        return None
