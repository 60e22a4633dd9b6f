from datetime import UTC, datetime, timedelta

from copilot.portrait.connection import ConnectionStandards, connection_rfm
from copilot.portrait.facts import Facts, Friend, Talk
from copilot.portrait.fifths import Standard

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(**time: float) -> datetime:
    return NOON - timedelta(**time)


def test_days_with_a_message_and_messages_per_conversation_are_counted() -> None:
    morning, later = ago(days=5, hours=3), ago(days=5, hours=2)
    facts = Facts(
        talks=(
            Talk("one", (morning, later, later + timedelta(minutes=1), ago(days=4)), (morning, later, ago(days=4))),
            Talk("two", (ago(days=2), ago(days=2)), (ago(days=2),)),
        )
    )
    rfm = connection_rfm(facts, NOON, ConnectionStandards())
    # three days: the fifth, fourth and second before; (4 + 2) messages in two conversations
    assert (rfm.recency_days, rfm.frequency, rfm.depth) == (2, 3, 3.0)


def test_what_is_older_than_ninety_days_gives_only_the_recency() -> None:
    facts = Facts(talks=(Talk("old", (), (ago(days=120),)),))
    rfm = connection_rfm(facts, NOON, ConnectionStandards())
    assert (rfm.recency_days, rfm.frequency, rfm.depth) == (120, 0, 0.0)


def test_an_agents_word_is_no_contact_of_the_customer() -> None:
    rfm = connection_rfm(Facts(talks=(Talk("one", (ago(days=1),), ()),)), NOON, ConnectionStandards())
    assert (rfm.recency_days, rfm.frequency, rfm.depth) == (None, 0, 1.0)


def test_what_is_said_later_is_not_known_and_a_later_friend_is_none() -> None:
    friends = (Friend("a1", "温若宁", ago(days=9)), Friend("a2", "", NOON + timedelta(days=1)), Friend("a3", "", None))
    talks = (Talk("one", (ago(days=3), NOON + timedelta(hours=1)), (ago(days=3), NOON + timedelta(hours=1))),)
    rfm = connection_rfm(Facts(talks=talks, friends=friends), NOON, ConnectionStandards())
    assert (rfm.recency_days, rfm.frequency, rfm.depth) == (3, 1, 1.0)
    assert [one.agent_id for one in rfm.friends] == ["a1", "a3"]


def test_the_fifths_are_among_those_who_wrote() -> None:
    hundred = Standard.of([float(n) for n in range(1, 101)])
    rfm = connection_rfm(
        Facts(talks=(Talk("one", (ago(days=1),) * 90, (ago(days=1),)),)),
        NOON,
        ConnectionStandards(hundred, hundred, hundred),
    )
    assert (rfm.recency_fifth, rfm.frequency_fifth, rfm.depth_fifth) == (5, 1, 5)
