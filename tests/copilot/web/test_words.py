import re
from pathlib import Path

import pytest

from copilot.engine.answer import Contribution
from copilot.engine.policy import PRODUCT_FEATURES, REPLY_FEATURES
from copilot.web.console.highlight import Piece, highlight
from copilot.web.console.translation import LANGUAGES, words_of
from copilot.web.console.views import bars_of, money
from knowledge.tables import Scene, Stage

TEMPLATES = Path(__file__).parents[3] / "copilot" / "web" / "templates"
ZH, EN = words_of("zh"), words_of("en")


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    assert ZH.texts.keys() == EN.texts.keys()
    for key in ZH.texts:
        assert set(re.findall(r"\{\w+\}", ZH.texts[key])) == set(re.findall(r"\{\w+\}", EN.texts[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_the_engine_names_has_a_word(language: str) -> None:
    texts = words_of(language).texts
    wanted = [f"feature.{name}" for name in (*REPLY_FEATURES, *PRODUCT_FEATURES)]
    wanted += [f"stage.{stage.value}" for stage in Stage] + [f"scene.{scene.value}" for scene in Scene]
    assert [key for key in wanted if key not in texts] == []


def test_every_word_a_template_asks_for_exists() -> None:
    asked = [
        key
        for path in TEMPLATES.rglob("*.html")
        for key in re.findall(r'\bt\("([\w.-]+)"[,)]', path.read_text("utf-8"))
    ]
    assert len(asked) > 50
    assert [key for key in asked if key not in ZH.texts] == []


@pytest.mark.parametrize(
    ("rule", "meaning"),
    [
        ("audience.orders.min:3", "订单数不符（3）"),
        ("audience.anonymous", "适用人群有要求，而客户身份未知"),
        ("owned:not due", "客户已有，还不需要（not due）"),
        ("something.new:1", "something.new（1）"),
    ],
)
def test_a_rule_is_explained_as_exactly_as_it_is_known(rule: str, meaning: str) -> None:
    assert ZH.rule(rule) == meaning


@pytest.mark.parametrize(
    ("trigger", "message", "marked"),
    [
        ("这个敏感肌能用吗", "我敏感肌能用吗？", ["敏感肌能用吗"]),
        ("发货时间", "什么时候到", ["时"][:0]),
        ("Refund policy", "what is your REFUND rule", ["Refund "]),
        ("退货", "", []),
    ],
)
def test_stretches_that_trigger_and_message_share_are_marked(trigger: str, message: str, marked: list[str]) -> None:
    pieces = highlight(trigger, message)
    assert "".join(piece.text for piece in pieces) == trigger
    assert [piece.text for piece in pieces if piece.is_match] == marked


def test_a_letter_that_changes_its_length_when_folded_marks_nothing() -> None:
    assert highlight("ẞ straße", "straße") == [Piece("ẞ straße", is_match=False)]


def test_bars_share_one_scale_and_negative_ones_go_left_of_the_middle() -> None:
    plus, minus = bars_of([Contribution("stage", 2.0), Contribution("fatigue", -0.5)], ZH)
    assert (plus.start, plus.width, plus.value) == (50.0, 50.0, "+2.00")
    assert (minus.start, minus.width, minus.value) == (37.5, 12.5, "-0.50")
    (alone,) = bars_of([Contribution("stage", 2.0)], ZH)
    assert (alone.start, alone.width) == (0.0, 100.0)


def test_prices_are_shown_with_their_currency() -> None:
    assert (money("129", "CNY"), money("5", "CHF"), money(None, "CNY")) == ("¥129", "5 CHF", "")
