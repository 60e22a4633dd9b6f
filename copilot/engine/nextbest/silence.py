"""When nothing may be offered at all, and why."""

from datetime import datetime, timedelta

from sqlmodel import Session

from copilot.engine.context import COMPLAINT_EVENTS, CustomerContext
from copilot.engine.diversity import has_complained
from copilot.engine.product_rules import ProductRules
from copilot.engine.situation import Situation
from knowledge.text import normalise

REFUND_IN_PROGRESS = frozenset(
    {
        *("refunding", "refund_requested", "refund_pending", "refund_in_progress", "return_requested", "returning"),
        *("退款中", "申请退款", "退款申请中", "待退款", "退货中", "申请退货", "退货退款中", "售后中", "售后处理中"),
    }
)
COMPLAINT = "complaint"


def silence_reason(session: Session, tenant_id: str, situation: Situation, rules: ProductRules) -> str:
    """Why this customer is offered nothing now; empty when there is no such reason."""
    if situation.is_complaining:
        return COMPLAINT
    return _trouble(session, tenant_id, situation, rules) or _cap(situation)


def _trouble(session: Session, tenant_id: str, situation: Situation, rules: ProductRules) -> str:
    """What the customer complained of lately, or waits to have back."""
    customer, now, days = situation.place.customer, situation.place.now, rules.complaint_days
    if _waits_for_refund(customer):
        return f"{COMPLAINT}:refund in progress"
    if _said_so(customer, now, days) or has_complained(session, tenant_id, customer.customer_id, now=now, days=days):
        return f"{COMPLAINT}:within {days} days"
    return ""


def _waits_for_refund(customer: CustomerContext) -> bool:
    return any(normalise(line.status) in REFUND_IN_PROGRESS for line in customer.bought)


def _said_so(customer: CustomerContext, now: datetime, days: int) -> bool:
    since = now - timedelta(days=days)
    return any(event.kind in COMPLAINT_EVENTS and since < event.at <= now for event in customer.events)


def _cap(situation: Situation) -> str:
    policy = situation.policy
    is_reached = situation.sent.n_promotions >= policy.max_promotions_per_week
    return f"cap:{policy.max_promotions_per_week} in {policy.fatigue_days} days" if is_reached else ""
