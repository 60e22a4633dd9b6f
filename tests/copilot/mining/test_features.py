"""What is adjusted for was known before the reply was sent."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.mining.features import PriorFeatures, features_of
from knowledge.archive.table import ReplyTable, TalkRow

Make = Callable[..., Any]
DAY = 86_400.0
MONDAY_NOON = 1_772_424_000.0  # 2026-03-02 12:00 in China


def column(found: PriorFeatures, name: str) -> list[float]:
    return [round(float(value), 4) for value in found.values[:, found.names.index(name)]]


def one_reply_each(table: Make, reply: Make, talks: list[TalkRow], message: str = "在吗") -> ReplyTable:
    return table(talks, [reply(number, message, "好的") for number in range(len(talks))])


def test_hour_and_weekday_are_those_of_the_shop(table: Make, talk: Make, reply: Make) -> None:
    talks = [talk("k1", "c1", MONDAY_NOON), talk("k2", "c2", MONDAY_NOON + 12 * 3600), talk("k3", "c3")]
    found = features_of(one_reply_each(table, reply, talks), utc_offset_hours=8)
    assert column(found, "hour 12") == [1, 0, 0]
    assert column(found, "hour 0") == [0, 1, 0]
    assert column(found, "weekday 1") == [1, 0, 0]
    assert column(found, "weekday 2") == [0, 1, 0]
    assert "hour 4" in features_of(one_reply_each(table, reply, talks), utc_offset_hours=0).names


def test_the_past_is_the_customers_and_drawn_towards_everybodys(table: Make, talk: Make, reply: Make) -> None:
    """Worked by hand: with nobody before 0.5; everybody then (0.5·4 + sales) / (4 + n), and the customer likewise."""
    sales = [("c1", 1.0), ("c2", 0.0), ("c1", 0.0), ("c1", 1.0)]
    talks = [
        talk(f"k{day}", customer, MONDAY_NOON + day * DAY, outcomes={"conversion": sale})
        for day, (customer, sale) in enumerate(sales)
    ]
    found = features_of(one_reply_each(table, reply, talks), utc_offset_hours=8)
    everybody = [0.5, 3 / 5, 3 / 6, 3 / 7]
    expected = [0.5, everybody[1], (1 + 4 * everybody[2]) / 5, (1 + 4 * everybody[3]) / 6]
    assert column(found, "earlier conversion") == [round(value, 4) for value in expected]
    assert column(found, "earlier none") == [1, 1, 0, 0]
    assert column(found, "earlier conversations") == [0, 0, round(np.log(2), 4), round(np.log(3), 4)]


def test_conversations_without_customer_or_time_have_no_past_and_are_nobodys(
    table: Make, talk: Make, reply: Make
) -> None:
    bought = {"conversion": 1.0}
    talks = [talk("k1", "c1", outcomes=bought), talk("k2", "", MONDAY_NOON, outcomes=bought)]
    talks += [talk("k3", "", MONDAY_NOON + DAY), talk("k4", "c1", MONDAY_NOON + 2 * DAY)]
    talks += [talk("k5", "c1", MONDAY_NOON + 3 * DAY)]
    found = features_of(one_reply_each(table, reply, talks), utc_offset_hours=8)
    assert column(found, "earlier none") == [1, 1, 1, 1, 0]
    assert "earlier conversion" not in found.names


def test_what_an_earlier_agent_has_made_is_told_apart(table: Make, talk: Make, reply: Make) -> None:
    talks = [talk(f"k{day}", "c1", MONDAY_NOON + day * DAY, outcomes={"conversion": 1.0}) for day in range(3)]
    found = features_of(one_reply_each(table, reply, talks), utc_offset_hours=8)
    n_past = sum(name.startswith("earlier ") for name in found.names)
    assert n_past >= 2
    assert found.of_moment.shape == (3, len(found.names) - n_past)


def test_how_the_customer_writes_is_read_from_the_message_without_slots(table: Make, talk: Make, reply: Make) -> None:
    said = ["hello there", "什麼時候發貨", "什么时候发货", "{{customer.name}}好", "ok好的呢"]
    found = features_of(table([talk("k1")], [reply(0, text, "好") for text in said]), utc_offset_hours=8)
    assert column(found, "latin letters") == [1, 0, 0, 0, 0]
    assert column(found, "traditional characters") == [0, 1, 0, 0, 0]


def test_later_turns_are_counted_up_to_eight(table: Make, talk: Make, reply: Make) -> None:
    rows = [reply(0, "在吗", "好", turn=turn) for turn in (0, 4, 8, 30)]
    found = features_of(table([talk("k1")], rows), utc_offset_hours=8)
    assert column(found, "turn") == [0, 0.5, 1, 1]
    assert column(found, "first turn") == [1, 0, 0, 0]


def test_what_is_the_same_for_all_is_no_feature_and_an_empty_table_has_no_rows(
    table: Make, talk: Make, reply: Make
) -> None:
    found = features_of(table([talk("k1", "c1", MONDAY_NOON)], [reply(0, "在吗", "好")] * 2), utc_offset_hours=8)
    assert (found.names, found.values.shape) == ((), (2, 0))
    assert features_of(table([], []), utc_offset_hours=8).values.shape[0] == 0


DRAWN = st.lists(
    st.tuples(
        st.sampled_from(["c1", "c2", ""]),
        st.sampled_from(["direct", "group"]),
        st.none() | st.sampled_from([0.0, 1.0]),
        st.sampled_from(["在吗", "hello", "發貨嗎"]),
    ),
    min_size=2,
    max_size=9,
)


@pytest.mark.parametrize("name", ["later"])
@settings(max_examples=60, deadline=None)
@given(drawn=DRAWN, other=DRAWN, data=st.data())
def test_whatever_comes_later_changes_no_earlier_row(
    table: Make, talk: Make, reply: Make, name: str, drawn: list[Any], other: list[Any], data: st.DataObject
) -> None:
    """The last outcome before the cut may differ too: it is only known afterwards. Columns of nought may come or go."""
    cut = data.draw(st.integers(1, len(drawn)))

    def features(rows: list[Any]) -> dict[str, list[float]]:
        talks = [
            talk(
                f"k{n}", who, MONDAY_NOON + n * DAY, scene=scene, outcomes={} if sale is None else {"conversion": sale}
            )
            for n, (who, scene, sale, _) in enumerate(rows)
        ]
        found = features_of(table(talks, [reply(n, row[3], "好") for n, row in enumerate(rows)]), utc_offset_hours=8)
        return {column_name: column(found, column_name)[:cut] for column_name in found.names}

    who, scene, _, message = drawn[cut - 1]
    one, two = features(drawn), features([*drawn[: cut - 1], (who, scene, None, message), *other])
    for column_name in one.keys() | two.keys():
        if column_name in one and column_name in two:
            assert one[column_name] == two[column_name]
        else:
            assert len(set((one | two)[column_name])) == 1
