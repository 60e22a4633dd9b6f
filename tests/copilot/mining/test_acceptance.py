from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from copilot.mining.acceptance import Recording, match_archive, record_matches
from knowledge.errors import InvalidValueError
from knowledge.tables import (
    DEFAULT_TENANT,
    Conversation,
    Decision,
    DecisionKind,
    Message,
    MessageRole,
    Suggestion,
    SuggestionSet,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
RETURN = "签收7天内吊牌在、没下水都可以退，运费我们出，您放心拍。"
SEND = "下午四点前付款当天发出，一般两到三天到，单号我发您。"
LATER = NOON + timedelta(days=1)


def by_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = np.full((len(texts), 64), 0.01, np.float32)
    for row, text in enumerate(texts):
        for sign in text:
            vectors[row, ord(sign) % 64] += 1
    return vectors


def add_set(shop, set_id: str, conversation_id: str | None, *texts: str, after: int = 1, minutes: float = 0) -> None:
    """Suggestions shown so many minutes after noon, in answer to message number `after`."""
    shop.add(
        SuggestionSet(
            tenant_id=DEFAULT_TENANT,
            id=set_id,
            conversation_id=conversation_id,
            conversation_version=after,
            agent_id="a1",
            at=NOON + timedelta(minutes=minutes),
        )
    )
    shop.add(
        *(
            Suggestion(
                tenant_id=DEFAULT_TENANT, set_id=set_id, kind="reply", rank=rank, item_id=f"script {rank}", text=text
            )
            for rank, text in enumerate(texts, start=1)
        )
    )


def add_talk(shop, conversation_id: str, *sent: str, set_id: str | None = None) -> None:
    """A customer's message at noon, and the agent's a minute apart."""
    shop.add(Conversation(tenant_id=DEFAULT_TENANT, id=conversation_id))
    said = [(MessageRole.CUSTOMER, "能退吗", None), *((MessageRole.AGENT, text, set_id) for text in sent)]
    shop.add(
        *(
            Message(
                tenant_id=DEFAULT_TENANT,
                conversation_id=conversation_id,
                position=position,
                role=role,
                text=text,
                at=NOON + timedelta(minutes=position - 1),
                set_id=of_set,
            )
            for position, (role, text, of_set) in enumerate(said, start=1)
        )
    )


def run(shop, **kwargs: object) -> Recording:
    database = shop.workspace.database
    return record_matches(
        database, DEFAULT_TENANT, match_archive(database, DEFAULT_TENANT, by_letters), now=LATER, **kwargs
    )


def decisions(shop) -> list[Decision]:
    with shop.workspace.database.read() as session:
        return list(session.execute(select(Decision).order_by(Decision.set_id, Decision.id)).scalars())


def test_what_was_sent_is_recorded_as_an_inferred_decision(shop) -> None:
    add_set(shop, "s1", "c1", SEND, RETURN)
    add_talk(shop, "c1", RETURN)
    assert run(shop) == Recording(1, 1, 0, 0, n_recorded=1, n_decided_before=0, n_unsure=0)
    (found,) = decisions(shop)
    assert (found.set_id, found.kind, found.rank, found.item_id) == ("s1", DecisionKind.ACCEPT, 2, "script 2")
    assert (found.source, found.confidence, found.edit_distance) == ("inferred", 1.0, 0)
    assert (found.sent_text, found.at) == (RETURN, NOON + timedelta(minutes=1))


def test_an_edit_and_an_own_reply(shop) -> None:
    add_set(shop, "s1", "c1", SEND)
    add_set(shop, "s2", "c2", SEND)
    add_talk(shop, "c1", SEND.replace("您", "你") + "有问题再找我")
    add_talk(shop, "c2", "稍等我问下仓库")
    found = run(shop)
    assert (found.n_accepted, found.n_edited, found.n_independent, found.n_recorded) == (0, 1, 1, 2)
    edited, own = decisions(shop)
    assert (edited.kind, own.kind) == (DecisionKind.EDIT, DecisionKind.FREEHAND)
    assert own.item_id is None
    assert own.confidence > 0.9


def test_a_second_run_writes_nothing(shop) -> None:
    add_set(shop, "s1", "c1", SEND, RETURN)
    add_talk(shop, "c1", RETURN, SEND, "还有什么可以帮您")
    first, again = run(shop), run(shop)
    assert (first.n_recorded, first.n_decided_before) == (2, 0)
    assert (again.n_recorded, again.n_decided_before) == (0, 2)
    assert len(decisions(shop)) == 2


def test_a_decision_made_in_the_console_stands(shop) -> None:
    add_set(shop, "s1", "c1", RETURN)
    add_talk(shop, "c1", RETURN)
    shop.add(Decision(tenant_id=DEFAULT_TENANT, id="d", set_id="s1", kind=DecisionKind.DISMISS, at=NOON))
    assert run(shop).n_recorded == 0
    assert [one.id for one in decisions(shop)] == ["d"]


def test_messages_sent_in_the_console_are_no_evidence(shop) -> None:
    add_set(shop, "s1", "c1", RETURN)
    add_talk(shop, "c1", RETURN, set_id="s1")
    assert run(shop) == Recording(0, 0, 0, 0, 0, 0, 0)


def test_an_own_reply_counts_against_the_last_set_and_not_against_a_used_one(shop) -> None:
    add_set(shop, "s1", "c1", RETURN)
    add_set(shop, "s2", "c1", SEND, after=2, minutes=1)
    add_talk(shop, "c1", RETURN, "稍等我问下仓库", "我去看看哦稍等")
    run(shop)
    assert [(one.set_id, one.kind) for one in decisions(shop)] == [
        ("s1", DecisionKind.ACCEPT),
        ("s2", DecisionKind.FREEHAND),
    ]


def test_what_is_unsure_is_counted_and_not_written(shop) -> None:
    add_set(shop, "s1", "c1", RETURN)
    add_talk(shop, "c1", "稍等我问下仓库")
    found = run(shop, least_confidence=1.0)
    assert (found.n_independent, found.n_unsure, found.n_recorded) == (1, 1, 0)


def test_sets_of_other_tenants_and_of_no_conversation_are_left_alone(shop) -> None:
    add_set(shop, "s1", None, RETURN)
    add_talk(shop, "c1", RETURN)
    assert run(shop).n_conversations == 0
    add_set(shop, "s2", "c1", RETURN)
    database = shop.workspace.database
    assert list(match_archive(database, "another", by_letters)) == []
    assert list(match_archive(database, DEFAULT_TENANT, by_letters, since=LATER)) == []
    assert len(list(match_archive(database, DEFAULT_TENANT, by_letters, since=NOON))) == 1


def test_a_confidence_lies_between_nothing_and_certainty(shop) -> None:
    with pytest.raises(InvalidValueError, match="least_confidence: got 2"):
        run(shop, least_confidence=2)
