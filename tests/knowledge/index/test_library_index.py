import math
from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.errors import IndexMissingError, SearchIndexError
from knowledge.index import library_index
from knowledge.index.collection import RECENT_ITEMS
from knowledge.index.filters import AllOf, Among, AtLeast, Without, valid_at
from knowledge.index.library_index import LibraryIndex
from knowledge.index.view import CollectionView
from knowledge.text import canonical, tokenise


def found_by_vector(index: LibraryIndex, encoder: Any, message: str, k: int = 10) -> list[str]:
    view = index.scripts
    hits = view.search_vectors("trigger", encoder.query(message), view.mask(), k)
    return [view.item_id(item) for item in hits.items.tolist()]


def found_by_words(view: CollectionView, field: str, message: str, k: int = 10) -> list[str]:
    hits = view.search_words(field, tokenise(message), view.mask(), k)
    return [view.item_id(item) for item in hits.items.tolist()]


def exact_ids(view: CollectionView, message: str) -> list[str]:
    return [view.item_id(item) for item in view.exact("trigger", canonical(message)).tolist()]


@pytest.fixture(params=["in memory", "built", "built, then changed"])
def stocked(request: pytest.FixtureRequest, shop: Any) -> Any:
    """The same three scripts, however they came into the index."""
    shop.publish("hours", "九点开门。", "几点开门", "营业时间")
    shop.publish("greeting", "您好！", "在吗", "你好")
    if request.param != "in memory":
        shop.build()
    if request.param == "built, then changed":
        shop.publish("greeting", "您好！", "早上好")
        shop.publish("greeting", "您好！", "在吗", "你好")
    shop.publish("refund", "七天可退。", "怎么退货")
    return shop


def test_a_message_finds_the_script_whose_trigger_it_resembles(stocked: Any) -> None:
    index = stocked.index()
    assert found_by_vector(index, stocked.encoder, "你们几点开门呀")[0] == "hours"
    assert found_by_words(index.scripts, "trigger", "怎么退货呢")[0] == "refund"
    assert found_by_words(index.scripts, "reply", "七天")[0] == "refund"
    assert exact_ids(index.scripts, "在嗎？") == ["greeting"]
    assert exact_ids(index.scripts, "早上好") == []


def test_a_hit_names_the_trigger_it_matched(stocked: Any) -> None:
    view = stocked.index().scripts
    hits = view.search_vectors("trigger", stocked.encoder.query("营业时间"), view.mask(), 3)
    assert view.row_text("trigger", int(hits.rows[0])) == "营业时间"
    assert hits.scores[0] == pytest.approx(1, abs=1e-5)
    assert view.row_item("trigger", int(hits.rows[0])) == hits.items[0]
    scores, rows = view.rescore_vectors("trigger", stocked.encoder.query("营业时间"), hits.items)
    assert scores == pytest.approx(hits.scores, abs=1e-5)
    assert rows.tolist() == hits.rows.tolist()


def test_words_are_rescored_as_they_were_found(stocked: Any) -> None:
    view = stocked.index().scripts
    hits = view.search_words("trigger", tokenise("几点开门 怎么退货"), view.mask(), 3)
    scores, rows = view.rescore_words("trigger", tokenise("几点开门 怎么退货"), hits.items)
    assert len(hits) == 2
    assert scores == pytest.approx(hits.scores, rel=1e-5)
    assert rows.tolist() == hits.rows.tolist()


def test_ids_versions_labels_and_numbers_can_be_asked(stocked: Any) -> None:
    view = stocked.index().scripts
    ordinal = view.ordinal("refund")
    assert view.item_id(ordinal) == "refund"
    assert view.version(ordinal) == 1
    assert view.label("kind", ordinal) == "script"
    assert view.distinct("kind") == ["script"]
    assert view.number("valid_to", ordinal) == math.inf
    assert view.ordinal("nothing") is None
    assert view.n_live == 3


def test_a_filter_is_obeyed_inside_the_search(stocked: Any) -> None:
    view = stocked.index().scripts
    allowed = view.mask(Without(frozenset({"hours"})))
    hits = view.search_vectors("trigger", stocked.encoder.query("几点开门"), allowed, 1)
    assert view.item_id(int(hits.items[0])) in {"greeting", "refund"}
    nobody = view.mask(Among("kind", frozenset({"policy"})))
    assert len(view.search_vectors("trigger", stocked.encoder.query("几点开门"), nobody, 5)) == 0
    assert len(view.search_words("trigger", tokenise("几点开门"), nobody, 5)) == 0


