"""Logged turns, from conversations or already cut."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.engine.request import Said as EngineSaid
from copilot.engine.turn import merge_burst
from eval.datasets import repeats
from eval.datasets.logged_turn import FIELDS
from eval.datasets.said import Said
from eval.datasets.turns import LoggedTurn, TurnData, TurnKind, read_turns, write_turns
from eval.errors import DataError
from knowledge.tables import MessageRole

Write = Callable[..., Path]

TALK = {
    "conversation_id": "k1",
    "customer_id": "c1",
    "agent_id": "a1",
    "channel": "wecom",
    "scene": "一对一",
    "stage": "售后",
    "outcome": {"converted": True},
    "messages": [
        {"role": "agent", "text": "欢迎", "at": "2026-01-05 10:00"},
        {"role": "customer", "text": " 在吗", "at": "2026-01-05 10:01"},
        {"role": "customer", "text": "可以退吗", "at": "2026-01-05 10:02"},
        {"role": "agent", "text": "您好"},
        {"role": "agent", "text": "七天内可以", "at": "2026-01-05 10:03", "script_id": "s1"},
        {"role": "agent", "text": "放心", "script_id": "s2"},
        {"role": "customer", "text": "好", "at": "2026-01-05 10:04"},
        {"role": "agent", "text": "嗯嗯", "at": "2026-01-05 10:04", "author_id": "a2"},
        {"role": "customer", "text": "再见", "at": "2026-01-05 10:05"},
    ],
}
TURN = LoggedTurn(
    id="t1",
    conversation_id="k1",
    customer_id="c1",
    agent_id="a1",
    at=datetime(2026, 1, 5, 2, 0, 0, 500, tzinfo=UTC),
    scene="group",
    channel="web",
    stage="转化",
    message="多少钱",
    context=(Said("unknown", "hi"), Said("agent", "", datetime(2026, 1, 5, tzinfo=UTC))),
    sent="99 元",
    script_id="s1",
    decision="edit",
)


def at(minute: int) -> datetime:
    return datetime(2026, 1, 5, 2, minute, tzinfo=UTC)


def messages(*said: tuple[str, str], **last: object) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [{"role": role, "text": text} for role, text in said]
    return [*rows[:-1], {**rows[-1], **last}]


def talk(*said: tuple[str, str], **fields: object) -> dict[str, object]:
    return {"conversation_id": "k2", "messages": messages(*said) if said else [], **fields}


def parquet(path: Path, rows: list[dict[str, object]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_bursts_of_a_conversation_become_turns(write_rows: Write) -> None:
    data = read_turns(write_rows("shop/conversations.jsonl", [TALK]))
    first, second = data.turns()
    assert first == LoggedTurn(
        id="k1#3",
        conversation_id="k1",
        customer_id="c1",
        agent_id="a1",
        at=at(2),
        scene="direct",
        channel="wecom",
        stage="服务与运营",
        message="在吗 可以退吗",
        context=(Said("agent", "欢迎", at(0)),),
        sent="您好 七天内可以 放心",
        script_id="s1",
        decision=None,
    )
    assert (second.id, second.at, second.agent_id, second.message, second.sent) == ("k1#7", at(4), "a2", "好", "嗯嗯")
    assert [said.text for said in second.context] == ["欢迎", "在吗", "可以退吗", "您好", "七天内可以", "放心"]
    assert (data.name, data.kind, data.count(), data.n_answered) == ("shop", TurnKind.CONVERSATIONS, 2, 2)


def test_the_context_is_the_six_messages_before_the_burst(write_rows: Write) -> None:
    said = [("agent", str(i)) if i % 2 else ("customer", str(i)) for i in range(9)]
    path = write_rows("k.jsonl", [talk(*said, ("customer", "last"), ("agent", "answer"))])
    turn = list(read_turns(path).turns())[-1]
    assert (turn.id, turn.message) == ("k2#10", "8 last")
    assert [said.text for said in turn.context] == ["2", "3", "4", "5", "6", "7"]


def test_messages_without_text_are_no_part_of_the_message_or_the_answer(write_rows: Write) -> None:
    only_a_picture = talk(("customer", "?"), ("agent", ""), ("customer", "hi"), ("agent", "hello"))
    picture_first = talk(("customer", ""), ("customer", "this?"), ("agent", "yes"), conversation_id="k3")
    one, two = read_turns(write_rows("k.jsonl", [only_a_picture, picture_first])).turns()
    assert (one.id, one.message, [said.text for said in one.context]) == ("k2#3", "hi", ["?", ""])
    assert (two.id, two.message, two.context) == ("k3#2", "this?", ())


def test_in_a_group_the_customer_is_who_asked_last(write_rows: Write) -> None:
    rows = [
        {"role": "customer", "text": "a", "sender_id": "c1"},
        {"role": "customer", "text": "b", "sender_id": "c2"},
        {"role": "agent", "text": "c", "sender_id": "a9"},
    ]
    path = write_rows("k.jsonl", [talk(customer_id="c1", agent_id="a1", scene="group", messages=rows)])
    (turn,) = read_turns(path).turns()
    assert (turn.customer_id, turn.agent_id, turn.scene) == ("c2", "a9", "group")


def test_an_unanswered_conversation_has_no_turns_but_its_neighbours_do(write_rows: Write) -> None:
    silent = talk(("agent", "hello"), ("customer", "hi"))
    data = read_turns(write_rows("k.jsonl", [silent, TALK]))
    assert [turn.id for turn in data.turns()] == ["k1#3", "k1#7"]


def test_turns_that_are_cut_already_are_read_as_they_stand(write_rows: Write) -> None:
    data = read_turns(write_rows("t.jsonl", [TURN.to_row(), {"id": 2, "message": "hi"}]))
    first, second = data.turns()
    assert first == TURN
    assert second == LoggedTurn("2", "2", None, None, None, None, "", None, "hi", (), "", None, None)
    assert (data.kind, data.n_turns, data.n_answered) == (TurnKind.TURNS, 2, 1)


@pytest.mark.parametrize("rows", [[TALK, talk(("customer", "hi"), ("agent", "hello"))], [TURN.to_row()]])
def test_parquet_and_json_lines_give_the_same_turns(tmp_path: Path, write_rows: Write, rows: list) -> None:
    ours = read_turns(write_rows("a.jsonl", rows))
    theirs = read_turns(parquet(tmp_path / "a.parquet", rows))
    assert list(theirs.turns()) == list(ours.turns())
    assert theirs.kind == ours.kind


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_parquet_are_read_in_every_unit(tmp_path: Path, unit: str) -> None:
    moment = datetime(2026, 1, 5, 10, 0, 1)  # noqa: DTZ001
    said = pa.struct([("role", pa.string()), ("text", pa.string()), ("at", pa.timestamp(unit))])
    rows = [{"role": "customer", "text": "a", "at": moment}, {"role": "agent", "text": "b", "at": moment}]
    table = pa.table({"conversation_id": ["k"], "messages": pa.array([rows], pa.list_(said))})
    pq.write_table(table, tmp_path / "k.parquet")
    (turn,) = read_turns(tmp_path / "k.parquet").turns()
    assert turn.at == datetime(2026, 1, 5, 2, 0, 1, tzinfo=UTC)
    assert type(turn.at) is datetime


def test_messages_may_be_json_text_in_parquet(tmp_path: Path) -> None:
    path = parquet(tmp_path / "k.parquet", [{**TALK, "messages": json.dumps(TALK["messages"])}])
    assert [turn.id for turn in read_turns(path).turns()] == ["k1#3", "k1#7"]


def test_a_folder_is_read_file_by_file_in_the_order_of_the_names(write_rows: Write) -> None:
    write_rows("log/b.jsonl", [talk(("customer", "hi"), ("agent", "hello"))])
    folder = write_rows("log/a.jsonl", [TALK]).parent
    write_rows("log/.hidden.jsonl", [{}])
    (folder / "README.md").write_text("notes")
    data = read_turns(folder)
    assert [turn.id for turn in data.turns()] == ["k1#3", "k1#7", "k2#1"]
    before = data.sha256
    (folder / "README.md").write_text("other notes")
    assert read_turns(folder).sha256 == before
    write_rows("log/c.jsonl", [talk(("customer", "hi"), ("agent", "x"), conversation_id="k4")])
    assert read_turns(folder).sha256 != before


def test_of_a_folder_of_files_to_load_the_conversations_are_read(write_rows: Write) -> None:
    write_rows("brand/scripts.jsonl", [{"id": "s1", "text": "hello"}])
    data = read_turns(write_rows("brand/conversations.jsonl", [TALK]).parent)
    assert (data.name, data.n_turns) == ("brand", 2)


def test_fields_of_conversations_that_mean_nothing_are_named(write_rows: Write) -> None:
    odd = talk(topic="x", messages=messages(("customer", "hi"), ("agent", "hello"), mood="good"))
    assert read_turns(write_rows("k.jsonl", [TALK, odd])).unknown_fields == ("topic", "messages.mood")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"messages": []}, "conversation_id is missing; expected an id"),
        (talk(messages=[]), r"messages is \[\]; expected messages such as"),
        (talk(messages="hi"), "messages is 'hi'; expected a list"),
        (talk(("boss", "hi")), r"messages\[1\]\.role is 'boss'; expected one of customer, agent"),
        (talk(("unknown", "hi")), r"messages\[1\]\.role is 'unknown'"),
        (talk(messages=[{"text": "hi"}]), r"messages\[1\]\.role is missing; expected one of customer, agent"),
        (talk(messages=messages(("customer", "hi"), at="soon")), r"messages\[1\]\.at is 'soon'; expected a time"),
        (talk(messages=messages(("customer", "hi"), at=1767571200)), r"messages\[1\]\.at is 1767571200"),
        (
            talk(messages=messages(("agent", "a"), ("customer", "b"), text=5)),
            r"messages\[2\]\.text is 5; expected text",
        ),
        (talk(("customer", "hi"), scene="email"), "scene is 'email'; expected one of direct, group"),
        (talk(("customer", "hi"), stage="end"), "stage is 'end'; expected one of 获客"),
        (
            talk(
                messages=[
                    {"role": "customer", "text": "a", "at": "2026-01-05 10:01"},
                    {"role": "customer", "text": "b"},
                    {"role": "agent", "text": "c", "at": "2026-01-05 10:00"},
                ]
            ),
            r"messages\[3\]\.at is 2026-01-05T02:00:00\+00:00, before .*; expected a time from 2026-01-05T02:01",
        ),
    ],
)
def test_a_wrong_conversation_is_refused_before_anything_is_replayed(
    write_rows: Write, wrong: object, problem: str
) -> None:
    with pytest.raises(DataError, match=rf"k\.jsonl, line 2: {problem}"):
        read_turns(write_rows("k.jsonl", [TALK, wrong]))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": ""}, "id is ''; expected an id"),
        ({"message": " "}, "message is ' '; expected text that is not empty"),
        ({"at": "2026-02-30"}, "at is '2026-02-30'; expected a time"),
        ({"decision": "sold"}, "decision is 'sold'; expected one of accept, edit, dismiss, ignore, freehand, stale"),
        ({"scene": "phone"}, "scene is 'phone'"),
        ({"sent": 5}, "sent is 5; expected text"),
        ({"context": {}}, r"context is \{\}; expected a list"),
        ({"reward": 1, "tag": "x"}, "reward, tag is not a field of a turn; expected none but id, conversation_id"),
    ],
)
def test_a_wrong_turn_is_refused(write_rows: Write, changes: dict[str, object], problem: str) -> None:
    wrong = {"id": "t2", "message": "hi", **changes}
    with pytest.raises(DataError, match=rf"t\.jsonl, line 2: {problem}"):
        read_turns(write_rows("t.jsonl", [TURN.to_row(), wrong]))


def test_conversations_and_turns_do_not_mix(write_rows: Write) -> None:
    with pytest.raises(DataError, match="line 2: conversation_id is missing"):
        read_turns(write_rows("k.jsonl", [TALK, {"id": "t2", "message": "hi"}]))


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "there is nothing in it; expected conversations or turns"),
        ([{"text": "hi"}], r"line 1: the first row has the fields \['text'\]; expected conversations, with messages"),
        ([talk(("customer", "hi"))], "none of the 0 turns has an answer"),
        ([{"id": 1, "message": "hi"}, {"id": 2, "message": "hi"}], "none of the 2 turns has an answer"),
    ],
)
def test_a_file_without_answered_turns_is_refused(write_rows: Write, rows: list[object], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_turns(write_rows("k.jsonl", rows))


def test_a_folder_without_data_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the folder has no such file; expected files ending in \.jsonl"):
        read_turns(tmp_path)
    (tmp_path / "k.csv").write_text("id,message\n")
    with pytest.raises(DataError, match=r"k\.csv: the suffix is '\.csv'; expected one of \.jsonl"):
        read_turns(tmp_path / "k.csv")
    (tmp_path / "k.parquet").write_text("no Parquet")
    with pytest.raises(DataError, match=r"k\.parquet: cannot be read .* expected a Parquet file"):
        read_turns(tmp_path / "k.parquet")


@pytest.mark.parametrize(
    "column",
    [
        pa.Array.from_buffers(
            pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")]
        ),
        pa.array([2**62], pa.timestamp("us")),
    ],
)
def test_values_of_parquet_that_cannot_be_read_are_refused(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"id": ["t1"], "message": column}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: cannot be read .*; expected a Parquet file"):
        read_turns(tmp_path / "t.parquet")


def test_a_conversation_that_stands_in_two_files_is_named_with_both_places(write_rows: Write) -> None:
    write_rows("log/a.jsonl", [talk(("agent", "x")), TALK])
    folder = write_rows("log/b.jsonl", [talk(("agent", "x"), conversation_id="k9"), TALK]).parent
    with pytest.raises(DataError, match=r"b\.jsonl, line 2: conversation_id is 'k1', as in .*a\.jsonl, line 2"):
        read_turns(folder)


def test_a_turn_that_stands_twice_is_named(write_rows: Write) -> None:
    rows = [TURN.to_row(), {"id": "x", "message": "hi"}, TURN.to_row()]
    with pytest.raises(DataError, match=r"line 3: id is 't1', as in .*t\.jsonl, line 1; expected every id once"):
        read_turns(write_rows("t.jsonl", rows))


def test_two_ids_of_the_same_hash_are_not_taken_for_one(write_rows: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_hash", lambda own: len(own))
    rows = [{"id": own, "message": "hi", "sent": "x"} for own in ("aa", "bb", "c")]
    assert read_turns(write_rows("t.jsonl", rows)).n_turns == 3
    with pytest.raises(DataError, match=r"line 4: id is 'bb', as in .*line 2"):
        read_turns(write_rows("t.jsonl", [*rows, rows[1]]))


def test_what_is_written_is_the_same_bytes_each_time_and_read_back(tmp_path: Path) -> None:
    turns = [TURN, replace(TURN, id="t2", at=None, context=(), sent="", decision=None)]
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    assert (write_turns(one, turns), write_turns(two, iter(turns))) == (2, 2)
    assert one.read_bytes() == two.read_bytes()
    assert list(read_turns(one).turns()) == turns
    assert json.loads(one.read_text(encoding="utf-8").splitlines()[0]).keys() == set(FIELDS)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)
IDS = st.text(st.sampled_from("abc123客#"), min_size=1, max_size=6)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
TURNS = st.builds(
    LoggedTurn,
    id=IDS,
    conversation_id=IDS,
    customer_id=st.none() | IDS,
    agent_id=st.none() | IDS,
    at=st.none() | MOMENTS,
    scene=st.sampled_from([None, "direct", "group"]),
    channel=st.just("") | TEXTS,
    stage=st.sampled_from([None, "获客", "服务与运营"]),
    message=TEXTS,
    context=st.lists(
        st.builds(Said, st.sampled_from(["customer", "agent", "unknown"]), st.just("") | TEXTS, st.none() | MOMENTS),
        max_size=3,
    ).map(tuple),
    sent=TEXTS,
    script_id=st.none() | IDS,
    decision=st.sampled_from([None, "accept", "freehand"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(TURNS, min_size=1, max_size=4, unique_by=lambda turn: turn.id))
def test_turns_survive_json_lines_and_parquet(
    tmp_path_factory: pytest.TempPathFactory, turns: list[LoggedTurn]
) -> None:
    folder = tmp_path_factory.mktemp("turns")
    write_turns(folder / "a.jsonl", turns)
    assert list(read_turns(folder / "a.jsonl").turns()) == turns
    parquet(folder / "a.parquet", [turn.to_row() for turn in turns])
    assert list(read_turns(folder / "a.parquet").turns()) == turns


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["customer", "agent"]), st.sampled_from(["a", "b", ""])), min_size=1))
def test_no_message_is_in_two_turns_and_the_engine_would_see_each_as_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]]
) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [
        {"role": role, "text": f"{text}{i}" if text else "", "at": (start + timedelta(minutes=i)).isoformat()}
        for i, (role, text) in enumerate(said, start=1)
    ]
    answered = [{"role": "customer", "text": "hi"}, {"role": "agent", "text": "hello"}]
    path = tmp_path_factory.mktemp("talk") / "k.jsonl"
    path.write_text(
        "".join(
            json.dumps({"conversation_id": name, "messages": some}) + "\n"
            for name, some in (("k", rows), ("other", answered))
        )
    )
    data: TurnData = read_turns(path)
    turns = [turn for turn in data.turns() if turn.conversation_id == "k"]
    words = [word for turn in turns for word in f"{turn.message} {turn.sent}".split()]
    assert len(words) == len(set(words)) <= len([text for _, text in said if text])
    spoken = [EngineSaid(MessageRole(row["role"]), row["text"]) for row in rows]
    for turn in turns:
        position = int(turn.id.removeprefix("k#"))
        served = merge_burst(spoken[:position])
        assert turn.message == served.message
        assert [(one.role, one.text) for one in turn.context] == [(one.role, one.text) for one in served.context]
        assert said[position - 1][0] == "customer"
        assert turn.at == start + timedelta(minutes=position)
        assert all(one.at < turn.at for one in turn.context if one.at)
        assert len(turn.context) <= 6
