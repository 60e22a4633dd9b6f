"""What is read ahead, what is stored for the next start, and messages that come meanwhile."""

import threading
from collections.abc import Iterator

import pytest

from copilot.engine.engine import Engine
from copilot.engine.freshness import reading
from copilot.engine.nextbest import wishes
from copilot.engine.nextbest.wishes import WishReader, catalogue_file, store_catalogue
from copilot.engine.request import SuggestRequest
from knowledge.catalogue.facts import ProductRow
from knowledge.tables import DEFAULT_TENANT, IndexChange, IndexKind, Product


@pytest.fixture
def lamps(shop):
    for sku, fen in (("a", 9_900), ("b", 29_900), ("c", 59_900)):
        shop.add_product(sku, f"台灯{sku}", category="台灯", price_fen=fen, attributes={"颜色": "白色"})
    return shop


def reasons(engine: Engine, message: str) -> set[str]:
    products = engine.suggest(SuggestRequest(message=message)).products
    return {reason.reference.partition(":")[0] for product in products for reason in product.reasons}


def changed(shop, sku: str) -> IndexChange:
    return IndexChange(tenant_id=DEFAULT_TENANT, kind=IndexKind.PRODUCT, item_id=sku)


def test_what_is_read_ahead_answers_as_what_is_read_by_the_first_message(lamps) -> None:
    engine = lamps.engine
    engine.warm_up().result()
    assert "wish" in reasons(engine, "300以内的台灯")


def test_a_message_does_not_wait_for_a_catalogue_that_is_being_read(lamps, monkeypatch) -> None:
    begun, may_go_on, read = threading.Event(), threading.Event(), wishes.read_rows

    def slowly(*asked) -> Iterator[ProductRow]:
        begun.set()
        assert may_go_on.wait(20)
        return read(*asked)

    monkeypatch.setattr(wishes, "read_rows", slowly)
    monkeypatch.setattr(wishes, "PATIENCE_S", 0.0)
    engine = lamps.engine
    warm = engine.warm_up()
    try:
        assert begun.wait(20)
        assert "wish" not in reasons(engine, "300以内的台灯")
    finally:
        may_go_on.set()
    warm.result()
    assert "wish" in reasons(engine, "300以内的台灯")


def test_a_failed_warm_up_leaves_the_reading_to_the_first_message(lamps, monkeypatch, caplog) -> None:
    def broken(*_) -> Iterator[ProductRow]:
        raise OSError("the disk is gone")

    engine = lamps.engine
    with monkeypatch.context() as patched:
        patched.setattr(wishes, "read_rows", broken)
        with pytest.raises(OSError, match="the disk is gone"):
            engine.warm_up().result()
    assert "the first messages will wait" in caplog.text
    assert "wish" in reasons(engine, "300以内的台灯")


def test_a_stored_catalogue_is_read_with_what_changed_since(lamps, tmp_path) -> None:
    path = catalogue_file(tmp_path, DEFAULT_TENANT)
    store_catalogue(lamps.workspace.database, DEFAULT_TENANT, path)
    lamps.add_product("d", "吊灯", category="吊灯", price_fen=9_900, attributes={"颜色": "金色"})
    with lamps.workspace.database.write() as session:
        session.delete(session.get(Product, (DEFAULT_TENANT, "a")))
        session.add(changed(lamps, "a"))
    with lamps.workspace.database.read() as session:
        catalogue = WishReader(DEFAULT_TENANT, path).catalogue(session)
    assert [catalogue.row(n).sku for n in range(catalogue.n_products) if catalogue.alive[n]] == ["b", "c", "d"]
    assert catalogue.read("金色的吊灯").asks


def test_what_is_stored_is_taken_without_reading_the_products(lamps, tmp_path, monkeypatch) -> None:
    path = catalogue_file(tmp_path, DEFAULT_TENANT)
    store_catalogue(lamps.workspace.database, DEFAULT_TENANT, path)

    def unwanted(*_) -> Iterator[ProductRow]:
        raise AssertionError("the products were read")

    monkeypatch.setattr(wishes, "read_rows", unwanted)
    with lamps.workspace.database.read() as session:
        assert WishReader(DEFAULT_TENANT, path).catalogue(session).n_products == 3


def test_what_changes_while_reading_fails_is_read_the_next_time(lamps, monkeypatch) -> None:
    reader = WishReader(DEFAULT_TENANT)
    with reading(lamps.workspace.database) as session:
        reader.catalogue(session)
    lamps.add_product("d", "吊灯", category="吊灯", price_fen=9_900)
    reader.forget("d")

    def broken(*_) -> Iterator[ProductRow]:
        raise OSError("the disk is gone")

    with reading(lamps.workspace.database) as session:
        with monkeypatch.context() as patched:
            patched.setattr(wishes, "read_rows", broken)
            with pytest.raises(OSError, match="the disk is gone"):
                reader.catalogue(session)
        catalogue = reader.catalogue(session)
    assert catalogue.row(3).sku == "d"


def test_a_session_older_than_the_catalogue_does_not_turn_it_back(lamps, monkeypatch) -> None:
    reader, database = WishReader(DEFAULT_TENANT), lamps.workspace.database
    with reading(database) as older:
        assert reader.catalogue(older).n_products == 3
        lamps.add_product("d", "吊灯", category="吊灯", price_fen=9_900)
        reader.forget("d")
        with reading(database) as newer:
            assert reader.catalogue(newer).n_products == 4
        monkeypatch.setattr(wishes, "MIN_FOLDED", 0)  # with what has changed so far it would be read anew
        reader.forget("c")
        assert reader.catalogue(older).n_products == 4
