"""Profiles as tags."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.evaluation.profiles import tags_of
from eval.datasets.profiles import Profiles


def tags(ids: str, customers: str, **attributes: list[str]) -> dict[str, set[str]]:
    found = tags_of(Profiles(tuple(ids), {name: tuple(values) for name, values in attributes.items()}), list(customers))
    own = [{found.names[column] for column in row.indices} for row in found.matrix]
    return dict(zip(customers, own, strict=True))


def test_a_value_is_a_tag_named_by_its_column_and_an_empty_one_is_none() -> None:
    found = tags("ab", "ba", age=["45-54", "19-24"], income=["", "35-49K"])
    assert found == {"a": {"age:45-54"}, "b": {"age:19-24", "income:35-49K"}}


def test_somebody_without_a_profile_has_no_tags() -> None:
    assert tags("a", "az", city=["上海"]) == {"a": {"city:上海"}, "z": set()}
    assert tags("a", "a") == {"a": set()}


def test_lists_become_one_tag_each_and_the_column_of_tags_has_no_prefix() -> None:
    found = tags("a", "a", tags=["vip| tea lover |"], allergy=["nuts|milk"])
    assert found == {"a": {"vip", "tea lover", "allergy:nuts", "allergy:milk"}}


def test_few_different_numbers_stay_as_they_are() -> None:
    assert tags("abc", "abc", area=["115", "221", "115"])["a"] == {"area:115"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *(("37", "30–40"), ("3.7", "3–4"), ("99.5", "90–100"), ("0", "0"), ("-25", "-(20–30)"), ("30", "30–40")),
        *(
            ("0.3", "0.3–0.4"),
            ("0.7", "0.7–0.8"),
            ("0.00031", "0.0003–0.0004"),
            ("0.95", "0.9–1"),
            ("1000", "1000–2000"),
        ),
        *(("1e23", "1e+23–2e+23"), ("950000", "900000–1e+06"), ("0.000012", "1e-05–2e-05")),
        *(("5e-324", "5e-324–6e-324"), ("9e-324", "1e-323–2e-323"), ("1.7e308", "1e+308–2e+308")),
    ],
)
def test_many_different_numbers_go_by_their_first_digit(value: str, expected: str) -> None:
    others = [str(number) for number in range(1_001, 1_014)]
    found = tags("abcdefghijklmn", "a", spend=[value, *others])
    assert found == {"a": {f"spend:{expected}"}}


def test_a_column_with_a_word_among_its_numbers_is_no_column_of_numbers() -> None:
    found = tags("abcdefghijklmn", "a", kids=[str(number) for number in range(13)] + ["many"])
    assert found == {"a": {"kids:0"}}


@given(st.floats(min_value=5e-324, max_value=1.7e308))
def test_a_number_lies_within_the_ends_that_name_it(number: float) -> None:
    others = [str(each) for each in range(1_001, 1_014)]
    [tag] = tags("abcdefghijklmn", "a", spend=[repr(number), *others])["a"]
    low, high = map(Decimal, tag.removeprefix("spend:").split("–"))
    assert low <= Decimal(repr(number)) < high
    assert (high - low).scaleb(-Decimal(repr(number)).adjusted()) == 1
