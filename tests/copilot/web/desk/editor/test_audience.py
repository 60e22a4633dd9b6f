from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.errors import BadRequestError
from copilot.web.desk.editor.audience import AudienceFields
from knowledge.audience import Audience

tags = st.lists(st.text(min_size=1, max_size=6).filter(str.strip), max_size=3)
orders = st.tuples(st.integers(0, 9), st.none() | st.integers(9, 20), st.none() | st.integers(1, 90)).map(
    lambda three: {
        name: value for name, value in zip(("min", "max", "window_days"), three, strict=True) if value is not None
    }
)
rules = st.fixed_dictionaries(
    {},
    optional={
        "all": tags,
        "any": tags,
        "none": tags,
        "gender": st.sampled_from(["female", "male", "女", "m"]),
        "unknown_gender": st.sampled_from(["allow", "deny"]),
        "orders": orders | st.just({}),
        "age": st.tuples(st.integers(0, 60), st.integers(60, 150)).map(list),
        "segments": tags,
    },
)


@given(rules)
def test_every_audience_comes_back_from_the_form_with_the_same_meaning(rule: dict[str, Any]) -> None:
    meant, came_back = Audience.parse(rule), Audience.parse(AudienceFields.of(rule).rule())
    assert came_back.to_rule() | {"orders": None} == meant.to_rule() | {"orders": None}
    assert came_back.says_unknown_gender == meant.says_unknown_gender
    assert came_back.orders == meant.orders
    assert came_back.is_everybody == meant.is_everybody


@given(rules, st.dictionaries(st.sampled_from(["vip", "level"]), st.integers() | st.text(max_size=4), min_size=1))
def test_what_the_form_has_no_box_for_is_kept_and_named(rule: dict[str, Any], unknown: dict[str, Any]) -> None:
    fields = AudienceFields.of(rule | unknown)
    assert fields.other_names == sorted(unknown)
    assert {name: fields.rule()[name] for name in unknown} == unknown


def test_a_rule_that_cannot_be_read_is_kept_whole() -> None:
    rule = {"all": "会员", "age": [40, 18]}
    assert AudienceFields.of(rule).rule() == rule


def test_one_end_of_an_age_range_leaves_the_other_open() -> None:
    assert AudienceFields(age_from="18").rule() == {"age": [18, 150]}
    assert AudienceFields(age_to="40").rule() == {"age": [0, 40]}


@pytest.mark.parametrize("number", ["三", "1.5", "-1", "²"])
def test_a_number_that_is_none_is_refused_by_name(number: str) -> None:
    with pytest.raises(BadRequestError, match=r"audience\.orders\.min"):
        AudienceFields(orders_min=number).rule()
