"""The feeds: what changed for the index, what was imported, who did what."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Integer
from sqlmodel import Field, SQLModel

from knowledge.tables.columns import UtcDateTime, text_enum


class IndexKind(StrEnum):
    """What an `IndexChange` is about."""

    SCRIPT = "script"
    PRODUCT = "product"
    PASSAGE = "passage"
    CUSTOMER = "customer"


class IndexChange(SQLModel, table=True):
    """One thing to read again; written in the transaction that changed it, followed by every process by `seq`."""

    __tablename__ = "index_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    seq: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    tenant_id: str
    kind: IndexKind = Field(sa_type=text_enum(IndexKind))
    item_id: str


class ImportRun(SQLModel, table=True):
    """One import and its counts."""

    __tablename__ = "import_run"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    file_name: str
    sha256: str = ""
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    n_added: int = 0
    n_changed: int = 0
    n_unchanged: int = 0
    n_rejected: int = 0


class AuditEntry(SQLModel, table=True):
    """Who did what; each entry's hash covers the one before it."""

    __tablename__ = "audit_entry"
    __table_args__ = ({"sqlite_autoincrement": True},)

    seq: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    tenant_id: str
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    action: str
    subject: str
    detail: dict[str, object] = Field(default_factory=dict, sa_type=JSON)
    previous_sha256: str
    sha256: str