def test_a_published_script_is_found_after_catching_up_here_and_elsewhere(shop: Any) -> None:
    here, elsewhere = shop.index(), shop.index()
    seq = shop.publish("hours", "九点开门。", "几点开门")
    assert exact_ids(here.scripts, "几点开门") == []
    assert here.catch_up() == seq
    assert elsewhere.catch_up() == seq
    assert exact_ids(here.scripts, "几点开门") == exact_ids(elsewhere.scripts, "几点开门") == ["hours"]


@pytest.mark.parametrize("built", [False, True])
def test_a_retired_script_is_never_found_again(shop: Any, built: bool) -> None:
    shop.publish("hours", "九点开门。", "几点开门")
    if built:
        shop.build()
    index = shop.index()
    assert found_by_vector(index, shop.encoder, "几点开门") == ["hours"]
    before = index.view
    shop.retire("hours")
    index.catch_up()
    view = index.scripts
    assert found_by_vector(index, shop.encoder, "几点开门") == []
    assert found_by_words(view, "trigger", "几点开门") == []
    assert exact_ids(view, "几点开门") == []
    assert view.ordinal("hours") is None
    assert len(view.search_vectors("trigger", shop.encoder.query("几点开门"), None, 5)) == 0
    assert exact_ids(before.scripts, "几点开门") == ["hours"], "a view taken earlier stays as it was"


def test_a_new_version_replaces_the_one_before(shop: Any) -> None:
    shop.publish("hours", "九点开门。", "几点开门")
    shop.build()
    index = shop.index()
    shop.publish("hours", "十点开门。", "什么时候营业")
    index.catch_up()
    view = index.scripts
    assert exact_ids(view, "几点开门") == []
    assert exact_ids(view, "什么时候营业") == ["hours"]
    assert view.version(view.ordinal("hours")) == 2
    assert view.n_live == 1


def test_the_validity_window_is_a_filter(shop: Any) -> None:
    def moment(hour: int) -> datetime:
        return datetime(2026, 6, 18, hour, tzinfo=UTC)

    shop.publish("sale", "今天特价！", "有活动吗", valid_from=moment(8), valid_to=moment(20))
    shop.publish("always", "欢迎。", "有活动吗")
    view = shop.index().scripts
    for hour, expected in [(7, {"always"}), (8, {"always", "sale"}), (20, {"always", "sale"}), (21, {"always"})]:
        allowed = view.mask(valid_at(moment(hour).timestamp()))
        hits = view.search_vectors("trigger", shop.encoder.query("有活动吗"), allowed, 5)
        assert {view.item_id(item) for item in hits.items.tolist()} == expected, hour


def test_products_are_filtered_by_stock_and_price(shop: Any) -> None:
    shop.product("A1", "保湿面霜", stock=0, price_fen=9900)
    shop.product("A2", "保湿乳液", stock=3, price_fen=15900)
    shop.product("A3", "保湿精华", price_fen=29900)
    view = shop.index().products
    allowed = view.mask(AllOf((AtLeast("stock", 1),)))
    hits = view.search_words("text", tokenise("保湿"), allowed, 5)
    assert {view.item_id(item) for item in hits.items.tolist()} == {"A2", "A3"}


@pytest.mark.parametrize("built", [False, True])
def test_a_change_of_attributes_encodes_nothing(shop: Any, built: bool) -> None:
    shop.product("A1", "面霜", stock=5)
    shop.publish("s", "您好", "在吗")
    if built:
        shop.build()
    index = shop.index()
    shop.encoder.encoded.clear()
    shop.product("A1", "面霜", stock=0, audience={"gender": "female"})
    shop.publish("s", "您好", "在吗", scenes=("group",))
    index.catch_up()
    ordinal = index.products.ordinal("A1")
    assert shop.encoder.encoded == []
    assert index.products.number("stock", ordinal) == 0
    assert index.products.label("rule", ordinal) == '{"audience":{"gender":"female"},"category":""}'
    assert index.scripts.version(index.scripts.ordinal("s")) == 2
    assert index.status.n_changed == (0 if built else 2)


