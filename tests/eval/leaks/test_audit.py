from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.errors import LeakError
from eval.leaks.audit import audit_run
from eval.leaks.copies import MIN_OVERLAP, CopyFinder, bigrams_of
from eval.leaks.sides import Exchange, LibraryText
from eval.runs.run import COLUMNS, FACTS, Run

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(seconds=1)
ANSWER = "亲，收到货七天之内都可以申请退货，我们承担运费"


def run_of(*rows: dict[str, object], **manifest: object) -> Run:
    """A run whose turns are of noon unless they say otherwise."""
    full = [{"query_id": f"q{i}", "at": NOON, "message": "你好", **row} for i, row in enumerate(rows)]
    table = pa.Table.from_pylist(full, COLUMNS)
    facts = [row.get("facts", []) for row in full]
    return Run(Path(), manifest, table.append_column("facts", pa.array(facts, FACTS)))


def fact(kind: str, at: datetime) -> dict[str, object]:
    return {"facts": [{"kind": kind, "name": "x1", "at": at}]}


def found(run: Run, **against: object) -> list[tuple[str, str | None]]:
    return [(leak.kind.value, leak.query_id) for leak in audit_run(run, **against).leaks]


@pytest.mark.parametrize(
    ("kind", "leak"),
    [("script", "future-script"), ("tag", "future-tag"), ("order", "future-order"), ("event", "future-event")],
)
def test_a_fact_from_the_future_is_caught_by_name(kind: str, leak: str) -> None:
    run = run_of(fact(kind, BEFORE), fact(kind, NOON), fact(kind, AFTER))
    assert found(run) == [(leak, "q2")]
    with pytest.raises(LeakError, match=rf"{leak} \(1\).*{leak} in q2: the {kind} 'x1' is of 2026-05-01 12:00:01"):
        audit_run(run).require_clean()


def test_a_run_with_the_scripts_of_today_is_not_blamed_for_them() -> None:
    audit = audit_run(run_of({**fact("script", AFTER)}, fact("tag", AFTER), library_of="now"))
    assert [leak.kind.value for leak in audit.leaks] == ["future-tag"]
    assert audit.unchecked[0].startswith("future-script")


def test_a_model_that_saw_the_future_is_caught_by_name() -> None:
    assert found(run_of({}, trained_until=AFTER.isoformat())) == [("future-model", None)]
    assert found(run_of({}, trained_until=NOON.isoformat())) == []


def test_a_session_on_both_sides_is_caught_by_name() -> None:
    run = run_of({"conversation_id": "k1"}, {"conversation_id": "k2"})
    assert found(run, training=[Exchange("k2", "别的", "话")]) == [("shared-session", "q1")]


def test_the_same_exchange_on_both_sides_is_a_shared_session_whatever_its_punctuation() -> None:
    run = run_of({"message": "可以退货吗？", "sent": ANSWER}, {"message": "你好", "sent": "在的"})
    training = [Exchange("", "可以退货吗", ANSWER.replace("，", " ")), Exchange("", "你好", "在的")]
    assert found(run, training=training) == [("shared-session", "q0")]


def test_a_script_copied_from_a_later_answer_is_caught_by_name() -> None:
    copied = LibraryText("s1", ANSWER + "哦", AFTER)
    earlier = LibraryText("s2", ANSWER + "哦", BEFORE)
    other = LibraryText("s3", "这款面霜适合敏感肌，早晚各用一次就好", AFTER)
    run = run_of({"sent": ANSWER}, {"sent": "好的"})
    assert found(run, library=[copied, earlier, other]) == [("copied-script", "q0")]


def test_a_script_copied_from_a_message_is_caught_by_name() -> None:
    run = run_of({"message": "请问这个面霜敏感肌可以用吗", "relevant": ["s1"]})
    assert found(run, library=[LibraryText("s1", "这个面霜敏感肌可以用吗", AFTER)]) == [("copied-script", "q0")]


def test_the_script_that_was_sent_is_no_copy_of_itself() -> None:
    assert found(run_of({"sent": ANSWER, "relevant": ["s1"]}), library=[LibraryText("s1", ANSWER, AFTER)]) == []


def test_accepted_leaks_do_not_fail_the_run() -> None:
    audit = audit_run(run_of(fact("tag", AFTER)))
    audit.require_clean(["future-tag"])
    with pytest.raises(LeakError):
        audit.require_clean(["future-order"])


def test_what_could_not_be_checked_is_said() -> None:
    audit = audit_run(run_of({"at": None}))
    assert [one.partition(":")[0] for one in audit.unchecked] == [
        "copied-script",
        "shared-session",
        "future facts of 1 turns",
    ]


@given(st.lists(st.text("abc", min_size=10, max_size=16), max_size=8), st.text("abc", min_size=10, max_size=16))
def test_the_finder_finds_exactly_the_copies(texts: list[str], text: str) -> None:
    pairs = bigrams_of(text)
    expected = [
        (number, len(pairs & bigrams_of(other)) / len(pairs | bigrams_of(other))) for number, other in enumerate(texts)
    ]
    assert list(CopyFinder(texts).copies_of(text)) == [
        (n, overlap) for n, overlap in expected if overlap >= MIN_OVERLAP
    ]
