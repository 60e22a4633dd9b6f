"""What the desk keeps beside the scripts: remarks, saved views, tried messages, and changes of many scripts at once."""

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from knowledge.tables.columns import UtcDateTime


class ScriptComment(SQLModel, table=True):
    """A remark on a version of a script; open until somebody resolves it."""

    __tablename__ = "script_comment"
    __table_args__ = (Index("ix_script_comment_script", "tenant_id", "script_id"),)

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    script_id: str
    version: int
    author: str
    text: str
    at: datetime = Field(sa_type=UtcDateTime)
    resolved_by: str = ""
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SavedView(SQLModel, table=True):
    """A list as somebody likes to see it; `address` holds its filters as they stand in an address."""

    __tablename__ = "saved_view"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    owner: str
    page: str
    name: str
    address: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class RegressionCase(SQLModel, table=True):
    """A customer's message and the script that has to stand among its first `within` suggestions."""

    __tablename__ = "regression_case"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    message: str
    script_id: str
    within: int = 3
    scene: str = "direct"
    customer_id: str | None = None
    note: str = ""
    author: str
    at: datetime = Field(sa_type=UtcDateTime)


class BulkChange(SQLModel, table=True):
    """One action on many scripts; `detail` holds for each of them what undoing needs."""

    __tablename__ = "bulk_change"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    action: str
    actor: str
    at: datetime = Field(sa_type=UtcDateTime)
    detail: list[dict[str, object]] = Field(default_factory=list, sa_type=JSON)
    undone_by: str = ""
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
