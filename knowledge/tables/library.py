"""The script library: scripts, their versions, how they are used, and candidates for it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from knowledge.tables.columns import UtcDateTime, text_enum


class ScriptKind(StrEnum):
    """What a script is; a policy is shown to the agent word for word."""

    SCRIPT = "script"
    FAQ = "faq"
    POLICY = "policy"


class ScriptStatus(StrEnum):
    """The life of a version; only `published` ones are suggested."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    RETIRED = "retired"


class Script(SQLModel, table=True):
    """A script's identity; what it says is in its versions. `live_version` is empty while none is published."""

    __tablename__ = "script"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: ScriptKind = Field(default=ScriptKind.SCRIPT, sa_type=text_enum(ScriptKind))
    title: str = ""
    owner: str = ""
    latest_version: int = 1
    live_version: int | None = None
    updated_at: datetime = Field(sa_type=UtcDateTime)


class ScriptVersion(SQLModel, table=True):
    """What a script said from `published_at` until `ended_at`; never changed once published, only followed by the next.

    Stages and scenes are lists; an empty one means all. `scope` is `organisation`, `team:ID` or `private:USER`.
    """

    __tablename__ = "script_version"

    tenant_id: str = Field(primary_key=True)
    script_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    text: str
    triggers: list[str] = Field(default_factory=list, sa_type=JSON)
    stages: list[str] = Field(default_factory=list, sa_type=JSON)
    scenes: list[str] = Field(default_factory=list, sa_type=JSON)
    channels: list[str] = Field(default_factory=list, sa_type=JSON)
    audience: dict[str, object] = Field(default_factory=dict, sa_type=JSON)
    skus: list[str] = Field(default_factory=list, sa_type=JSON)
    attachments: list[str] = Field(default_factory=list, sa_type=JSON)
    scope: str = "organisation"
    valid_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: ScriptStatus = Field(default=ScriptStatus.DRAFT, sa_type=text_enum(ScriptStatus))
    author: str = ""
    reason: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ScriptUse(SQLModel, table=True):
    """How often a script was shown and what became of it, per agent; `EVERYONE` holds the sum over agents."""

    __tablename__ = "script_use"

    tenant_id: str = Field(primary_key=True)
    script_id: str = Field(primary_key=True)
    agent_id: str = Field(primary_key=True)
    n_shown: int = 0
    n_accepted: int = 0
    n_edited: int = 0
    n_dismissed: int = 0
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


EVERYONE = "*"


class CandidateSource(StrEnum):
    """Where a candidate comes from: conversations, an agent's wish, or messages that nothing answers."""

    MINED = "mined"
    REQUESTED = "requested"
    GAP = "gap"


class CandidateStatus(StrEnum):
    """The life of a candidate; `new` and `requested` wait for an editor."""

    NEW = "new"
    REQUESTED = "requested"
    APPROVED = "approved"
    MERGED = "merged"
    REJECTED = "rejected"


class Candidate(SQLModel, table=True):
    """A script for the library that waits for an editor, with its evidence, and what became of it.

    `text` is empty where only the customers' words are known. `fingerprint` is equal for texts that say the same, empty
    without a text. `script_id` is the script it became or went into.
    """

    __tablename__ = "candidate"
    __table_args__ = (Index("ix_candidate_fingerprint", "tenant_id", "fingerprint"),)

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    source: CandidateSource = Field(default=CandidateSource.MINED, sa_type=text_enum(CandidateSource))
    text: str
    title: str = ""
    triggers: list[str] = Field(default_factory=list, sa_type=JSON)
    stage: str = ""
    scene: str = ""
    skus: list[str] = Field(default_factory=list, sa_type=JSON)
    evidence: dict[str, object] = Field(default_factory=dict, sa_type=JSON)
    fingerprint: str = ""
    status: CandidateStatus = Field(default=CandidateStatus.NEW, sa_type=text_enum(CandidateStatus))
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    script_id: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
