from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.curation.objections import Severity
from copilot.curation.wording_checks import wording_objections
from copilot.engine.compliance import RuleBook
from knowledge.library.content import ScriptContent

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = RuleBook.load()


def found(text: str, **content: Any) -> dict[str, Severity]:
    """The kind of each objection with its severity; the triggers are there unless they are given."""
    what = ScriptContent(text, **{"triggers": ("几点开门",), **content})
    return {one.key: one.severity for one in wording_objections(what, RULES, NOON)}


@pytest.mark.parametrize(
    ("text", "content", "key", "severity"),
    [
        (" ", {}, "empty", Severity.BLOCK),
        ("这是全国第一的面霜。", {}, "compliance", Severity.BLOCK),
        ("您的{{customer.shoe}}到了。", {}, "slot", Severity.BLOCK),
        ("您的{{ 到了。", {}, "slot", Severity.BLOCK),
        ("身份证 11010519491231002X", {}, "personal_plain", Severity.BLOCK),
        ("发到 lin@example.com", {}, "personal_plain", Severity.WARN),
        ("您好", {"triggers": ("我电话13812345678",)}, "personal_trigger_plain", Severity.WARN),
        ("{{customer.name}}您好", {}, "slot_group", Severity.NOTE),
        ("只要{{product.price}}元", {}, "slot_product", Severity.NOTE),
        ("九点开门。", {"triggers": ()}, "no_triggers", Severity.NOTE),
        ("九点开门。", {"valid_to": NOON - timedelta(days=1)}, "expired", Severity.WARN),
        ("九点开门。", {"audience": {"vip": True}}, "invalid", Severity.BLOCK),
        ("九点开门。", {"scope": "nobody"}, "invalid", Severity.BLOCK),
        ("", {"audience": {"vip": True}}, "invalid", Severity.BLOCK),
    ],
)
def test_what_is_wrong_with_a_script_is_told(text: str, content: dict[str, Any], key: str, severity: Severity) -> None:
    assert found(text, **content)[key] == severity


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("九点开门。", {}),
        ("{{customer.name}}您好", {"scenes": ("direct",)}),
        ("只要{{product.price}}元", {"skus": ("balm",)}),
        ("{{shop.name}}九点开门。", {}),
    ],
)
def test_nothing_is_said_of_a_good_script(text: str, content: dict[str, Any]) -> None:
    assert found(text, **content) == {}


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=3))
def test_no_text_is_too_odd_to_be_checked(text: str, triggers: list[str]) -> None:
    for one in wording_objections(ScriptContent(text, tuple(triggers)), RULES, NOON):
        assert one.key
        assert one.plain
