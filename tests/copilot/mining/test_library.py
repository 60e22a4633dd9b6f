"""What a candidate is compared with: live scripts, and the rules of what may be said."""

from typing import Any

import pytest

from copilot.engine.compliance import RuleBook
from copilot.mining.library import LibraryScripts, compliance_of
from knowledge.tables import DEFAULT_TENANT, ScriptStatus
from models.encoders.hashing import HashEncoder

SHIPS = "亲，今天下午四点前付款的订单当天就能发出哦"


@pytest.fixture
def scripts(shop: Any) -> LibraryScripts:
    shop.add_script("s-ships", SHIPS)
    shop.add_script("s-ships-too", "亲，今天下午四点前付款的订单当天就能发出哦哦")
    shop.add_script("s-other", "签收七天内都可以退，运费我们出")
    shop.add_script("s-draft", SHIPS, status=ScriptStatus.DRAFT)
    return LibraryScripts.of_database(shop.workspace.database, DEFAULT_TENANT, HashEncoder().encode_queries)


def test_the_same_words_are_found_first_and_drafts_never(scripts: LibraryScripts) -> None:
    found = scripts.near(SHIPS)
    assert [one["script_id"] for one in found] == ["s-ships", "s-ships-too"]
    assert found[0]["similarity"] == pytest.approx(1.0, abs=1e-3)
    assert 0.5 <= found[1]["similarity"] < 1


@pytest.mark.parametrize("text", ["", "！！", "完全没有关系的另外一句话呢"])
def test_what_says_nothing_alike_has_no_duplicates(scripts: LibraryScripts, text: str) -> None:
    assert scripts.near(text) == []


def test_an_empty_library_has_no_duplicates() -> None:
    assert LibraryScripts([], HashEncoder().encode_queries).near(SHIPS) == []


def test_broken_rules_are_told_with_their_words() -> None:
    found = compliance_of(RuleBook.load(), "我们是全国第一品牌，百分百治愈痘痘")
    assert found
    assert all(set(one) == {"rule", "severity", "reason", "words"} for one in found)
    assert compliance_of(RuleBook.load(), SHIPS) == []
