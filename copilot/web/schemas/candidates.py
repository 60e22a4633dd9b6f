"""Candidates for the library, and what an editor decides about them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue

from copilot.web.schemas.common import Id, Labels, LongText, Short, Wire
from knowledge.tables import CandidateSource, CandidateStatus, ScriptKind

Verdict = Literal["helps", "harms", "cannot-tell"]
EVIDENCE: dict[str, JsonValue] = {
    "n": 812,
    "n_agents": 9,
    "outcome": "conversion",
    "effect": 0.081,
    "low": 0.042,
    "high": 0.119,
    "shrunk": 0.074,
    "verdict": "helps",
    "why": "Customers who got it bought 8 points more often than like customers who got an ordinary reply.",
    "basis": "observational (adjusted)",
}
CANDIDATE: dict[str, JsonValue] = {
    "id": "m-3f2a9c0d11e45b77",
    "source": "mined",
    "text": "建议先在耳后试用两天，没有泛红再上脸。",
    "title": "敏感肌试用",
    "triggers": ["敏感肌能用吗"],
    "stage": "转化",
    "scene": "direct",
    "skus": [],
    "evidence": EVIDENCE,
    "status": "new",
    "reason": "",
    "decided_by": "",
    "decided_at": None,
    "script_id": None,
    "created_at": "2026-03-01T12:00:00Z",
    "updated_at": "2026-03-01T12:00:00Z",
}


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


EMPTY_IS_NONE = BeforeValidator(_none_when_empty)


class CandidateQuery(Wire):
    """Which candidates to read; an empty value does not restrict."""

    model_config = ConfigDict(extra="ignore")

    status: Annotated[CandidateStatus | Literal["open"] | None, EMPTY_IS_NONE] = Field(
        default=None, description="`open` are those that wait for an editor: `new` and `requested`."
    )
    verdict: Annotated[Verdict | None, EMPTY_IS_NONE] = None
    outcome: Short = Field(default="", description="What the verdict is about, such as `conversion`.")
    stage: Short = ""
    source: Annotated[CandidateSource | None, EMPTY_IS_NONE] = None
    q: Short = Field(default="", description="Words of the text, the title or a trigger.")


class CandidatePage(CandidateQuery):
    """Which candidates to read, and which part of them."""

    after: Short = Field(default="", description="The last id of the page before.")
    limit: int = Field(default=100, ge=1, le=500)


class CandidateOut(Wire):
    """A script that was mined or asked for; its evidence as it was handed in, and what an editor decided."""

    model_config = ConfigDict(json_schema_extra={"examples": [CANDIDATE]})

    id: str
    source: CandidateSource
    text: str = Field(description="A template with `{{slots}}`; empty where only the customers' words are known.")
    title: str
    triggers: list[str]
    stage: str
    scene: str
    skus: list[str]
    evidence: dict[str, object]
    status: CandidateStatus
    reason: str
    decided_by: str
    decided_at: datetime | None
    script_id: str | None = Field(description="The script it became or went into.")
    created_at: datetime
    updated_at: datetime


class ScriptRequestIn(Wire):
    """A message for which a script is wanted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "可以寄到国外吗", "agent_id": "a01"}]})

    message: Annotated[LongText, Field(min_length=1)]
    note: Short = ""
    agent_id: Id | None = None
    conversation_id: Id | None = None
    set_id: Id | None = None
    stage: Short = ""
    scene: Short = ""


class ReviewIn(Wire):
    """Who decides, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"author": "e01", "reason": "mined anew"}]})

    author: Short = Field(default="api", description="Who makes the change; kept in the audit trail.")
    reviewer: Short = Field(default="", description="Who decided, when that is not the author.")
    reason: Short = ""


class ApproveIn(ReviewIn):
    """The candidate as an editor changed it; what is left out stays as it was proposed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "敏感肌试用", "author": "e01"}]})

    text: LongText | None = None
    title: Short | None = None
    triggers: Labels | None = None
    stage: Short | None = None
    scene: Short | None = None
    skus: Labels | None = None
    kind: ScriptKind = ScriptKind.SCRIPT
    script_id: Id | None = Field(default=None, description="The id of the new script; `M-…` when absent.")


class MergeIn(ReviewIn):
    """The live script that takes the candidate in, and as what."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"script_id": "S001", "how": "triggers", "author": "e01"}]}
    )

    script_id: Id
    how: Literal["triggers", "version"] = Field(
        description="`triggers` adds what customers say to the script; `version` gives the script the text."
    )
    text: LongText | None = None
    triggers: Labels | None = None


class RejectIn(ReviewIn):
    """Why a candidate is not wanted; remembered when it is mined again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "only true for one customer"}]})

    reason: Annotated[Short, Field(min_length=1)]
