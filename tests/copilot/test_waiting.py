from datetime import UTC, datetime

from sqlmodel import select

from copilot.sample.waiting import WAITING, open_waiting
from knowledge.tables import DEFAULT_TENANT, Conversation, Message

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def test_somebody_is_waiting_when_the_demo_opens_and_only_once(shop) -> None:
    shop.add_customer("c1", "敏感肌")
    shop.add_customer("c2", "价格敏感")
    for _ in range(2):
        open_waiting(shop.workspace.database, DEFAULT_TENANT, NOW)
    with shop.workspace.database.read() as session:
        waiting = {row.id: row for row in session.exec(select(Conversation))}
        said = [row.text for row in session.exec(select(Message)) if row.conversation_id == WAITING[0].conversation_id]
    assert set(waiting) == {one.conversation_id for one in WAITING}
    assert waiting["waiting-sensitive"].customer_id == "c1"
    assert waiting["waiting-price"].customer_id == "c2"
    assert said == list(WAITING[0].messages)
