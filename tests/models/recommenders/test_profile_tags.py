"""Tags of customers: taken apart, put in another order, counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from models.errors import ModelError
from models.recommenders.profile_tags import ProfileTags

TAGS = ProfileTags.of_names([["young", "vip"], [], ["young"], ["old", "old"]])


def held(tags: ProfileTags) -> list[set[str]]:
    return [{tags.names[column] for column in row.indices} for row in tags.matrix]


def test_names_are_sorted_and_each_tag_of_a_customer_counts_once() -> None:
    assert TAGS.names == ("old", "vip", "young")
    assert TAGS.matrix.toarray().tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert TAGS.n_tags.tolist() == [2, 0, 1, 1]


def test_customers_are_taken_in_the_order_given() -> None:
    assert held(TAGS.of(np.array([3, 0]))) == [{"old"}, {"young", "vip"}]
    assert held(TAGS.of(np.array([True, True, False, False]))) == [{"young", "vip"}, set()]


def test_tags_of_other_names_are_left_out_and_missing_ones_are_empty() -> None:
    other = TAGS.named(["young", "new"])
    assert other.matrix.toarray().tolist() == [[1, 0], [0, 0], [1, 0], [0, 0]]


def test_common_tags_are_those_of_enough_customers_and_the_rarest_give_way() -> None:
    assert TAGS.common(fewest=1, most=10) == ("old", "vip", "young")
    assert TAGS.common(fewest=2, most=10) == ("young",)
    assert TAGS.common(fewest=1, most=2) == ("old", "young")  # of two that are as rare, the first by name


def test_a_column_without_a_name_of_its_own_is_refused() -> None:
    for names in (("one",), ("one", "one"), ("one", "two", "three")):
        with pytest.raises(ModelError, match="expected one name"):
            ProfileTags(names, csr_matrix((3, 2)))


@given(st.lists(st.sets(st.sampled_from("abcd"))), st.permutations("abcd"))
def test_the_order_of_names_changes_nothing(of_customers: list[set[str]], names: list[str]) -> None:
    assert held(ProfileTags.of_names(of_customers).named(names)) == of_customers
