"""Whatever happened to a library, its index answers as one built afresh would."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.index import collection
from knowledge.index.collection import Collection, prepare_items
from knowledge.index.encoding import WordsOnly
from knowledge.index.filters import AllOf, Among, AtLeast
from knowledge.index.items import IndexItem
from knowledge.index.schema import CollectionSchema, FieldSchema
from knowledge.index.segment import build_segment
from knowledge.index.view import CollectionView
from knowledge.text import tokenise

SCHEMA = CollectionSchema(
    "things", (FieldSchema("trigger", "query", exact=True), FieldSchema("reply", "passage")), ("rule",), ("stock",)
)
MESSAGES = ["几点开门", "怎么退货", "在吗", "有活动吗", "多少钱"]


class Encoding(WordsOnly):
    """Vectors from the shared test encoder, without a cache."""

    def __init__(self, encoder: Any) -> None:
        super().__init__(encoder.dim)
        self._encoder = encoder

    def encode(self, side: str, texts: Any) -> Any:
        return self._encoder.encode_queries(texts) if side == "query" else self._encoder.encode_passages(texts)


ids = st.sampled_from([f"s{number}" for number in range(6)])
some_items = st.builds(
    IndexItem,
    item_id=ids,
    version=st.integers(1, 3),
    texts=st.fixed_dictionaries(
        {
            "trigger": st.lists(st.sampled_from(MESSAGES), max_size=3, unique=True).map(tuple),
            "reply": st.lists(st.sampled_from(["九点。", "七天可退。", "您好！"]), max_size=1).map(tuple),
        }
    ),
    labels=st.fixed_dictionaries({"rule": st.sampled_from(["all", "women"])}),
    numbers=st.fixed_dictionaries({"stock": st.sampled_from([0.0, 1.0])}),
)
batches = st.lists(some_items, max_size=3, unique_by=lambda item: item.item_id)
steps = st.lists(st.one_of(batches, ids, st.just("rebuild")), max_size=12)


def rebuilt(living: dict[str, IndexItem], encoding: Encoding) -> Collection:
    def vectors(field: FieldSchema, texts: Any) -> Any:
        return encoding.encode(field.side, texts.slice(0, len(texts)))

    items = [living[item_id] for item_id in sorted(living)]
    return Collection(SCHEMA, encoding.dim, build_segment(SCHEMA, items, vectors))


def answers(view: CollectionView, encoder: Any) -> dict[str, object]:
    """Everything that can be asked, in terms of ids; words without their scores, whose statistics may differ."""
    told: dict[str, object] = {"live": sorted(view.item_id(n) for n in np.flatnonzero(view.mask()).tolist())}
    for item_id in told["live"]:  # type: ignore[attr-defined]
        ordinal = view.ordinal(item_id)
        told[item_id] = (view.version(ordinal), view.label("rule", ordinal), view.number("stock", ordinal))
    filters = [
        None,
        Among("rule", frozenset({"women"})),
        AllOf((AtLeast("stock", 1), Among("rule", frozenset({"all"})))),
    ]
    for message in MESSAGES:
        told[f"exact {message}"] = sorted(view.item_id(n) for n in view.exact("trigger", message).tolist())
        for number, where in enumerate(filters):
            for field in ("trigger", "reply"):
                hits = view.search_vectors(field, encoder.query(message), view.mask(where), 20)
                scored = sorted(
                    (view.item_id(item), round(score, 4), view.row_text(field, row))
                    for item, score, row in zip(
                        hits.items.tolist(), hits.scores.tolist(), hits.rows.tolist(), strict=True
                    )
                )
                words = view.search_words(field, tokenise(message), view.mask(where), 20)
                told[f"{field} {number} {message}"] = (
                    scored,
                    sorted(view.item_id(item) for item in words.items.tolist()),
                )
    return told


@pytest.mark.parametrize("recent_items", [1, 64])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_changes_give_what_a_fresh_build_gives(encoder: Any, recent_items: int, steps: list[Any]) -> None:
    encoding = Encoding(encoder)
    living: dict[str, IndexItem] = {}
    changing = Collection(SCHEMA, encoder.dim)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collection, "RECENT_ITEMS", recent_items)
        for step in steps:
            if step == "rebuild":
                changing = rebuilt(living, encoding)
                continue
            items, gone = ([], [step]) if isinstance(step, str) else (step, [])
            living |= {item.item_id: item for item in items}
            for item_id in gone:
                living.pop(item_id, None)
            changing = changing.changed(items, gone, lambda fresh: prepare_items(SCHEMA, fresh, encoding))
    assert answers(changing.view, encoder) == answers(rebuilt(living, encoding).view, encoder)


def test_a_failing_preparation_changes_nothing(encoder: Any) -> None:
    encoding = Encoding(encoder)
    item = IndexItem("s", 1, {"trigger": ("在吗",), "reply": ()}, {"rule": "all"}, {"stock": 1})
    before = Collection(SCHEMA, encoder.dim).changed([item], [], lambda fresh: prepare_items(SCHEMA, fresh, encoding))
    encoder.broken_by = "几点"
    broken = IndexItem("s", 2, {"trigger": ("几点开门",), "reply": ()}, {"rule": "all"}, {"stock": 1})
    with pytest.raises(RuntimeError, match="cannot encode"):
        before.changed([broken], [], lambda fresh: prepare_items(SCHEMA, fresh, encoding))
    assert before.view.version(before.view.ordinal("s")) == 1


def test_an_ordinal_or_row_outside_is_refused(encoder: Any) -> None:
    view = Collection(SCHEMA, encoder.dim).view
    with pytest.raises(IndexError, match="0 is not within"):
        view.item_id(0)
    with pytest.raises(IndexError, match="-1 is not within"):
        view.row_text("trigger", -1)
