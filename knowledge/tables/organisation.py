"""The company and the people who work there."""

from enum import StrEnum

from sqlmodel import Field, SQLModel

from knowledge.tables.columns import text_enum


class Role(StrEnum):
    """What a signed-in person may do; each includes the ones before it."""

    AGENT = "agent"
    EDITOR = "editor"
    LEAD = "lead"
    ADMIN = "admin"


class Tenant(SQLModel, table=True):
    """One company."""

    __tablename__ = "tenant"

    id: str = Field(primary_key=True)
    name: str
    language: str = "zh"


class Team(SQLModel, table=True):
    """A group of agents that shares scripts."""

    __tablename__ = "team"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str


class User(SQLModel, table=True):
    """An agent, editor, lead or admin; `language` is empty until this person chooses one."""

    __tablename__ = "user"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    role: Role = Field(default=Role.AGENT, sa_type=text_enum(Role))
    team_id: str | None = None
    language: str = ""
