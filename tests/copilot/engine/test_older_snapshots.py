"""A change that comes while a message is being answered is seen by the next message, whatever the first one read.

The message that is under way holds a snapshot of the database from before the change: what it reads is old.
"""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlmodel import Session, select

from copilot.engine.answer import SuggestionAnswer
from copilot.engine.cards import CardFile
from copilot.engine.context import ContextReader, CustomerContext
from copilot.engine.engine import Engine
from copilot.engine.freshness import Changes, reading
from copilot.engine.request import SuggestRequest
from knowledge.database import Database
from knowledge.library.changes import record_change
from knowledge.tables import DEFAULT_TENANT, IndexKind, Product


class Interrupted(ContextReader):
    """Lets something happen in the middle of a message, when its snapshot has been taken."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__(DEFAULT_TENANT)
        self.meanwhile: Callable[[], None] | None = meanwhile

    def customer(self, session: Session, customer_id: str | None, now: datetime) -> CustomerContext | None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            session.exec(select(Product.sku)).all()
            meanwhile()
        return super().customer(session, customer_id, now)


def ask(engine: Engine, message: str, customer_id: str | None = None) -> SuggestionAnswer:
    return engine.suggest(SuggestRequest(message=message, customer_id=customer_id))


def ask_twice(shop, message: str, change: Callable[[], None], *, known: bool, customer_id: str | None = None):
    """What is answered after a change that came in the middle of another message; `known` is what changes, or not."""
    engine = shop.engine
    if known:
        ask(engine, message, customer_id)

    def meanwhile() -> None:
        change()
        engine.index.refresh()

    engine.memory = Interrupted(meanwhile)
    ask(engine, message, customer_id)
    assert engine.memory.meanwhile is None
    return ask(engine, message, customer_id)


def change_product(shop, sku: str, **columns: object) -> None:
    with shop.workspace.database.write() as session:
        product = session.get(Product, (DEFAULT_TENANT, sku))
        for name, value in columns.items():
            setattr(product, name, value)
        record_change(session, DEFAULT_TENANT, IndexKind.PRODUCT, sku)


@pytest.mark.parametrize("known", [True, False])
def test_a_tag_put_on_meanwhile_keeps_a_product_back(shop, known: bool) -> None:
    shop.add_product("lighter", "云纹打火机")
    answer = ask_twice(shop, "云纹打火机", lambda: change_product(shop, "lighter", tags=["烟草"]), known=known)
    assert answer.products == ()


@pytest.mark.parametrize("known", [True, False])
def test_a_price_changed_meanwhile_no_longer_fits_a_wish(shop, known: bool) -> None:
    shop.add_product("a", "台灯甲", category="台灯", price_fen=9_900)
    shop.add_product("b", "台灯乙", category="台灯", price_fen=29_900)
    answer = ask_twice(shop, "300以内的台灯", lambda: change_product(shop, "b", price_fen=99_900), known=known)
    assert [one.sku for one in answer.products] == ["a"]


@pytest.mark.parametrize("known", [True, False])
def test_a_name_changed_meanwhile_is_the_one_that_is_shown(shop, known: bool) -> None:
    shop.add_product("towel", "长绒棉浴巾")
    answer = ask_twice(shop, "长绒棉浴巾", lambda: change_product(shop, "towel", name="长绒棉大浴巾"), known=known)
    assert [one.name for one in answer.products] == ["长绒棉大浴巾"]


@pytest.mark.parametrize("known", [True, False])
def test_what_was_bought_meanwhile_is_known(shop, known: bool) -> None:
    shop.add_product("towel", "长绒棉浴巾")
    shop.add_customer("c1")

    def buy() -> None:
        shop.add_order("o1", "c1", "towel", days_ago=0.1)

    assert ask_twice(shop, "长绒棉浴巾", buy, known=known, customer_id="c1").products == ()


def test_cards_read_in_an_older_snapshot_are_given_and_not_kept(shop) -> None:
    database: Database = shop.workspace.database
    names: CardFile[str, str] = CardFile(
        lambda session, skus: {sku: session.get(Product, (DEFAULT_TENANT, sku)).name for sku in skus}
    )
    shop.add_product("a", "old")
    with reading(database) as older:
        older.exec(select(Product.sku)).all()
        change_product(shop, "a", name="new")
        names.forget("a")
        assert names.get(older, ["a"]) == {"a": "old"}
        with reading(database) as newer:
            assert names.get(newer, ["a"]) == {"a": "new"}
        assert names.get(older, ["a"]) == {"a": "new"}


def test_changes_are_settled_by_who_sees_them_and_only_if_there_was_none_since(shop) -> None:
    changes, database = Changes(), shop.workspace.database
    with reading(database) as older:
        changes.note("a")
        assert changes.seen_by(older) == {}
        with reading(database) as newer:
            seen = changes.seen_by(newer)
            assert seen.keys() == {"a"}
            changes.note("a")
            changes.settle(seen)
            assert changes.seen_by(newer) == {}
    with database.read() as unknown, reading(database) as newest:
        assert changes.seen_by(unknown) == {}
        seen = changes.seen_by(newest)
        assert seen.keys() == {"a"}
        changes.settle(seen)
        assert changes.seen_by(newest) == {}
