"""The tables, one module per part of the company's knowledge; importing this package registers all of them."""

from knowledge.tables.catalogue import Document, Passage, Product
from knowledge.tables.changes import AuditEntry, ImportRun, IndexChange, IndexKind
from knowledge.tables.columns import DEFAULT_TENANT
from knowledge.tables.library import (
    EVERYONE,
    Candidate,
    CandidateSource,
    CandidateStatus,
    Script,
    ScriptKind,
    ScriptStatus,
    ScriptUse,
    ScriptVersion,
)
from knowledge.tables.organisation import Role, Team, Tenant, User
from knowledge.tables.people import (
    Customer,
    CustomerTag,
    Event,
    Friendship,
    Identity,
    Order,
    OrderLine,
    OrderStatusChange,
)
from knowledge.tables.records import (
    INFERRED,
    Decision,
    DecisionKind,
    IdempotentReply,
    Outcome,
    ShadowRanking,
    Suggestion,
    SuggestionSet,
)
from knowledge.tables.talk import Conversation, Message, MessageRole, Scene, Stage

__all__ = [
    "DEFAULT_TENANT",
    "EVERYONE",
    "INFERRED",
    "AuditEntry",
    "Candidate",
    "CandidateSource",
    "CandidateStatus",
    "Conversation",
    "Customer",
    "CustomerTag",
    "Decision",
    "DecisionKind",
    "Document",
    "Event",
    "Friendship",
    "IdempotentReply",
    "Identity",
    "ImportRun",
    "IndexChange",
    "IndexKind",
    "Message",
    "MessageRole",
    "Order",
    "OrderLine",
    "OrderStatusChange",
    "Outcome",
    "Passage",
    "Product",
    "Role",
    "Scene",
    "Script",
    "ScriptKind",
    "ScriptStatus",
    "ScriptUse",
    "ScriptVersion",
    "ShadowRanking",
    "Stage",
    "Suggestion",
    "SuggestionSet",
    "Team",
    "Tenant",
    "User",
]
