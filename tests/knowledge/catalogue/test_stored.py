"""A catalogue in a file reads wishes as the one made from the products does, or is not taken."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.catalogue import stored
from knowledge.catalogue.catalogue import Catalogue
from knowledge.catalogue.facts import ProductRow
from knowledge.catalogue.fitting import fit
from knowledge.catalogue.stored import FILE_NAME, StoredCatalogue
from knowledge.catalogue.wish import Criterion, Wish

MESSAGES = (
    "红色的裙子，300以内",
    "最便宜的笔记本",
    "不要黑色，要15寸以上的",
    "a red one under $200",
    "8GB内存的有吗",
    "200ml的面霜",
    "敏感肌能用的",
)


def row(sku: str, name: str, fen: int | None, currency: str = "CNY", **attributes: object) -> ProductRow:
    return ProductRow(
        sku, name, "裙子/连衣裙" if "裙" in name else "数码", "栖白", fen, currency, ("敏感肌",), attributes
    )


ROWS = st.builds(
    row,
    st.text("abcdef", min_size=1, max_size=3),
    st.sampled_from(["红色连衣裙", "黑色连衣裙", "轻薄笔记本15.6寸", "滋润面霜200ml", "a red lamp"]),
    st.none() | st.integers(0, 90_000),
    st.sampled_from(["CNY", "USD"]),
    颜色=st.sampled_from(["红色", "黑色", "白色"]),
    内存=st.sampled_from(["8GB", "16GB", "无"]),
    屏幕尺寸=st.sampled_from([14, 15.6, True]),
)
TABLES = st.lists(ROWS, max_size=12, unique_by=lambda one: one.sku)


def told(wish: Wish) -> tuple[object, ...]:
    """All that a wish says; it equals itself although a missing aim is not a number."""
    return [str_of(one) for one in wish.criteria], wish.extreme, wish.rest, wish.asks


def str_of(criterion: Criterion) -> str:
    return f"{criterion.reference} {criterion.words} {getattr(criterion, 'aim', '')}"


def kept(catalogue: Catalogue, path: Path, seq: int = 7) -> StoredCatalogue:
    StoredCatalogue(catalogue, seq).save(path)
    found = StoredCatalogue.load(path)
    assert found is not None
    return found


@given(TABLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_reads_and_fits_as_the_one_it_was_made_from(tmp_path: Path, rows: list[ProductRow]) -> None:
    made = Catalogue.of(rows)
    found = kept(made, tmp_path / FILE_NAME).catalogue
    assert found.base.vocabulary == made.base.vocabulary
    assert found.base.naming == made.base.naming
    everything = np.ones(len(rows), np.bool_)
    for message in MESSAGES:
        wish = made.read(message)
        assert told(found.read(message)) == told(wish)
        ours, theirs = fit(found, wish, everything), fit(made, wish, everything)
        np.testing.assert_array_equal(ours.numbers, theirs.numbers)
        np.testing.assert_array_equal(ours.closeness, theirs.closeness)
        assert [list(map(str_of, some)) for some in ours.lacking] == [
            list(map(str_of, some)) for some in theirs.lacking
        ]


@given(TABLES, TABLES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_follows_changes_as_the_one_it_was_made_from(
    tmp_path: Path, rows: list[ProductRow], later: list[ProductRow]
) -> None:
    made = Catalogue.of(rows)
    gone = [one.sku for one in rows[:2]]
    found = kept(made, tmp_path / FILE_NAME).catalogue.changed(later, gone)
    wanted = made.changed(later, gone)
    np.testing.assert_array_equal(found.alive, wanted.alive)
    np.testing.assert_array_equal(found.keys, wanted.keys)
    for message in MESSAGES:
        assert told(found.read(message)) == told(wanted.read(message))


def test_prices_and_the_change_it_was_made_at_are_kept(tmp_path: Path) -> None:
    made = Catalogue.of([row("a", "红色连衣裙", 12_345), row("b", "黑色连衣裙", None, "USD")])
    found = kept(made, tmp_path / FILE_NAME, seq=41)
    assert found.seq == 41
    assert [(one.sku, one.price_fen, one.currency) for one in found.catalogue.base.rows] == [
        ("a", 12_345, "CNY"),
        ("b", None, "USD"),
    ]


def test_one_made_by_other_rules_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(Catalogue.of([row("a", "红色连衣裙", 100)]), tmp_path / FILE_NAME)
    monkeypatch.setattr(stored, "rules", lambda: "other rules")
    assert StoredCatalogue.load(tmp_path / FILE_NAME) is None


@pytest.mark.parametrize("n_kept", [0, 1, 100, 2_000])
def test_one_that_is_cut_short_is_not_taken(tmp_path: Path, n_kept: int) -> None:
    path = tmp_path / FILE_NAME
    kept(Catalogue.of([row("a", "红色连衣裙", 100)]), path)
    path.write_bytes(path.read_bytes()[:n_kept])
    assert StoredCatalogue.load(path) is None


def test_where_there_is_none_nothing_is_found(tmp_path: Path) -> None:
    assert StoredCatalogue.load(tmp_path / FILE_NAME) is None
