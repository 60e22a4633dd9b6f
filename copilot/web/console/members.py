"""Who is in a group: those it is known to have, or else those who have written."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.web.pages.translation import Words
from knowledge.tables import Conversation, Customer, Member, Message, MessageRole, Scene, User


@dataclass(frozen=True)
class MemberView:
    """Somebody in a group, by the name others see."""

    name: str
    role: MessageRole


def members_of(
    session: Session, conversation: Conversation, messages: Sequence[Message], words: Words
) -> list[MemberView]:
    """The members of a group, staff last; empty outside groups."""
    if conversation.scene is not Scene.GROUP:
        return []
    query = select(Member).where(
        col(Member.tenant_id) == conversation.tenant_id, col(Member.conversation_id) == conversation.id
    )
    known = [MemberView(one.name or one.member_id, one.role) for one in session.execute(query).scalars()]
    found = known or _authors(session, conversation.tenant_id, messages, words)
    return sorted(found, key=lambda one: (one.role is MessageRole.AGENT, one.name))


def _authors(session: Session, tenant_id: str, messages: Sequence[Message], words: Words) -> list[MemberView]:
    """Those who have written, each once; who did not say a name goes by the part they have."""
    authors = dict.fromkeys((one.role, one.author_id) for one in messages)
    return [
        MemberView(_name(session, tenant_id, role, author_id) or words(f"thread.{role.value}"), role)
        for role, author_id in authors
    ]


def _name(session: Session, tenant_id: str, role: MessageRole, author_id: str | None) -> str:
    if author_id is None:
        return ""
    key = (tenant_id, author_id)
    row: User | Customer | None = session.get(User, key) if role is MessageRole.AGENT else session.get(Customer, key)
    return row.name if row and row.name else author_id
