"""What every `VectorIndex` must do; a new backend adds itself to `indexes`."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.index.filters import AllOf, Among, AtLeast, AtMost, Filter, Without
from knowledge.index.in_process import InProcessVectorIndex
from knowledge.index.protocol import VectorIndex, VectorItem

DIM = 8
LABELS = ("rule",)
NUMBERS = ("stock",)

BACKENDS: dict[str, Callable[[], VectorIndex]] = {
    "in process": lambda: InProcessVectorIndex(DIM, labels=LABELS, numbers=NUMBERS),
}


@pytest.fixture(params=sorted(BACKENDS))
def index(request: pytest.FixtureRequest) -> VectorIndex:
    return BACKENDS[request.param]()


def axis(*parts: float) -> NDArray[np.float32]:
    """The unit vector in the direction of these first coordinates."""
    vector = np.zeros(DIM, np.float32)
    vector[: len(parts)] = parts
    vector /= np.linalg.norm(vector)
    return vector


def item(item_id: str, *vectors: NDArray[np.float32], rule: str = "all", stock: float = 1) -> VectorItem:
    return VectorItem(item_id, np.array(vectors, np.float32).reshape(-1, DIM), {"rule": rule}, {"stock": stock})


def found(index: VectorIndex, where: Filter | None = None, *, k: int = 10, tenant: str = "a") -> list[str]:
    return [match.item_id for match in index.search(tenant, axis(1), where, k)]


@pytest.fixture
def filled(index: VectorIndex) -> VectorIndex:
    """Items at falling cosines to the first axis: near 1, mid .8 (its second vector), far .6, off 0."""
    items = [
        item("far", axis(0.6, 0.8), rule="women", stock=5),
        item("near", axis(1), stock=0),
        item("mid", axis(0, 1), axis(0.8, 0.6), rule="women", stock=2),
        item("off", axis(0, 0, 1), rule="men", stock=9),
    ]
    index.upsert("a", items, seq=4)
    return index


def test_what_was_kept_is_found_best_first(filled: VectorIndex) -> None:
    matches = filled.search("a", axis(1), None, 3)
    assert [match.item_id for match in matches] == ["near", "mid", "far"]
    assert [match.score for match in matches] == pytest.approx([1, 0.8, 0.6], abs=1e-3)


def test_asking_for_more_than_there_is_gives_all(filled: VectorIndex) -> None:
    assert found(filled, k=100) == ["near", "mid", "far", "off"]


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert found(index) == []
    assert index.watermark("a") == 0


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (AllOf(), ["near", "mid", "far", "off"]),
        (Among("rule", frozenset({"women"})), ["mid", "far"]),
        (Among("rule", frozenset({"nobody"})), []),
        (AtLeast("stock", 2), ["mid", "far", "off"]),
        (AtMost("stock", 2), ["near", "mid"]),
        (Without(frozenset({"near", "unknown"})), ["mid", "far", "off"]),
        (AllOf((Among("rule", frozenset({"women", "men"})), AtLeast("stock", 5))), ["far", "off"]),
    ],
)
def test_a_filter_is_obeyed(filled: VectorIndex, where: Filter, expected: list[str]) -> None:
    assert found(filled, where) == expected


@pytest.mark.parametrize("selective", [0.5, 0.02, 0.001])
def test_the_best_eligible_are_found_among_many(index: VectorIndex, selective: float) -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(2_000, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rules = np.where(rng.random(2_000) < selective, "yes", "no")
    many = [item(f"i{n}", vector, rule=str(rule)) for n, (vector, rule) in enumerate(zip(vectors, rules, strict=True))]
    index.upsert("a", many, seq=1)
    eligible = np.flatnonzero(rules == "yes")
    expected = eligible[np.argsort(-(vectors[eligible] @ axis(1)))][:10]
    assert found(index, Among("rule", frozenset({"yes"}))) == [f"i{n}" for n in expected]


def test_what_was_deleted_is_not_found(filled: VectorIndex) -> None:
    filled.delete("a", ["near", "unknown"], seq=5)
    assert found(filled) == ["mid", "far", "off"]
    filled.upsert("a", [item("near", axis(1))], seq=6)
    assert found(filled, k=1) == ["near"]


def test_keeping_an_item_again_replaces_it(filled: VectorIndex) -> None:
    filled.upsert("a", [item("near", axis(0, 0, 0, 1))], seq=5)
    assert found(filled, k=2) == ["mid", "far"]
    filled.upsert("a", [item("mid", axis(0, 1), axis(0.8, 0.6), rule="men", stock=2)], seq=6)
    assert found(filled, Among("rule", frozenset({"women"}))) == ["far"]


def test_a_tenant_sees_only_its_own(filled: VectorIndex) -> None:
    filled.upsert("b", [item("near", axis(0, 1))], seq=1)
    filled.delete("b", ["mid"], seq=2)
    assert found(filled, tenant="b") == ["near"]
    assert found(filled, k=2) == ["near", "mid"]
    assert (filled.watermark("a"), filled.watermark("b")) == (4, 2)


def test_the_watermark_rises_and_never_falls(filled: VectorIndex) -> None:
    assert filled.watermark("a") == 4
    filled.delete("a", ["off"], seq=9)
    filled.upsert("a", [], seq=7)
    assert filled.watermark("a") == 9
    assert filled.wait_for("a", 9, 0)
    assert not filled.wait_for("a", 10, 0)
