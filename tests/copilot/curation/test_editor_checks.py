"""The checks against a real library and catalogue, with a hash encoder in place of a model."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from copilot.curation.checks import Checker
from copilot.curation.objections import ORDER, Objection, Severity
from copilot.runtime import Runtime
from copilot.settings import Settings
from knowledge.library.content import ProductContent, ScriptContent
from knowledge.library.products import change_product
from knowledge.library.scripts import publish_script, retire_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Team
from knowledge.workspace import Workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RETURNS = "七天内未拆封可以退货，运费由我们承担。"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    workspace = Workspace.create(tmp_path / "workspace")
    shared = {"actor": "e1", "now": NOON}
    with workspace.database.write() as session:
        for script_id, text, trigger in (("returns", RETURNS, "可以退货吗"), ("hours", "九点开门。", "几点开门")):
            save_draft(session, DEFAULT_TENANT, script_id, ScriptContent(text, (trigger,)), **shared)
            publish_script(session, DEFAULT_TENANT, script_id, **shared)
        balm = ProductContent(
            "舒缓面霜", price_fen=12_900, stock=0, description="开封后 12 个月内用完", attributes={"浓度": "烟酰胺 5%"}
        )
        mask = ProductContent("补水面膜", price_fen=9_900, stock=3)
        for sku, content in (("balm", balm), ("mask", mask)):
            change_product(session, DEFAULT_TENANT, sku, content, **shared)
        session.add(Team(tenant_id=DEFAULT_TENANT, id="t1", name="旗舰店"))
    workspace.close()
    opened = Runtime.open(Settings(workspace=workspace.folder, encoder="hash"))
    yield opened
    opened.close()


@pytest.fixture
def checker(runtime: Runtime) -> Checker:
    return Checker(runtime.engine, runtime.desk.rules, clock=lambda: NOON)


def objections(
    checker: Checker, runtime: Runtime, text: str, *triggers: str, script_id: str = "", **content: Any
) -> list[Objection]:
    with runtime.workspace.database.read() as session:
        return checker.objections(session, DEFAULT_TENANT, script_id, ScriptContent(text, triggers, **content))


def by_key(found: list[Objection]) -> dict[str, Objection]:
    return {one.key: one for one in found}


def test_a_script_that_says_the_same_is_named(checker: Checker, runtime: Runtime) -> None:
    found = by_key(objections(checker, runtime, RETURNS, "退货政策"))["duplicate"]
    assert (found.script_id, found.severity, found.values["percent"]) == ("returns", Severity.WARN, 100)


def test_another_number_of_days_to_the_same_question_is_a_conflict(checker: Checker, runtime: Runtime) -> None:
    found = objections(checker, runtime, "十天内未拆封可以退货。", "可以退货吗")
    conflict = by_key(found)["conflict"]
    assert (conflict.script_id, conflict.words, conflict.values["theirs"]) == ("returns", "十天", "七天")
    assert [one.script_id for one in found if one.script_id] == ["returns"]


def test_another_answer_to_the_same_question_is_good_to_know(checker: Checker, runtime: Runtime) -> None:
    found = by_key(objections(checker, runtime, "退货请在订单页申请，由人工核对。", "可以退货吗"))
    assert (found["same_trigger"].script_id, found["same_trigger"].severity) == ("returns", Severity.NOTE)


def test_a_script_is_not_held_against_itself_nor_is_a_retired_one(checker: Checker, runtime: Runtime) -> None:
    assert objections(checker, runtime, RETURNS, "可以退货吗", script_id="returns") == []
    with runtime.workspace.database.write() as session:
        retire_script(session, DEFAULT_TENANT, "returns", actor="e1", now=NOON)
    assert objections(checker, runtime, RETURNS, "可以退货吗") == []


@pytest.mark.parametrize(
    ("text", "skus", "key", "sku"),
    [
        ("这款只要 99 元。", ("balm",), "price", "balm"),
        ("舒缓面霜只要 99 元。", (), "price", "balm"),
        ("这款现货，今天发。", ("balm",), "stock", "balm"),
        ("仅剩 9 件，欲购从速。", ("mask",), "stock_count", "mask"),
        ("开封后 6 个月内用完。", ("balm",), "quantity", "balm"),
        ("含 10% 烟酰胺。", ("balm",), "quantity", "balm"),
        ("随时可用。", ("none",), "sku", "none"),
    ],
)
def test_what_the_catalogue_denies_is_told(
    checker: Checker, runtime: Runtime, text: str, skus: tuple[str, ...], key: str, sku: str
) -> None:
    found = by_key(objections(checker, runtime, text, "这款怎么样", skus=skus))
    assert (found[key].sku, found[key].severity) == (sku, Severity.WARN)


@pytest.mark.parametrize(
    ("text", "skus"),
    [
        ("这款 129 元。", ("balm",)),
        ("两款里有一款 99 元。", ("balm", "mask")),
        ("仅剩 3 件。", ("mask",)),
        ("开封后 12 个月内用完。", ("balm",)),
        ("这款只要 99 元。", ()),
    ],
)
def test_what_the_catalogue_bears_out_or_does_not_know_is_left_alone(
    checker: Checker, runtime: Runtime, text: str, skus: tuple[str, ...]
) -> None:
    assert objections(checker, runtime, text, "这款怎么样", skus=skus) == []


def test_a_team_nobody_knows_is_told_and_a_known_one_is_not(checker: Checker, runtime: Runtime) -> None:
    assert objections(checker, runtime, "随时可用。", "在吗", scope="team:t1") == []
    assert by_key(objections(checker, runtime, "随时可用。", "在吗", scope="team:t2"))["scope"].words == "team:t2"


def test_what_blocks_stands_first(checker: Checker, runtime: Runtime) -> None:
    found = objections(checker, runtime, "全国第一的面霜，{{customer.name}}，七天内未拆封可以退货", scope="team:t2")
    places = [ORDER.index(one.severity) for one in found]
    assert places == sorted(places)
    assert {one.severity for one in found} == set(Severity)


def test_only_what_needs_no_search_keeps_a_script_from_being_published(checker: Checker) -> None:
    assert checker.blocking(ScriptContent(RETURNS, ("可以退货吗",), scope="team:t2")) == []
    assert [one.key for one in checker.blocking(ScriptContent("全国第一"))] == ["compliance"]


@pytest.mark.parametrize("text", ["", "<b>x</b>\u202e\u200b👩‍👩‍👧", "长" * 20_000])
def test_odd_texts_are_checked_like_any_other(checker: Checker, runtime: Runtime, text: str) -> None:
    assert isinstance(objections(checker, runtime, text, text or "?"), list)
