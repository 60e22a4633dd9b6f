"""The steps of a script's life as the desk takes them: who may take which, and what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from sqlalchemy import func, select
from sqlmodel import Session, col

from copilot.curation.objections import Objection, Severity
from copilot.errors import BadRequestError
from copilot.shop import Shop
from knowledge.library import scripts as library
from knowledge.library.comments import add_comment
from knowledge.tables import Script, ScriptStatus, ScriptVersion, User


class _Who(TypedDict):
    actor: str
    now: datetime
    expected_version: int


class ReviewRule(StrEnum):
    """Who may approve a version: somebody else than its author, or anyone."""

    OTHER = "other"
    ANYONE = "anyone"


class Step(StrEnum):
    """What can be done with a script; approving publishes."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    PUBLISH = "publish"
    RETIRE = "retire"
    ROLL_BACK = "roll_back"


NEEDS_CHECKS = frozenset({Step.APPROVE, Step.PUBLISH, Step.ROLL_BACK})
"""Steps after which customers get to read the text."""


@dataclass(frozen=True)
class Stand:
    """A script at one moment: its newest version, which one is live, and who may approve."""

    script: Script
    newest: ScriptVersion
    rule: ReviewRule

    @property
    def steps(self) -> list[Step]:
        """What comes next, the most usual first; what only others may do is among them."""
        of_status = {
            ScriptStatus.DRAFT: [Step.PUBLISH, Step.SUBMIT] if self.rule is ReviewRule.ANYONE else [Step.SUBMIT],
            ScriptStatus.REVIEW: [Step.APPROVE, Step.SEND_BACK, Step.WITHDRAW],
        }
        found = list(of_status.get(self.newest.status, []))
        return [*found, Step.RETIRE] if self.script.live_version is not None else found

    def refusal(self, step: Step, person: str | None) -> str:
        """Why this person may not take a step: `nobody` or `author`; empty when nothing speaks against it."""
        if self.rule is ReviewRule.ANYONE or step is not Step.APPROVE:
            return ""
        if person is None:
            return "nobody"
        return "author" if person == self.newest.author else ""


@dataclass(frozen=True)
class Order:
    """A step to take: who wants it, when, why, and which version was looked at; `version` is that to go back to."""

    step: Step
    person: str | None
    actor: str
    now: datetime
    expected_version: int
    reason: str = ""
    version: int | None = None
    key: str = ""


def review_rule(session: Session, tenant_id: str, shop: Shop) -> ReviewRule:
    """What the shop has decided, else somebody other than the author as soon as two people work here."""
    if shop.desk.review is not None:
        return ReviewRule(shop.desk.review)
    query = select(func.count()).select_from(User).where(col(User.tenant_id) == tenant_id)
    n_people: int = session.execute(query).scalar_one()
    return ReviewRule.OTHER if n_people > 1 else ReviewRule.ANYONE


def take_step(session: Session, tenant_id: str, stand: Stand, order: Order, objections: Sequence[Objection]) -> None:
    """Take a step; `objections` are those to the text that would be live.

    Raises:
        BadRequestError: the person may not take it, or something stands in the way of publishing.
        InvalidValueError: the version is not in the right state for it.
        StaleVersionError: somebody has changed the script since.
    """
    _require_may(stand, order)
    if order.step in NEEDS_CHECKS:
        require_publishable(objections)
    script_id, reason = stand.script.id, order.reason
    who: _Who = {"actor": order.actor, "now": order.now, "expected_version": order.expected_version}
    match order.step:
        case Step.SUBMIT:
            library.submit_script(session, tenant_id, script_id, **who)
        case Step.WITHDRAW:
            library.withdraw_script(session, tenant_id, script_id, **who)
        case Step.SEND_BACK:
            _send_back(session, tenant_id, stand, order, who)
        case Step.APPROVE:
            library.approve_script(session, tenant_id, script_id, reason=reason, **who)
        case Step.PUBLISH:
            library.publish_script(session, tenant_id, script_id, reason=reason, **who)
        case Step.RETIRE:
            library.retire_script(session, tenant_id, script_id, reason=reason, **who)
        case Step.ROLL_BACK:
            library.roll_back_script(session, tenant_id, script_id, version=order.version or 0, reason=reason, **who)


def require_publishable(objections: Sequence[Objection]) -> None:
    """Check that nothing blocks.

    Raises:
        BadRequestError: something does; names the first.
    """
    first = next((one for one in objections if one.severity is Severity.BLOCK), None)
    if first is not None:
        rule = f" ({first.rule})" if first.rule else ""
        raise BadRequestError("text", first.words, f"a text that nothing blocks: {first.plain}{rule}")


def _require_may(stand: Stand, order: Order) -> None:
    refusal = stand.refusal(order.step, order.person)
    if order.step is Step.PUBLISH and stand.rule is ReviewRule.OTHER and stand.newest.status != ScriptStatus.PUBLISHED:
        raise BadRequestError("step", order.step.value, "a version that somebody else has approved")
    if refusal == "nobody":
        raise BadRequestError("agent_id", "", "your name chosen at the top of the page, to approve")
    if refusal == "author":
        raise BadRequestError(
            "agent_id", order.actor, f"somebody else than the author of version {stand.newest.version}"
        )


def _send_back(session: Session, tenant_id: str, stand: Stand, order: Order, who: _Who) -> None:
    """Make it a draft again, with the reason as a remark that its author resolves."""
    version = library.send_back_script(session, tenant_id, stand.script.id, reason=order.reason, **who)
    add_comment(
        session,
        tenant_id,
        order.key,
        script_id=version.script_id,
        version=version.version,
        text=order.reason,
        actor=order.actor,
        now=order.now,
    )
