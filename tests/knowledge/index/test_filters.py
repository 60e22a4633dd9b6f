import math

import numpy as np
import pytest

from knowledge.errors import InvalidValueError
from knowledge.index.attributes import AttributeDraft, Attributes
from knowledge.index.filters import AllOf, Among, AtLeast, AtMost, Filter, Without, valid_at
from knowledge.index.items import IndexItem
from knowledge.index.schema import CollectionSchema

SCHEMA = CollectionSchema("things", (), labels=("rule",), numbers=("stock", "valid_from", "valid_to"))
IDS = ["a", "b", "c", "d"]


def item(item_id: str, rule: str, stock: float, valid_from: float, valid_to: float) -> IndexItem:
    return IndexItem(item_id, 1, {}, {"rule": rule}, {"stock": stock, "valid_from": valid_from, "valid_to": valid_to})


@pytest.fixture
def attributes() -> Attributes:
    draft = AttributeDraft(SCHEMA)
    draft.add(item("a", "all", 3, -math.inf, math.inf))
    draft.add(item("b", "women", 0, 100, 200))
    draft.add(item("c", "women", math.inf, 150, math.inf))
    draft.add(item("d", "men", math.nan, -math.inf, 100))
    return draft.finished()


def eligible(attributes: Attributes, where: Filter | None) -> str:
    mask = attributes.mask(where, lambda item_ids: [IDS.index(item_id) for item_id in item_ids if item_id in IDS])
    return "".join(np.array(IDS)[mask])


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (None, "abcd"),
        (AllOf(), "abcd"),
        (Among("rule", frozenset({"women"})), "bc"),
        (Among("rule", frozenset({"women", "men", "nobody"})), "bcd"),
        (Among("rule", frozenset()), ""),
        (AtLeast("stock", 1), "ac"),
        (AtMost("stock", 0), "b"),
        (Without(frozenset({"a", "unknown"})), "bcd"),
        (valid_at(100), "abd"),
        (valid_at(101), "ab"),
        (valid_at(200), "abc"),
        (AllOf((Among("rule", frozenset({"women"})), AllOf((valid_at(170), AtLeast("stock", 1))))), "c"),
    ],
)
def test_a_filter_keeps_what_fits_every_condition(attributes: Attributes, where: Filter | None, expected: str) -> None:
    assert eligible(attributes, where) == expected


@pytest.mark.parametrize("where", [Among("colour", frozenset({"red"})), AtLeast("weight", 1), AtMost("rule", 1)])
def test_a_filter_on_an_attribute_that_does_not_exist_is_refused(attributes: Attributes, where: Filter) -> None:
    with pytest.raises(InvalidValueError, match="expected one of"):
        eligible(attributes, where)


def test_a_patch_changes_a_copy_and_leaves_the_original(attributes: Attributes) -> None:
    patched = attributes.patched({0: item("a", "vip", 9, -math.inf, math.inf), 3: None})
    assert eligible(patched, None) == "abc"
    assert eligible(patched, Among("rule", frozenset({"vip"}))) == "a"
    assert eligible(patched, AtLeast("stock", 9)) == "ac"
    assert eligible(attributes, None) == "abcd"
    assert eligible(attributes, AtLeast("stock", 9)) == "c"


def test_a_dead_item_can_come_back(attributes: Attributes) -> None:
    dead = attributes.patched({1: None})
    assert (dead.n_dead, eligible(dead, None)) == (1, "acd")
    back = dead.patched({1: item("b", "women", 5, 0, 1)})
    assert (back.n_dead, eligible(back, AtLeast("stock", 5))) == (0, "bc")


@pytest.mark.parametrize("stock", [0.0, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("usual", [math.inf, -math.inf, 7.0])
def test_a_column_of_mostly_equal_numbers_is_filtered_as_any_other(usual: float, stock: float) -> None:
    draft = AttributeDraft(SCHEMA)
    numbers = [usual] * 9 + [stock]
    for number in numbers:
        draft.add(item("a", "all", number, 0, 0))
    attributes = draft.finished()
    for limit in (-math.inf, 0.0, 7.0, math.inf):
        at_least = attributes.mask(AtLeast("stock", limit), lambda _: [])
        at_most = attributes.mask(AtMost("stock", limit), lambda _: [])
        assert at_least.tolist() == [number >= limit for number in numbers]
        assert at_most.tolist() == [number <= limit for number in numbers]