def test_a_text_that_returns_is_not_encoded_again(shop: Any) -> None:
    shop.publish("s", "您好", "在吗")
    index = shop.index()
    for trigger in ("你好", "在吗", "你好"):
        shop.publish("s", "您好", trigger)
        index.catch_up()
    assert shop.encoder.encoded == ["在吗", "您好", "你好"]
    assert exact_ids(index.scripts, "你好") == ["s"]


def test_more_changes_than_the_newest_segment_holds(shop: Any) -> None:
    index = shop.index()
    for number in range(RECENT_ITEMS + 3):
        shop.publish(f"s{number}", f"回复{number}", f"问题{number}")
        if number % 7 == 0:
            index.catch_up()
    shop.retire("s0")
    index.catch_up()
    view = index.scripts
    assert view.n_live == RECENT_ITEMS + 2
    assert exact_ids(view, "问题5") == ["s5"]
    assert exact_ids(view, f"问题{RECENT_ITEMS + 2}") == [f"s{RECENT_ITEMS + 2}"]
    assert exact_ids(view, "问题0") == []


def test_a_deleted_product_is_gone(shop: Any) -> None:
    shop.product("A1", "面霜")
    shop.build()
    index = shop.index()
    shop.without_product("A1")
    index.catch_up()
    assert index.products.ordinal("A1") is None
    assert index.products.n_live == 0


def test_tenants_see_only_their_own(shop: Any) -> None:
    other = shop.other_tenant("other/../shop")
    shop.publish("mine", "您好", "在吗")
    other.publish("theirs", "您好", "在吗")
    assert exact_ids(shop.index().scripts, "在吗") == ["mine"]
    assert exact_ids(other.index().scripts, "在吗") == ["theirs"]
    other.build()
    assert exact_ids(shop.index().scripts, "在吗") == ["mine"]
    assert exact_ids(other.index().scripts, "在吗") == ["theirs"]


def test_an_open_index_takes_up_a_new_snapshot(shop: Any) -> None:
    shop.publish("s", "您好", "在吗")
    index = shop.index()
    assert index.version == f"empty+{shop.head()}"
    report = shop.build()
    index.catch_up()
    assert index.version == f"{report.snapshot}+{shop.head()}"
    assert index.status.n_changed == 0
    assert exact_ids(index.scripts, "在吗") == ["s"]


def test_a_large_library_without_a_snapshot_must_be_built(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_index, "MAX_UNBUILT_ITEMS", 1)
    shop.publish("a", "您好", "在吗")
    shop.index()
    shop.publish("b", "您好", "在吗")
    with pytest.raises(IndexMissingError, match=r"2 items wait.*copilot index build"):
        shop.index()
    shop.build()
    assert shop.index().scripts.n_live == 2


def test_another_encoder_is_refused(shop: Any) -> None:
    shop.build()
    shop.encoder.fingerprint = "trained"
    with pytest.raises(SearchIndexError, match=r"built with encoder 'hash-64'.*copilot index build"):
        shop.index()
    shop.build()
    assert shop.index().scripts.n_items == 0


def test_a_database_older_than_the_index_is_noticed(shop: Any) -> None:
    shop.publish("s", "您好", "在吗")
    shop.build()
    shop.execute("DELETE FROM index_change")
    with pytest.raises(SearchIndexError, match="restored from a backup"):
        shop.index()


def test_without_an_encoder_words_still_find(shop: Any) -> None:
    shop.publish("old", "您好", "在吗")
    shop.build()
    shop.publish("new", "九点", "几点开门")
    database, folder = shop.workspace.database, shop.index_folder
    index = LibraryIndex.open(folder, database, shop.tenant_id, None)
    assert found_by_words(index.scripts, "trigger", "几点开门") == ["new"]
    assert exact_ids(index.scripts, "在吗") == ["old"]
    assert found_by_vector(index, shop.encoder, "在吗")[0] == "old"
    assert found_by_vector(shop.index(), shop.encoder, "几点开门")[0] == "new", "no zero vector may be kept"


def test_the_status_recommends_a_rebuild(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_index, "REBUILD_AFTER", 1)
    shop.publish("a", "您好", "在吗")
    index = shop.index()
    assert not index.status.rebuild_recommended
    shop.publish("b", "您好", "有人吗")
    index.catch_up()
    assert index.status.rebuild_recommended
    assert exact_ids(index.scripts, "有人吗") == ["b"]
