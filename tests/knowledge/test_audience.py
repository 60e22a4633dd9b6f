"""Who an audience lets in."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.audience import Audience, CustomerFacts
from knowledge.errors import InvalidValueError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def customer(**facts: object) -> CustomerFacts:
    return CustomerFacts(now=NOW, **facts)  # type: ignore[arg-type]


def days_ago(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=each) for each in days]


@pytest.mark.parametrize("rule", [None, "", "  ", "{}", {}, '{"all": []}'])
def test_an_empty_audience_is_everybody(rule: str | dict[str, object] | None) -> None:
    audience = Audience.parse(rule)
    assert audience.exclusion(customer()) is None
    assert audience.exclusion(None) is None


@pytest.mark.parametrize(
    ("rule", "tags", "reason"),
    [
        ({"all": ["会员", "油皮"]}, {"会员", "油皮"}, None),
        ({"all": ["会员", "油皮"]}, {"会员"}, "audience.all:油皮"),
        ({"all": ["会员"]}, {"会员:金卡"}, None),
        ({"all": ["会员:金卡"]}, {"会员:银卡"}, "audience.all:会员:金卡"),
        ({"all": ["会员:金卡"]}, {"会员"}, "audience.all:会员:金卡"),
        ({"any": ["干皮", "油皮"]}, {"油皮"}, None),
        ({"any": ["干皮", "油皮"]}, {"中性"}, "audience.any:干皮|油皮"),
        ({"none": ["孕妇"]}, {"会员"}, None),
        ({"none": ["孕妇"]}, {"孕妇:孕早期"}, "audience.none:孕妇"),
    ],
)
def test_tags_match_by_name_or_by_name_and_value(rule: dict[str, object], tags: set[str], reason: str | None) -> None:
    assert Audience.parse(rule).exclusion(customer(tags=frozenset(tags))) == reason


@pytest.mark.parametrize(
    ("rule", "gender", "reason"),
    [
        ({"gender": "female"}, "female", None),
        ({"gender": "女"}, "female", None),
        ({"gender": "female"}, "male", "audience.gender"),
        ({"gender": "female"}, "", "audience.gender"),
        ({"gender": "female", "unknown_gender": "allow"}, "", None),
        ({"gender": "female", "unknown_gender": "allow"}, "male", "audience.gender"),
    ],
)
def test_an_unknown_gender_is_denied_unless_allowed(rule: dict[str, object], gender: str, reason: str | None) -> None:
    assert Audience.parse(rule).exclusion(customer(gender=gender)) == reason


@pytest.mark.parametrize(
    ("rule", "ages", "reason"),
    [
        ({"window_days": 30, "min": 3}, [1, 15, 30], None),
        ({"window_days": 30, "min": 3}, [1, 15, 31], "audience.orders.min:3"),
        ({"min": 1}, [900], None),
        ({"max": 0}, [], None),
        ({"max": 0}, [5], "audience.orders.max:0"),
        ({"window_days": 30, "min": 1, "max": 1}, [5, 40], None),
        ({"min": 1}, [-1], "audience.orders.min:1"),
    ],
)
def test_orders_are_counted_within_their_window(rule: dict[str, object], ages: list[float], reason: str | None) -> None:
    assert Audience.parse({"orders": rule}).exclusion(customer(order_times=days_ago(*ages))) == reason


@pytest.mark.parametrize(
    ("birthday", "reason"),
    [
        (date(2008, 3, 1), None),  # 18 today
        (date(2008, 3, 2), "audience.age"),  # 18 tomorrow
        (date(1985, 3, 2), None),  # 40 until tomorrow
        (date(1985, 3, 1), "audience.age"),  # 41 today
        (date(2008, 2, 29), None),
        (None, "audience.age"),
    ],
)
def test_both_ages_are_included_and_an_unknown_one_is_not_eligible(birthday: date | None, reason: str | None) -> None:
    assert Audience.parse({"age": [18, 40]}).exclusion(customer(birthday=birthday)) == reason


def test_one_of_the_segments_is_enough() -> None:
    audience = Audience.parse({"segments": ["a", "b"]})
    assert audience.exclusion(customer(segments=frozenset({"b"}))) is None
    assert audience.exclusion(customer(segments=frozenset({"c"}))) == "audience.segments:a|b"


@pytest.mark.parametrize(
    "rule",
    [{"all": ["x"]}, {"any": ["x"]}, {"none": ["x"]}, {"orders": {"max": 0}}, {"age": [0, 150]}, {"segments": ["x"]}],
)
def test_an_anonymous_customer_is_not_eligible_where_something_must_be_known(rule: dict[str, object]) -> None:
    assert Audience.parse(rule).exclusion(None) == "audience.anonymous"


def test_an_anonymous_customer_is_of_unknown_gender() -> None:
    assert Audience.parse({"gender": "male"}).exclusion(None) == "audience.gender"
    assert Audience.parse({"gender": "male", "unknown_gender": "allow"}).exclusion(None) is None


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ('{"al": ["x"]}', "audience.al"),
        ('{"orders": {"days": 3}}', "audience.orders.days"),
        ('{"orders": {"min": "3"}}', "audience.orders.min"),
        ('{"orders": {"min": 3, "max": 1}}', "audience.orders"),
        ('{"age": [40, 18]}', "audience"),
        ('{"age": [18]}', "audience.age.1"),
        ('{"gender": "x"}', "audience.gender"),
        ('{"all": "会员"}', "audience.all"),
        ('{"all": [""]}', "audience.all.0"),
        ("[1]", "audience"),
        ("{", "audience"),
        ("[" * 100_000, "audience"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_place(rule: str, field: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Audience.parse(rule)
    assert caught.value.field == field


def test_the_same_rule_is_compiled_once() -> None:
    assert Audience.parse('{"all": ["会员"]}') is Audience.parse('{"all": ["会员"]}')


def test_a_rule_is_stored_without_what_it_does_not_say() -> None:
    rule = {"all": ["会员"], "gender": "女", "orders": {"min": 2}, "none": []}
    assert Audience.parse(rule).to_rule() == {"all": ["会员"], "gender": "female", "orders": {"min": 2}}


TAGS = st.sampled_from(["a", "b", "a:1", "b:2"])


@given(st.lists(TAGS), st.lists(TAGS), st.lists(TAGS), st.frozensets(TAGS))
def test_whoever_has_all_some_and_none_is_let_in(
    needed: list[str], wanted: list[str], barred: list[str], held: frozenset[str]
) -> None:
    names = {part for tag in held for part in (tag, tag.split(":")[0])}
    expected = set(needed) <= names and (not wanted or bool(set(wanted) & names)) and not set(barred) & names
    audience = Audience.parse({"all": needed, "any": wanted, "none": barred})
    assert (audience.exclusion(customer(tags=held)) is None) == expected


@given(st.lists(TAGS, min_size=1), st.frozensets(TAGS))
def test_a_stored_rule_means_the_same(tags: list[str], held: frozenset[str]) -> None:
    audience = Audience.parse({"any": tags, "gender": "male", "unknown_gender": "allow"})
    assert Audience.parse(audience.to_rule()).exclusion(customer(tags=held)) == audience.exclusion(customer(tags=held))
