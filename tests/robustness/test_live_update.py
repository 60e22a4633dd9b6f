"""What one process changes, another finds, without anybody restarting anything."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from copilot.engine.request import SuggestRequest
from copilot.runtime import Runtime
from copilot.settings import Settings
from knowledge.index.follower import last_seq
from knowledge.library.content import ProductContent, ScriptContent
from knowledge.library.products import change_product
from knowledge.library.scripts import publish_script, retire_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Suggestion
from knowledge.workspace import Workspace, utc_now

WHO = {"actor": "editor"}


@pytest.fixture
def workspace(shop_folder: Path) -> Iterator[Workspace]:
    opened = Workspace.open(shop_folder)
    yield opened
    opened.close()


@pytest.fixture
def runtime(shop_folder: Path) -> Iterator[Runtime]:
    """An engine that is not told of anything: it looks before each answer."""
    opened = Runtime.open(Settings(workspace=shop_folder, encoder="hash"))
    yield opened
    opened.close()


def publish(workspace: Workspace, script_id: str, text: str, trigger: str) -> tuple[int, int]:
    """The sequence number of the change, and the version that is live."""
    with workspace.database.write() as session:
        save_draft(session, DEFAULT_TENANT, script_id, ScriptContent(text, (trigger,)), now=utc_now(), **WHO)
        version = publish_script(session, DEFAULT_TENANT, script_id, now=utc_now(), **WHO).version
        return last_seq(session, DEFAULT_TENANT), version


def retire(workspace: Workspace, script_id: str) -> int:
    with workspace.database.write() as session:
        retire_script(session, DEFAULT_TENANT, script_id, now=utc_now(), **WHO)
        return last_seq(session, DEFAULT_TENANT)


def test_a_publication_is_found_by_a_second_process_and_a_retirement_is_gone(workspace: Workspace, start) -> None:
    follower = start("follow", workspace.folder)
    follower.listen(1)
    seq, version = publish(workspace, "fresh", "双十一满三百减五十。", "双十一有什么优惠")
    assert follower.ask(seq, "fresh") == ["reached", str(version)]
    seq, version = publish(workspace, "fresh", "双十一满三百减六十。", "双十一有什么优惠")
    assert follower.ask(seq, "fresh") == ["reached", str(version)]
    assert follower.ask(retire(workspace, "fresh"), "fresh") == ["reached", "gone"]


def test_two_processes_follow_the_same_changes(workspace: Workspace, start) -> None:
    followers = [start("follow", workspace.folder) for _ in range(2)]
    for follower in followers:
        follower.listen(1)
    for number in range(5):
        seq, version = publish(workspace, "s3", f"第{number}版答复。", f"第{number}问")
        assert [follower.ask(seq, "s3") for follower in followers] == [["reached", str(version)]] * 2


def test_what_is_published_and_retired_changes_the_next_suggestion(workspace: Workspace, runtime: Runtime) -> None:
    def replies() -> list[str]:
        answer = runtime.engine.suggest(SuggestRequest(message="双十一有什么优惠"))
        return [reply.text for reply in answer.replies]

    assert "双十一满三百减五十。" not in replies()
    publish(workspace, "fresh", "双十一满三百减五十。", "双十一有什么优惠")
    assert replies()[0] == "双十一满三百减五十。"
    publish(workspace, "fresh", "双十一满三百减六十。", "双十一有什么优惠")
    assert replies()[0] == "双十一满三百减六十。"
    retire(workspace, "fresh")
    assert "双十一满三百减六十。" not in replies()


def products(runtime: Runtime, message: str) -> dict[str, str | None]:
    """The price of each product suggested to the customer."""
    answer = runtime.engine.suggest(SuggestRequest(message=message, customer_id="c1"))
    return {product.sku: product.price for product in answer.products}


def test_stock_and_price_changed_by_another_process_hold_for_the_next_suggestion(runtime: Runtime, start) -> None:
    shop = start("shop", runtime.workspace.folder)
    shop.listen(1)
    assert products(runtime, "洗面奶7号")["p7"] == "59"
    assert shop.ask("price", "p7", 4_990) == ["done", "price"]
    assert products(runtime, "洗面奶7号")["p7"] == "49.90"
    assert shop.ask("stock", "p7", 0) == ["done", "stock"]
    assert "p7" not in products(runtime, "洗面奶7号")
    assert shop.ask("stock", "p7", 3) == ["done", "stock"]
    assert "p7" in products(runtime, "洗面奶7号")


def test_an_order_placed_by_another_process_changes_the_next_suggestion(runtime: Runtime, start) -> None:
    shop = start("shop", runtime.workspace.folder)
    shop.listen(1)
    assert "p7" in products(runtime, "洗面奶7号")
    assert shop.ask("order", "o1", "c1", "p7") == ["done", "order"]
    answer = runtime.engine.suggest(SuggestRequest(message="洗面奶7号", customer_id="c1"))
    assert "p7" not in [product.sku for product in answer.products]
    assert ("p7", "owned:lasts") in [(one.item_id, one.rule) for one in answer.excluded]
    assert answer.stage == "交易"


def test_a_price_in_a_reply_is_the_one_of_now(workspace: Workspace, runtime: Runtime) -> None:
    content = ScriptContent("{{product.name}}现在{{product.price}}元。", ("洗面奶多少钱",), skus=("p7",))
    with workspace.database.write() as session:
        save_draft(session, DEFAULT_TENANT, "price", content, now=utc_now(), **WHO)
        publish_script(session, DEFAULT_TENANT, "price", now=utc_now(), **WHO)
    first = runtime.engine.suggest(SuggestRequest(message="洗面奶多少钱"))
    assert first.replies[0].text == "洗面奶7号现在59元。"
    with workspace.database.write() as session:
        product = ProductContent("洗面奶7号", price_fen=5_900, stock=5)
        change_product(session, DEFAULT_TENANT, "p7", replace(product, price_fen=6_900), now=utc_now(), **WHO)
    second = runtime.engine.suggest(SuggestRequest(message="洗面奶多少钱"))
    assert second.replies[0].text == "洗面奶7号现在69元。"
    with workspace.database.read() as session:
        kept = session.exec(select(Suggestion).where(Suggestion.set_id == first.set_id, Suggestion.rank == 1)).first()
    assert kept.text == "洗面奶7号现在59元。"
