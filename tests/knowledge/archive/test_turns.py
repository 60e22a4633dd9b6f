"""Sessions by silence, turns by bursts, and whom an agent answers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.archive.turns import Reply, replies_of, sessions_of
from knowledge.imports.cells import CHINA_TIME, ReadingRules
from knowledge.imports.rows import ConversationRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = ReadingRules(CHINA_TIME, NOON)
GAP = timedelta(hours=12)


def conversation(*messages: tuple[str, str, float | None] | tuple[str, str, float | None, str]) -> ConversationRow:
    """Messages of role, text, hours since noon and, in groups, who wrote."""
    rows = []
    for role, text, hours, *author in messages:
        row: dict[str, object] = {"role": {"c": "customer", "a": "agent"}[role], "text": text}
        if hours is not None:
            row["at"] = (NOON + timedelta(hours=hours)).isoformat()
        if author:
            row["sender_id"] = author[0]
        rows.append(row)
    cells = {"conversation_id": "k1", "customer_id": "c1", "agent_id": "a1", "messages": rows}
    return ConversationRow.model_validate(cells, context=RULES)


def told(replies: Sequence[Reply]) -> list[tuple[int, int, int, str, str]]:
    return [(one.session, one.position, one.turn, one.message, one.reply) for one in replies]


def test_a_burst_is_one_message_and_every_reply_stands_beside_it() -> None:
    talk = conversation(
        ("a", "您好", 0),
        ("c", "在吗", 0),
        ("c", "发货吗", 0),
        ("a", "在", 0),
        ("a", "今天发", 0),
        ("c", "好", 0),
        ("a", "嗯", 0),
    )
    assert told(replies_of(talk)) == [
        (0, 4, 0, "在吗\n发货吗", "在"),
        (0, 5, 0, "在吗\n发货吗", "今天发"),
        (0, 7, 1, "好", "嗯"),
    ]


def test_a_reply_is_answered_when_the_customer_wrote_again_in_the_session() -> None:
    talk = conversation(("c", "在吗", 0), ("a", "在", 0), ("c", "发货吗", 1), ("a", "今天发", 1), ("c", "谢谢", 20))
    assert [one.answered for one in replies_of(talk)] == [True, False]


def test_a_session_ends_where_both_were_silent_for_longer_than_the_gap() -> None:
    talk = conversation(("c", "在吗", 0), ("a", "在", 12), ("c", "发货吗", 24.01), ("a", "发", 24.02))
    assert told(replies_of(talk)) == [(0, 2, 0, "在吗", "在"), (1, 4, 0, "发货吗", "发")]


def test_an_agent_who_writes_first_in_a_session_answers_nothing() -> None:
    talk = conversation(("c", "在吗", 0), ("a", "在", 0), ("a", "考虑好了吗", 30), ("c", "好了", 30), ("a", "好的", 30))
    assert [one.reply for one in replies_of(talk)] == ["在", "好的"]


def test_times_that_are_missing_or_run_backwards_cut_nothing() -> None:
    missing = conversation(("c", "在吗", 0), ("a", "在", None), ("c", "好", 11), ("a", "嗯", None))
    backwards = conversation(("c", "在吗", 0), ("a", "在", -20), ("c", "好", 0.1), ("a", "嗯", 0.2))
    for talk in (missing, backwards):
        assert [one.session for one in replies_of(talk)] == [0, 0]


def test_silence_is_measured_across_messages_without_a_time() -> None:
    talk = conversation(("c", "在吗", 0), ("a", "在", None), ("c", "好", 13), ("a", "嗯", 13))
    assert [one.session for one in replies_of(talk)] == [0, 1]


def test_other_members_of_a_group_are_left_out_and_do_not_count_as_an_answer() -> None:
    talk = conversation(
        ("c", "发货吗", 0, "c1"), ("c", "我也想知道", 0, "c2"), ("a", "今天发", 0, "a7"), ("c", "太好了", 0, "c2")
    )
    (reply,) = replies_of(talk)
    assert (reply.message, reply.agent_id, reply.answered) == ("发货吗", "a7", False)


def test_another_member_does_not_begin_a_turn() -> None:
    talk = conversation(("c", "有人吗", 0, "c2"), ("a", "在", 0), ("c", "发货吗", 0, "c1"), ("a", "今天发", 0))
    assert told(replies_of(talk)) == [(0, 4, 0, "发货吗", "今天发")]


def test_messages_without_text_answer_and_ask_nothing() -> None:
    talk = conversation(("c", "", 0), ("a", "看到图了", 0), ("c", "怎么样", 0), ("a", "", 0), ("a", "好看", 0))
    assert told(replies_of(talk)) == [(0, 5, 1, "怎么样", "好看")]


def test_one_side_alone_and_no_messages_give_no_replies() -> None:
    assert replies_of(conversation(("a", "您好", 0), ("a", "在吗", 0))) == []
    assert replies_of(conversation(("c", "您好", 0), ("c", "在吗", 0))) == []
    assert list(sessions_of([], GAP)) == []


messages = st.lists(
    st.tuples(st.sampled_from("ca"), st.sampled_from(["在吗", "好", ""]), st.none() | st.floats(-50, 50)), min_size=1
)


@settings(max_examples=40, deadline=None)
@given(messages)
def test_sessions_hold_every_message_once_and_in_order(drawn: list[tuple[str, str, float | None]]) -> None:
    talk = conversation(*drawn)
    positions = [position for session in sessions_of(talk.messages, GAP) for position, _ in session]
    assert positions == list(range(1, len(drawn) + 1))


@settings(max_examples=40, deadline=None)
@given(messages)
def test_a_reply_holds_only_what_was_said_before_it(drawn: list[tuple[str, str, float | None]]) -> None:
    """Whatever is said later changes no earlier reply, apart from whether it was answered."""
    talk = conversation(*drawn)
    for end in range(1, len(drawn) + 1):
        early = told(replies_of(conversation(*drawn[:end])))
        assert early == told(replies_of(talk))[: len(early)]
