"""`POST /v1/decisions` and `POST /v1/outcomes`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from copilot.web.schemas.common import Id, Label, LongText, Short, Wire
from knowledge.tables import DecisionKind

SET_ID = "5f0c8a1e9d7b4c32a6d0f1b2c3d4e5f6"


def _made_by_people(kind: DecisionKind) -> DecisionKind:
    if kind is DecisionKind.STALE:
        raise ValueError("'stale' is found out, not sent; expected accept, edit, dismiss, ignore or freehand")
    return kind


class DecisionIn(Wire):
    """What the agent did with a suggestion set."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"set_id": SET_ID, "kind": "accept", "rank": 1, "agent_id": "a01"}]}
    )

    set_id: Id
    kind: Annotated[DecisionKind, AfterValidator(_made_by_people)]
    item_kind: Literal["reply", "product"] = "reply"
    rank: int | None = Field(default=None, ge=1, le=10, description="Needed to accept or edit.")
    sent_text: LongText = Field(default="", description="The text that goes to the customer, when it was changed.")
    reason: Short = ""
    agent_id: Id | None = None


class OutcomeIn(Wire):
    """What the customer did after a suggestion set."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"set_id": SET_ID, "kind": "purchase", "value": 129.0, "window_s": 86400}]}
    )

    set_id: Id
    kind: Label = Field(description="reply, click, purchase, complaint and the like.")
    value: float = Field(default=1.0, allow_inf_nan=False)
    window_s: int | None = Field(default=None, ge=0, le=2_000_000_000)


class RecordedOut(Wire):
    """A decision or outcome that is safely written."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "9a8b7c", "kind": "accept", "conversation_version": 5}]}
    )

    id: str
    kind: str
    conversation_version: int | None = Field(default=None, description="After the decision.")
