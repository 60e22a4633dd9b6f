import re
from pathlib import Path

import pytest

from copilot.web.console.keys import HINTS, KEYS, Key, Place, help_rows
from copilot.web.pages.translation import LANGUAGES, words_of

ROOT = Path(__file__).parents[4]
SCRIPTS = ROOT / "copilot" / "web" / "static" / "console"


def test_no_key_means_two_things_in_one_place() -> None:
    taken = [(key.place, key.shift, code) for key in KEYS for code in key.codes.split()]
    assert len(taken) == len(set(taken))


def test_keys_of_boxes_and_windows_leave_letters_and_punctuation_to_typing() -> None:
    typed = [key for key in KEYS if key.place in (Place.DRAFT, Place.RESULTS, Place.ANYWHERE)]
    assert {key.code for key in typed} == {"Enter", "ArrowDown", "ArrowUp", "Escape"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_has_words_for_every_key_and_every_place(language: str) -> None:
    texts = words_of(language).texts
    wanted = {key.words for key in KEYS} | {f"keys.at.{key.place.value}" for key in KEYS}
    assert [key for key in sorted(wanted) if key not in texts] == []


def test_help_shows_every_key_once_in_the_order_of_the_table() -> None:
    assert [key for _, rows in help_rows() for _, keys in rows for key in keys] == list(KEYS)


def test_every_action_of_the_table_is_one_the_page_knows_and_the_page_knows_no_other() -> None:
    script = (SCRIPTS / "actions.js").read_text(encoding="utf-8")
    listed = script[script.index("export const actions = {") : script.index("\n};")]
    known = set(re.findall(r'^  "?([\w-]+)"?[:,]', listed, re.MULTILINE))
    assert known == {key.action for key in KEYS}


def test_no_script_of_the_console_names_a_key_of_its_own() -> None:
    named = re.compile(r"""["'](?:Key[A-Z]|Digit\d|Numpad\w+|Slash|Enter|Escape|Arrow\w+)["']|event\.key\b""")
    found = {path.name: named.findall(path.read_text(encoding="utf-8")) for path in SCRIPTS.glob("*.js")}
    assert {name: keys for name, keys in found.items() if keys} == {}


@pytest.mark.parametrize(
    ("key", "label"),
    [
        (Key("Digit2", "a"), "2"),
        (Key("KeyW", "a"), "W"),
        (Key("Slash", "a"), "/"),
        (Key("Slash", "a", shift=True), "?"),
        (Key("Enter", "a", shift=True), "Shift Enter"),
        (Key("ArrowUp", "a"), "↑"),
    ],
)
def test_a_key_is_called_what_stands_on_it(key: Key, label: str) -> None:
    assert key.label == label


def test_a_button_shows_the_first_key_of_its_action() -> None:
    assert (HINTS["accept"], HINTS["search"], HINTS["leave"]) == ("1", "/", "Esc")


def test_the_documentation_lists_exactly_these_keys() -> None:
    page = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    english = words_of("en")
    wanted = [
        (" ".join(f"`{key.label}`" for key in keys), english(f"keys.at.{place.value}"), english(words))
        for place, found in help_rows()
        for words, keys in found
    ]
    assert rows == wanted
