"""`POST /v1/decisions` and `POST /v1/outcomes`: what agents and customers did."""

from fastapi import APIRouter

from copilot.engine.decisions import NewDecision, NewOutcome
from copilot.web.api.documented import WRITES, problems
from copilot.web.conversing import decide
from copilot.web.schemas.decisions import DecisionIn, OutcomeIn, RecordedOut
from copilot.web.services import IdempotencyKey, ServicesDep

router = APIRouter(prefix="/v1", tags=["decisions"], responses=problems(*WRITES))


@router.post("/decisions", status_code=201, summary="Record what the agent did")
def post_decision(decision: DecisionIn, services: ServicesDep, key: IdempotencyKey = None) -> RecordedOut:
    """Record a decision; a text that is sent joins the conversation in the same transaction."""
    recorded = decide(services, NewDecision(**decision.model_dump()), key)
    return RecordedOut.model_validate(recorded)


@router.post("/outcomes", status_code=201, summary="Record what the customer did afterwards")
def post_outcome(outcome: OutcomeIn, services: ServicesDep, key: IdempotencyKey = None) -> RecordedOut:
    """Record an outcome of a suggestion set."""
    recorded = services.runtime.desk.note_outcome(NewOutcome(**outcome.model_dump()), key=key)
    return RecordedOut.model_validate(recorded)
