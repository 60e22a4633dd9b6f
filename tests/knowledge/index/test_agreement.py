"""Whatever editors do, an index that followed, one opened afresh and one built afresh answer alike."""

from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.index.library_index import LibraryIndex
from knowledge.text import tokenise
from knowledge.workspace import Workspace

MESSAGES = ["几点开门", "怎么退货", "在吗"]
script_ids = st.sampled_from(["s1", "s2", "s3"])
skus = st.sampled_from(["A1", "A2"])
publications = st.tuples(
    st.just("publish"),
    script_ids,
    st.sampled_from(["九点。", "七天可退。"]),
    st.lists(st.sampled_from(MESSAGES), max_size=2, unique=True),
    st.sampled_from([(), ("group",)]),
)
products = st.tuples(
    st.just("product"),
    skus,
    st.sampled_from(["面霜", "乳液"]),
    st.sampled_from([0, 5]),
    st.sampled_from(["active", "off"]),
)
steps = st.one_of(
    publications,
    products,
    st.tuples(st.just("retire"), script_ids),
    st.tuples(st.just("rebuild")),
    st.tuples(st.just("catch up")),
)


def take(shop: Any, following: LibraryIndex, step: tuple[Any, ...], known: set[str]) -> None:
    match step:
        case ("publish", script_id, text, triggers, scenes):
            shop.publish(script_id, text, *triggers, scenes=scenes)
            known.add(script_id)
        case ("retire", script_id) if script_id in known:
            shop.retire(script_id)
        case ("product", sku, name, stock, status):
            shop.product(sku, name, stock=stock, status=status)
        case ("rebuild",):
            shop.build()
        case ("catch up",):
            following.catch_up()


def answers(index: LibraryIndex, encoder: Any) -> list[object]:
    told: list[object] = []
    for view, field in ((index.scripts, "trigger"), (index.scripts, "reply"), (index.products, "text")):
        for message in MESSAGES:
            hits = view.search_vectors(field, encoder.query(message), view.mask(), 9)
            words = view.search_words(field, tokenise(message), view.mask(), 9)
            told.append(
                sorted(
                    (view.item_id(n), round(score, 4))
                    for n, score in zip(hits.items, hits.scores.tolist(), strict=True)
                )
            )
            told.append(sorted(view.item_id(n) for n in words.items))
        living = {view.item_id(n): n for n in np.flatnonzero(view.mask()).tolist()}
        told.append({item_id: (view.version(n), view.label("rule", n)) for item_id, n in sorted(living.items())})
        told.append({item_id: view.number(view.schema.numbers[0], n) for item_id, n in sorted(living.items())})
    return told


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(steps, min_size=1, max_size=10))
def test_following_opening_and_building_agree(
    shop: Any, empty_workspace: Path, tmp_path: Path, taken: list[tuple[Any, ...]]
) -> None:
    rmtree(tmp_path / "example", ignore_errors=True)
    copytree(empty_workspace, tmp_path / "example")
    shop.workspace = Workspace.open(tmp_path / "example")
    following = shop.index()
    known: set[str] = set()
    for step in taken:
        take(shop, following, step, known)
    following.catch_up()
    expected = answers(following, shop.encoder)
    assert answers(shop.index(), shop.encoder) == expected
    shop.build()
    assert shop.verify().agrees
    assert answers(shop.index(), shop.encoder) == expected
    following.catch_up()
    assert answers(following, shop.encoder) == expected
    shop.workspace.close()
