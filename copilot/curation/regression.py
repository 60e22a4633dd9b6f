"""Messages that must go on finding their script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.engine import Engine
from copilot.engine.request import MAX_MESSAGE_CHARACTERS, SuggestRequest, require_text
from copilot.errors import BadRequestError, UnknownIdError
from knowledge.audit import append_entry
from knowledge.errors import NotFoundError
from knowledge.tables import Customer, RegressionCase, Scene, Script

MOST_WITHIN = 10


@dataclass(frozen=True)
class CaseResult:
    """How a case fares now; `shown` are the scripts found, best first, `why_not` is told when nothing could be."""

    case: RegressionCase
    shown: tuple[str, ...]
    why_not: str = ""

    @property
    def rank(self) -> int | None:
        """From 1; nothing when the script is not among what is shown."""
        return self.shown.index(self.case.script_id) + 1 if self.case.script_id in self.shown else None

    @property
    def has_passed(self) -> bool:
        return self.rank is not None and self.rank <= self.case.within


@dataclass(frozen=True)
class CaseReport:
    """All cases as they fare now, in the order they were given."""

    results: tuple[CaseResult, ...]

    @property
    def n_failed(self) -> int:
        return sum(not one.has_passed for one in self.results)

    def to_dict(self) -> dict[str, object]:
        """For machines."""
        return {
            "n": len(self.results),
            "n_failed": self.n_failed,
            "cases": [
                {
                    "id": one.case.id,
                    "message": one.case.message,
                    "script_id": one.case.script_id,
                    "within": one.case.within,
                    "scene": one.case.scene,
                    "customer_id": one.case.customer_id,
                    "note": one.case.note,
                    "passed": one.has_passed,
                    "rank": one.rank,
                    "shown": list(one.shown),
                    "why_not": one.why_not,
                }
                for one in self.results
            ],
        }


def add_case(session: Session, case: RegressionCase) -> RegressionCase:
    """The case, kept; the one that has this id already when it was sent twice.

    Raises:
        BadRequestError: the message is empty or too long, the scene unknown, or `within` not from 1 to 10.
        NotFoundError: there is no such script or customer.
    """
    known = session.get(RegressionCase, (case.tenant_id, case.id))
    if known is not None:
        return known
    _check(session, case)
    session.add(case)
    session.flush()
    _note(session, case, "add", case.author, case.at)
    return case


def remove_case(session: Session, tenant_id: str, case_id: str, *, actor: str, now: datetime) -> None:
    """Forget a case.

    Raises:
        NotFoundError: there is no such case.
    """
    case = session.get(RegressionCase, (tenant_id, case_id))
    if case is None:
        raise NotFoundError("regression case", case_id)
    _note(session, case, "remove", actor, now)
    session.delete(case)


def read_cases(session: Session, tenant_id: str, script_id: str = "") -> list[RegressionCase]:
    """All cases, or those of one script, the newest last."""
    query = select(RegressionCase).where(col(RegressionCase.tenant_id) == tenant_id)
    if script_id:
        query = query.where(col(RegressionCase.script_id) == script_id)
    query = query.order_by(col(RegressionCase.at), col(RegressionCase.id))
    return list(session.execute(query).scalars())


def run_cases(engine: Engine, cases: Sequence[RegressionCase]) -> CaseReport:
    """How each case fares now, asked as an agent's console would ask; nothing is recorded."""
    return CaseReport(tuple(_run(engine, case) for case in cases))


def _run(engine: Engine, case: RegressionCase) -> CaseResult:
    request = SuggestRequest(
        message=case.message,
        tenant_id=case.tenant_id,
        customer_id=case.customer_id,
        scene=Scene(case.scene),
        max_replies=case.within,
        explain_excluded=True,
    )
    try:
        answer, _ = engine.rehearse(request)
    except UnknownIdError as error:
        return CaseResult(case, (), str(error))
    rule = next((one.rule for one in answer.excluded if one.item_id == case.script_id), "")
    return CaseResult(case, tuple(reply.script_id for reply in answer.replies), rule or answer.abstain_reason)


def _check(session: Session, case: RegressionCase) -> None:
    require_text("message", case.message)
    require_text("note", case.note)
    if not case.message.strip():
        raise BadRequestError("message", case.message, f"a message of 1 to {MAX_MESSAGE_CHARACTERS:,} characters")
    if not 1 <= case.within <= MOST_WITHIN:
        raise BadRequestError("within", case.within, f"a number from 1 to {MOST_WITHIN}")
    if case.scene not in list(Scene):
        raise BadRequestError("scene", case.scene, " or ".join(Scene))
    if session.get(Script, (case.tenant_id, case.script_id)) is None:
        raise NotFoundError("script", case.script_id)
    if case.customer_id and session.get(Customer, (case.tenant_id, case.customer_id)) is None:
        raise NotFoundError("customer", case.customer_id)


def _note(session: Session, case: RegressionCase, action: str, actor: str, now: datetime) -> None:
    detail = {"script_id": case.script_id, "within": case.within}
    append_entry(
        session, case.tenant_id, at=now, actor=actor, action=f"regression.{action}", subject=case.id, detail=detail
    )
