"""What was suggested, what the agent did, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from knowledge.tables.columns import UtcDateTime, text_enum


class DecisionKind(StrEnum):
    """What an agent did with a suggestion set."""

    ACCEPT = "accept"
    EDIT = "edit"
    DISMISS = "dismiss"
    IGNORE = "ignore"
    FREEHAND = "freehand"
    STALE = "stale"


INFERRED = "inferred"
"""The source of a decision that nobody took in the console: seen in what was sent, with a confidence below one."""


class SuggestionSet(SQLModel, table=True):
    """One answer of the engine, with everything needed to evaluate it later.

    `slate_propensity` is the probability that exactly these replies were shown in this order; `candidates`, when the
    policy explored, every reply that could have been shown with its propensity at each rank. `experiment` and `variant`
    are empty outside experiments.
    """

    __tablename__ = "suggestion_set"
    __table_args__ = (
        Index("ix_suggestion_set_at", "tenant_id", "at"),
        Index("ix_suggestion_set_conversation", "tenant_id", "conversation_id", "at"),
        Index("ix_suggestion_set_customer", "tenant_id", "customer_id", "at"),
    )

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    conversation_id: str | None = None
    conversation_version: int = 0
    customer_id: str | None = None
    agent_id: str | None = None
    scene: str = "direct"
    stage: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    message: str = ""
    abstain_reason: str = ""
    excluded: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    index_version: str = ""
    model_version: str = ""
    policy_version: str = ""
    rules_version: str = ""
    experiment: str = ""
    variant: str = ""
    slate_propensity: float = 1.0
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    latency_ms: float = 0.0


class Suggestion(SQLModel, table=True):
    """One ranked item of a set; `propensity` is the probability that the policy showed it at this rank."""

    __tablename__ = "suggestion"
    __table_args__ = (Index("ix_suggestion_item", "tenant_id", "set_id", "kind", "rank", "item_id"),)

    tenant_id: str = Field(primary_key=True)
    set_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    rank: int = Field(primary_key=True)
    item_id: str
    item_version: int = 0
    score: float = 0.0
    probability: float = 0.0
    propensity: float = 1.0
    text: str = ""
    features: dict[str, float] = Field(default_factory=dict, sa_type=JSON)


class ShadowRanking(SQLModel, table=True):
    """What a policy on trial would have made of the candidates of a set; it was shown to nobody.

    `served` and `shadow` hold script id, version, score and probability of the replies that stood in either order, best
    first; the first `n_shown` are what was or would have been shown. `shadow_version` names the policy in the model
    store, `policy_version` its numbers; the policy that served is named in the set.
    """

    __tablename__ = "shadow_ranking"
    __table_args__ = (Index("ix_shadow_ranking_version", "tenant_id", "shadow_version"),)

    tenant_id: str = Field(primary_key=True)
    set_id: str = Field(primary_key=True)
    shadow_version: str
    policy_version: str
    n_shown: int
    served: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    shadow: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    served_abstained: bool
    shadow_abstained: bool


class Decision(SQLModel, table=True):
    """What an agent did; `edit_distance` counts characters between the suggested and the sent text.

    A decision taken back stands for nothing any more; it is kept, with the moment it was taken back.
    """

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_set", "tenant_id", "set_id"),)

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    set_id: str
    kind: DecisionKind = Field(sa_type=text_enum(DecisionKind))
    item_kind: str = "reply"
    rank: int | None = None
    item_id: str | None = None
    sent_text: str = ""
    edit_distance: int | None = None
    reason: str = ""
    agent_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    source: str = "ui"
    confidence: float = 1.0
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Outcome(SQLModel, table=True):
    """What the customer did afterwards."""

    __tablename__ = "outcome"
    __table_args__ = (Index("ix_outcome_set", "tenant_id", "set_id"),)

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    set_id: str
    kind: str
    value: float = 1.0
    at: datetime = Field(sa_type=UtcDateTime)
    window_s: int | None = None


class IdempotentReply(SQLModel, table=True):
    """The answer already given to a write with this key, kept so that a repeat gets the same."""

    __tablename__ = "idempotent_reply"

    tenant_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_sha256: str
    body: str
    at: datetime = Field(sa_type=UtcDateTime)
