"""Customers who are waiting for an answer when the demo opens."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.conversations import NewConversation, NewMessage, append_message, open_conversation
from knowledge.database import Database
from knowledge.tables import Conversation, Customer, CustomerTag, MessageRole, Order, Scene


@dataclass(frozen=True)
class Waiting:
    """A conversation in which a customer has written: somebody with this tag or order status, and the words."""

    conversation_id: str
    messages: tuple[str, ...]
    tag: str = ""
    order_status: str = ""
    scene: Scene = Scene.DIRECT
    agent_id: str = "a01"


WAITING = (
    Waiting("waiting-sensitive", ("我上次买的精华快用完了", "敏感肌能用吗，有没有酒精"), tag="敏感肌"),
    Waiting("waiting-parcel", ("我的快递到哪了？",), order_status="shipped"),
    Waiting("waiting-price", ("你们家这个有点贵呀", "能便宜点吗😂"), tag="价格敏感"),
    Waiting("waiting-english", ("Hi! Is this safe for sensitive skin?",), tag="English", agent_id="a12"),
    Waiting("waiting-group", ("群里今天有优惠吗",), tag="会员", scene=Scene.GROUP, agent_id="a10"),
)


def open_waiting(database: Database, tenant_id: str, now: datetime) -> None:
    """Open the conversations that are not there yet."""
    with database.write() as session:
        taken: set[str] = set()
        for waiting in WAITING:
            if session.get(Conversation, (tenant_id, waiting.conversation_id)) is None:
                customer_id = _somebody(session, tenant_id, waiting, taken)
                taken.add(customer_id or "")
                _open(session, tenant_id, waiting, customer_id, now)


def _open(session: Session, tenant_id: str, waiting: Waiting, customer_id: str | None, now: datetime) -> None:
    new = NewConversation(customer_id=customer_id, agent_id=waiting.agent_id, channel="wecom", scene=waiting.scene)
    conversation = open_conversation(session, tenant_id, new, now, waiting.conversation_id)
    for text in waiting.messages:
        append_message(session, conversation, NewMessage(MessageRole.CUSTOMER, text, author_id=customer_id), now)


def _somebody(session: Session, tenant_id: str, waiting: Waiting, taken: set[str]) -> str | None:
    """The first customer who fits and is in no other of these conversations."""
    query = select(col(Customer.id)).where(col(Customer.tenant_id) == tenant_id, col(Customer.id).not_in(taken))
    if waiting.tag:
        tagged = select(col(CustomerTag.customer_id)).where(
            col(CustomerTag.tenant_id) == tenant_id,
            col(CustomerTag.tag) == waiting.tag,
            col(CustomerTag.valid_to).is_(None),
        )
        query = query.where(col(Customer.id).in_(tagged))
    if waiting.order_status:
        ordered = select(col(Order.customer_id)).where(
            col(Order.tenant_id) == tenant_id, col(Order.status) == waiting.order_status
        )
        query = query.where(col(Customer.id).in_(ordered))
    return session.execute(query.order_by(col(Customer.id)).limit(1)).scalar_one_or_none()
