"""What one cell may say."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from knowledge.imports.cells import CHINA_TIME, ReadingRules
from knowledge.imports.rows import ConversationRow, CustomerRow, EventRow, OrderRow, ProductRow, ScriptRow

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
RULES = ReadingRules(CHINA_TIME, NOW)
ORDER = {"order_id": "o", "customer_id": "c", "sku": "s", "ordered_at": "2026-01-05"}


def script(**cells: object) -> ScriptRow:
    return ScriptRow.model_validate({"id": "s", "text": "t"} | cells, context=RULES)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-01-05", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("2026/1/5", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("2026年1月5日", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("20260105", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("2026-01-05 10:00", datetime(2026, 1, 5, 2, tzinfo=UTC)),
        ("2026/1/5 9:05", datetime(2026, 1, 5, 1, 5, tzinfo=UTC)),
        ("2026-01-05T10:00:30", datetime(2026, 1, 5, 2, 0, 30, tzinfo=UTC)),
        ("2026-01-05T10:00:00Z", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05T10:00:00-05:00", datetime(2026, 1, 5, 15, tzinfo=UTC)),
        (datetime(2026, 1, 5, 10), datetime(2026, 1, 5, 2, tzinfo=UTC)),  # noqa: DTZ001  # as spreadsheets have it
        (date(2026, 1, 5), datetime(2026, 1, 4, 16, tzinfo=UTC)),
    ],
)
def test_a_moment_without_a_zone_is_in_that_of_the_shop(cell: object, moment: datetime) -> None:
    assert OrderRow.model_validate(ORDER | {"ordered_at": cell}, context=RULES).ordered_at == moment


def test_the_zone_can_be_chosen() -> None:
    rules = ReadingRules(timezone(timedelta(hours=-5)), NOW)
    row = OrderRow.model_validate(ORDER | {"ordered_at": "2026-01-05 10:00"}, context=rules)
    assert row.ordered_at == datetime(2026, 1, 5, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("129", 12900), ("¥129.00", 12900), ("￥ 129", 12900), ("1,299.00", 129900), ("129元", 12900), ("0", 0),
        ("12.345", 1235), (129.5, 12950), (0.1 + 0.2, 30), (Decimal("9.99"), 999), ("", None), (None, None), (".5", 50),
        ("１２", 1200),
    ],
)  # fmt: skip
def test_prices_are_exact_hundredths(cell: object, fen: int | None) -> None:
    assert ProductRow.model_validate({"sku": "s", "name": "n", "price": cell}).price == fen


@pytest.mark.parametrize("cell", ["abc", "1,29", "12,50", "1.2.3", "--1", True, [1], "9" * 50, "1e3", "inf"])
def test_what_is_no_price_is_refused(cell: object) -> None:
    with pytest.raises(ValidationError):
        ProductRow.model_validate({"sku": "s", "name": "n", "price": cell})


def test_a_refund_may_be_negative() -> None:
    row = OrderRow.model_validate(ORDER | {"quantity": "-1", "amount": "-129"}, context=RULES)
    assert (row.quantity, row.amount) == (-1.0, -12900)


def test_lists_are_split_at_bars_without_blanks_and_repetitions() -> None:
    assert script(triggers=" 在吗 | 你好|| 在吗").triggers == ["在吗", "你好"]
    assert script(triggers=["a|b", "c"]).triggers == ["a|b", "c"]


@pytest.mark.parametrize(
    ("column", "cell", "found"),
    [
        ("stage", "转化|service", ["转化", "服务与运营"]),
        ("scene", "一对一", ["direct"]),
        ("scene", "群|direct", ["group", "direct"]),
        ("kind", "FAQ", "faq"),
        ("kind", "话术", "script"),
        ("status", "已发布", "published"),
        ("status", "", None),
        ("scope", "", "organisation"),
        ("scope", "team:t1", "team:t1"),
    ],
)
def test_choices_are_known_by_their_chinese_and_english_names(column: str, cell: str, found: object) -> None:
    assert getattr(script(**{column: cell}), column) == found


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("stage", "转", "one of 获客, 转化, 交易, 交付, 服务与运营"),
        ("scene", "邮件", "one of direct, group"),
        ("status", "live", "one of draft, review, published, retired"),
        ("scope", "team", "organisation, team:ID or private:USER"),
        ("audience", '{"al": 1}', "no such field"),
        ("audience", "会员", "JSON"),
        ("valid_from", "soon", "a date such as 2026-01-05"),
    ],
)
def test_what_is_no_choice_is_refused_with_the_choices(column: str, cell: str, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        script(**{column: cell})
    assert expected in caught.value.errors()[0]["msg"]
    assert caught.value.errors()[0]["loc"] == (column,)


def test_a_last_day_is_included_and_a_last_moment_is_exact() -> None:
    assert script(valid_to="2026-01-05").valid_to == datetime(2026, 1, 5, 15, 59, 59, tzinfo=UTC)
    assert script(valid_to="2026-01-05 10:00").valid_to == datetime(2026, 1, 5, 2, tzinfo=UTC)
    with pytest.raises(ValidationError, match="valid_to after valid_from"):
        script(valid_from="2026-01-06", valid_to="2026-01-05")


@pytest.mark.parametrize(("cell", "gender"), [("女", "female"), ("M", "male"), ("2", "female"), ("未知", ""), ("", "")])
def test_genders_have_many_names(cell: str, gender: str) -> None:
    assert CustomerRow.model_validate({"id": "c", "gender": cell}, context=RULES).gender == gender


@pytest.mark.parametrize("cell", ["javascript:alert(1)", "data:text/html,x", "ftp://x"])
def test_an_address_that_a_browser_would_run_is_refused(cell: str) -> None:
    with pytest.raises(ValidationError, match="https://"):
        ProductRow.model_validate({"sku": "s", "name": "n", "url": cell})


def test_formulas_stay_text() -> None:
    assert script(text="=cmd|' /C calc'!A0").text == "=cmd|' /C calc'!A0"


def test_fields_that_the_file_does_not_have_are_not_given() -> None:
    assert script(title="").given("title", "owner") == {"title": ""}


MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2026, 11, 1)).map(lambda m: m.isoformat())  # noqa: DTZ001


@given(
    st.fixed_dictionaries(
        {"customer_id": st.just("c"), "kind": st.just("view"), "at": MOMENTS}, optional={"object": st.text("ab|")}
    )
)
def test_a_packed_row_comes_back_as_it_was(cells: dict[str, object]) -> None:
    row = EventRow.model_validate(cells, context=RULES)
    back = EventRow.unpacked(row.packed())
    assert back == row
    assert back.model_fields_set == row.model_fields_set


def test_a_packed_conversation_comes_back_with_its_messages() -> None:
    messages = [
        {"role": "客户", "text": "在吗", "at": "2026-01-05 10:00"},
        {"role": "agent", "text": "在", "script_id": "s1"},
    ]
    cells = {
        "conversation_id": "k",
        "messages": messages,
        "scene": "群",
        "outcome": {"converted": "是", "amount": "1.5"},
    }
    row = ConversationRow.model_validate(cells, context=RULES)
    back = ConversationRow.unpacked(row.packed())
    assert back == row
    assert back.outcome is not None
    assert (back.outcome.converted, back.outcome.amount) == (True, 150)
    assert [message.role.name for message in back.messages] == ["CUSTOMER", "AGENT"]


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(), st.lists(st.integers())))
def test_no_cell_crashes_an_import(cell: object) -> None:
    for kind in (ProductRow, ScriptRow, CustomerRow, OrderRow, EventRow, ConversationRow):
        with suppress(ValidationError):
            kind.model_validate(dict.fromkeys(kind.model_fields, cell), context=RULES)
