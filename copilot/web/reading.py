"""What pages and the API read from the database: lists and single rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from knowledge.tables import (
    Conversation,
    Customer,
    Message,
    MessageRole,
    Product,
    Script,
    ScriptVersion,
    User,
)


@dataclass(frozen=True)
class ConversationRow:
    """A conversation in a list, with what was said last and how long the customer has waited."""

    conversation: Conversation
    customer_name: str
    last_text: str
    last_role: MessageRole | None
    n_unanswered: int
    waiting_since: datetime | None


def list_conversations(session: Session, tenant_id: str, limit: int) -> list[ConversationRow]:
    """The conversations that moved last, newest first."""
    query = (
        select(Conversation, col(Customer.name))
        .outerjoin(
            Customer,
            (col(Customer.tenant_id) == col(Conversation.tenant_id))
            & (col(Customer.id) == col(Conversation.customer_id)),
        )
        .where(col(Conversation.tenant_id) == tenant_id)
        .order_by(col(Conversation.last_message_at).desc(), col(Conversation.id))
        .limit(limit)
    )
    found = session.execute(query).all()
    tails = _read_tails(session, tenant_id, [row[0].id for row in found])
    return [_row(conversation, name or "", tails.get(conversation.id, [])) for conversation, name in found]


def read_messages(session: Session, conversation: Conversation, limit: int) -> list[Message]:
    """The latest messages of a conversation, oldest first."""
    query = (
        select(Message)
        .where(
            col(Message.tenant_id) == conversation.tenant_id,
            col(Message.conversation_id) == conversation.id,
            col(Message.position) > conversation.version - limit,
        )
        .order_by(col(Message.position))
    )
    return list(session.execute(query).scalars())


def search_customers(session: Session, tenant_id: str, text: str, limit: int) -> list[Customer]:
    """Customers whose id or name contains the text, those seen last first."""
    query = select(Customer).where(col(Customer.tenant_id) == tenant_id)
    if text:
        query = query.where(_contains(col(Customer.id), text) | _contains(col(Customer.name), text))
    query = query.order_by(col(Customer.updated_at).desc(), col(Customer.id)).limit(limit)
    return list(session.execute(query).scalars())


def list_agents(session: Session, tenant_id: str, limit: int = 200) -> list[User]:
    """The people who may answer customers, by name."""
    query = select(User).where(col(User.tenant_id) == tenant_id).order_by(col(User.name)).limit(limit)
    return list(session.execute(query).scalars())


def list_scripts(
    session: Session, tenant_id: str, *, text: str, after: str, limit: int
) -> list[tuple[Script, ScriptVersion]]:
    """Scripts by id, each with its live version, or the newest one while none is live."""
    shown = func.coalesce(col(Script.live_version), col(Script.latest_version))
    query = (
        select(Script, ScriptVersion)
        .join(
            ScriptVersion,
            (col(ScriptVersion.tenant_id) == col(Script.tenant_id))
            & (col(ScriptVersion.script_id) == col(Script.id))
            & (col(ScriptVersion.version) == shown),
        )
        .where(col(Script.tenant_id) == tenant_id, col(Script.id) > after)
    )
    if text:
        places = (col(Script.id), col(Script.title), col(ScriptVersion.text))
        query = query.where(or_(*(_contains(place, text) for place in places)))
    return [(row[0], row[1]) for row in session.execute(query.order_by(col(Script.id)).limit(limit))]


def read_script_versions(session: Session, tenant_id: str, script_id: str) -> list[ScriptVersion]:
    """All versions of a script, newest first."""
    query = (
        select(ScriptVersion)
        .where(col(ScriptVersion.tenant_id) == tenant_id, col(ScriptVersion.script_id) == script_id)
        .order_by(col(ScriptVersion.version).desc())
    )
    return list(session.execute(query).scalars())


def list_products(session: Session, tenant_id: str, *, text: str, after: str, limit: int) -> list[Product]:
    """Products by sku."""
    query = select(Product).where(col(Product.tenant_id) == tenant_id, col(Product.sku) > after)
    if text:
        query = query.where(_contains(col(Product.sku), text) | _contains(col(Product.name), text))
    return list(session.execute(query.order_by(col(Product.sku)).limit(limit)).scalars())


def product_names(session: Session, tenant_id: str, skus: Sequence[str]) -> dict[str, str]:
    """The names of the products that exist among `skus`."""
    if not skus:
        return {}
    query = select(col(Product.sku), col(Product.name)).where(
        col(Product.tenant_id) == tenant_id, col(Product.sku).in_(skus)
    )
    return {row.sku: row.name for row in session.execute(query)}


TAIL = 8
"""More unanswered messages than this are counted as this many."""


def _read_tails(session: Session, tenant_id: str, conversation_ids: Sequence[str]) -> dict[str, list[Message]]:
    """The last few messages of each conversation, newest first."""
    if not conversation_ids:
        return {}
    query = (
        select(Message)
        .join(
            Conversation,
            (col(Conversation.tenant_id) == col(Message.tenant_id))
            & (col(Conversation.id) == col(Message.conversation_id)),
        )
        .where(
            col(Message.tenant_id) == tenant_id,
            col(Message.conversation_id).in_(conversation_ids),
            col(Message.position) > col(Conversation.version) - TAIL,
            col(Message.withdrawn_at).is_(None),
        )
        .order_by(col(Message.position).desc())
    )
    tails: dict[str, list[Message]] = {}
    for message in session.execute(query).scalars():
        tails.setdefault(message.conversation_id, []).append(message)
    return tails


def _row(conversation: Conversation, customer_name: str, newest_first: Sequence[Message]) -> ConversationRow:
    unanswered = 0
    while (
        conversation.open and unanswered < len(newest_first) and newest_first[unanswered].role is MessageRole.CUSTOMER
    ):
        unanswered += 1
    last = newest_first[0] if newest_first else None
    return ConversationRow(
        conversation=conversation,
        customer_name=customer_name,
        last_text=last.text if last else "",
        last_role=last.role if last else None,
        n_unanswered=unanswered,
        waiting_since=newest_first[unanswered - 1].at if unanswered else None,
    )


def _contains(column: Mapped[str], text: str) -> ColumnElement[bool]:
    return column.contains(text, autoescape=True)
