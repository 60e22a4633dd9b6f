"""Fields that are checked as they are asked for."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from eval.datasets.record import Record
from eval.errors import DataError

WORDS = {"direct": "direct", "一对一": "direct", "group": "group"}


def record(**fields: object) -> Record:
    return Record(Path("data.jsonl"), 3, fields)


@pytest.mark.parametrize(
    ("value", "expected"), [("q1", "q1"), (" q1 ", "q1"), (17, "17"), (17.0, "17"), ("客户1", "客户1")]
)
def test_an_id_is_text_or_a_whole_number(value: object, expected: str) -> None:
    assert record(a=value).id("a") == expected
    assert record(a=value).optional_id("a") == expected


@pytest.mark.parametrize("value", ["", "  ", None, float("nan")])
def test_an_empty_id_is_none(value: object) -> None:
    assert record(a=value).optional_id("a") is None
    with pytest.raises(DataError, match=r"data\.jsonl, line 3: a is .*; expected an id that is not empty"):
        record(a=value).id("a")


@pytest.mark.parametrize("value", [True, 1.5, ["q1"], {"a": 1}, "q\n1", "q\x00", "\ud800"])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="line 3: a is"):
        record(a=value).optional_id("a")


def test_text_is_kept_as_it_stands() -> None:
    assert record(a=" 在吗\n").text("a") == " 在吗\n"
    assert record(a=" 在吗\n").required_text("a") == " 在吗\n"
    assert record(a="").text("a") == ""
    assert record(a=" ").optional_text("a") is None
    assert record().optional_text("a") is None


def test_a_missing_field_says_so() -> None:
    with pytest.raises(DataError, match="line 3: a is missing; expected text"):
        record().text("a")
    with pytest.raises(DataError, match="line 3: a is missing; expected a finite number"):
        record().number("a")


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_blank_text_is_refused_where_it_is_required(value: str) -> None:
    with pytest.raises(DataError, match="expected text that is not empty"):
        record(a=value).required_text("a")


@pytest.mark.parametrize("value", ["a\x00b", "a\ud83d"])
def test_text_that_no_database_takes_is_refused(value: str) -> None:
    with pytest.raises(DataError, match="expected text without"):
        record(a=value).text("a")


@pytest.mark.parametrize(("value", "expected"), [(1, 1.0), (0.25, 0.25), (-3, -3.0)])
def test_a_number_is_finite(value: object, expected: float) -> None:
    assert record(a=value).number("a") == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), True, "1", None, [1], 10**400])
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="expected a finite number"):
        record(a=value).number("a")


def test_an_optional_number_may_be_missing_but_not_wrong() -> None:
    assert record().optional_number("a") is None
    assert record(a=None).optional_number("a") is None
    assert record(a=2).optional_number("a") == 2.0
    with pytest.raises(DataError, match="a is 'x'"):
        record(a="x").optional_number("a")


def test_a_count_is_a_whole_number_from_0() -> None:
    assert [record(a=value).count("a") for value in (0, 3)] == [0, 3]
    for wrong in (-1, 1.0, True, "1", None):
        with pytest.raises(DataError, match="expected a whole number from 0"):
            record(a=wrong).count("a")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-05", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("2026/1/5 10:00", datetime(2026, 1, 5, 2, tzinfo=UTC)),
        ("2026年1月5日", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("2026-01-05T10:00:00Z", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05T10:00:00+08:00", datetime(2026, 1, 5, 2, tzinfo=UTC)),
        ("20260105", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        (date(2026, 1, 5), datetime(2026, 1, 4, 16, tzinfo=UTC)),
        (datetime(2026, 1, 5, 10), datetime(2026, 1, 5, 2, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 1, 5, 10, tzinfo=timezone(timedelta(hours=-5))), datetime(2026, 1, 5, 15, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_a_time_without_a_zone_is_china_time(value: object, expected: datetime | None) -> None:
    assert record(a=value).moment("a") == expected


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-13-01", "2026-02-30 10:00", 1767571200, "1767571200", "0026-01-05", True]
)
def test_a_broken_time_is_refused(value: object) -> None:
    with pytest.raises(DataError, match=r"line 3: a is .*; expected a time such as 2026-01-05"):
        record(a=value).moment("a")


def test_a_word_is_one_of_a_closed_set_in_any_case() -> None:
    assert [record(a=value).word("a", WORDS) for value in ("Direct", " 一对一", "", None)] == [
        "direct",
        "direct",
        None,
        None,
    ]
    with pytest.raises(DataError, match="a is 'email'; expected one of direct, group"):
        record(a="email").word("a", WORDS)


def test_objects_of_a_list_are_counted_from_1_in_messages() -> None:
    outer = record(rows=[{"b": [{"c": 1}, {"c": 2}]}])
    inner = outer.records("rows")[0].records("b")[1]
    with pytest.raises(DataError, match=r"line 3: rows\[1\]\.b\[2\]\.c is 2; expected text"):
        inner.text("c")
    with pytest.raises(DataError, match=r"line 3: rows\[1\]\.b\[2\]\.d is missing"):
        inner.text("d")


def test_a_list_may_be_written_as_json_text() -> None:
    assert record(a='[{"b": 1}]').records("a")[0].fields == {"b": 1}
    assert record(a="").items("a") == record().items("a") == []


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (Record.items, "[1", "a list"),
        (Record.items, {"b": 1}, "a list"),
        (Record.records, [{"b": 1}, 2], "an object"),
        (Record.inner, [1], "an object"),
    ],
)
def test_what_is_no_list_or_object_is_refused(
    read: Callable[[Record, str], object], value: object, expected: str
) -> None:
    with pytest.raises(DataError, match=f"line 3: a.* is .*; expected {expected}"):
        read(record(a=value), "a")


def test_unknown_fields_are_found_with_their_place() -> None:
    assert record(a=1, b=2).unknown({"a"}) == ["b"]
    assert record(a={"c": 1, "d": 2}).inner("a").unknown({"c"}) == ["a.d"]


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(DataError, match=r"a is \['xxx.{1,60}…; expected text") as caught:
        record(a=["x" * 1000]).text("a")
    assert len(str(caught.value)) < 120
