import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from copilot.engine.answer import Contribution
from copilot.engine.policy import PRODUCT_FEATURES, REPLY_FEATURES
from copilot.web.console.views import bars_of, money
from copilot.web.pages.highlight import Piece, highlight
from copilot.web.pages.translation import FOLDER, LANGUAGES, known_language, read_words, words_of
from knowledge.tables import Scene, Stage

WEB = Path(__file__).parents[4] / "copilot" / "web"
ZH, EN = words_of("zh_Hans"), words_of("en")


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_says_the_same_things_with_the_same_values(language: str) -> None:
    other = words_of(language)
    assert ZH.texts.keys() == other.texts.keys()
    for key in ZH.texts:
        assert set(re.findall(r"\{\w+\}", ZH.texts[key])) == set(re.findall(r"\{\w+\}", other.texts[key])), key


def test_every_language_has_the_same_catalogues_and_no_empty_word() -> None:
    catalogues = [{path.name for path in (FOLDER / language).glob("*.po")} for language in LANGUAGES]
    assert all(one == catalogues[0] for one in catalogues)
    assert [key for language in LANGUAGES for key, text in words_of(language).texts.items() if not text.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_the_engine_names_has_a_word(language: str) -> None:
    texts = words_of(language).texts
    wanted = [f"feature.{name}" for name in (*REPLY_FEATURES, *PRODUCT_FEATURES)]
    wanted += [f"stage.{stage.value}" for stage in Stage] + [f"scene.{scene.value}" for scene in Scene]
    assert [key for key in wanted if key not in texts] == []


def test_every_word_that_pages_ask_for_exists() -> None:
    pages = [*(WEB / "templates").rglob("*.html"), *(WEB / "console").rglob("*.py"), *(WEB / "desk").rglob("*.py")]
    asked = [
        (path.name, key)
        for path in pages
        for key in re.findall(
            r"""\b(?:t|t\.count|words|words\.count)\(\s*["']([\w.-]+)["']\s*[,)]""", path.read_text("utf-8")
        )
    ]
    assert len(asked) > 50
    assert [one for one in asked if one[1] not in ZH.texts] == []


def test_a_count_has_a_form_for_one_where_the_language_has_one(tmp_path: Path) -> None:
    catalogue = Catalog(locale="en")
    catalogue.add(("n.scripts", "n.scripts"), ("{n} script", "{n} scripts"))
    with (tmp_path / "made.po").open("wb") as file:
        write_po(file, catalogue)
    english = read_words("en", tmp_path)
    assert [english.count("n.scripts", n) for n in (0, 1, 2)] == ["0 scripts", "1 script", "2 scripts"]


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("zh-TW", "zh_Hant"),
        ("zh_Hant", "zh_Hant"),
        ("zh-Hant-HK", "zh_Hant"),
        ("en-GB", "en"),
        ("EN", "en"),
        ("fr", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_known_by_any_of_its_tags(tag: str | None, language: str | None) -> None:
    assert known_language(tag) == language


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
