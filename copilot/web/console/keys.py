"""Every key of the console in one table; the page, its help and the tests read it from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby


class Place(StrEnum):
    """Where the focus has to be for a key to mean something; `page` is everywhere but in a box or a window."""

    PAGE = "page"
    CARDS = "cards"
    PRODUCTS = "products"
    DRAFT = "draft"
    REASONS = "reasons"
    RESULTS = "results"
    ANYWHERE = "anywhere"


@dataclass(frozen=True)
class Key:
    """A key by its place on the keyboard (`code` of a browser's event), what it does where, and the words for it.

    `also` are codes that do the same; only a key that `repeats` goes on while it is held down.
    """

    code: str
    action: str
    place: Place = Place.PAGE
    argument: str = ""
    shift: bool = False
    also: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def words(self) -> str:
        """The key of its words in the catalogues; keys that differ by their argument alone share them."""
        return f"keys.{self.action}"

    @property
    def codes(self) -> str:
        return " ".join((self.code, *self.also))

    @property
    def label(self) -> str:
        """What stands on the key."""
        if self.shift:
            return SHIFTED.get(self.code, f"Shift {_plain(self.code)}")
        return _plain(self.code)


NAMES = {"Slash": "/", "Escape": "Esc", "ArrowDown": "↓", "ArrowUp": "↑"}
SHIFTED = {"Slash": "?"}
N_SHOWN, N_REASONS = 3, 5


def _plain(code: str) -> str:
    return NAMES.get(code, code.removeprefix("Key").removeprefix("Digit"))


def _digits(n: int, action: str, place: Place) -> tuple[Key, ...]:
    return tuple(Key(f"Digit{i}", action, place, str(i), also=(f"Numpad{i}",)) for i in range(1, n + 1))


KEYS = (
    *_digits(N_SHOWN, "accept", Place.PAGE),
    Key("KeyS", "choose"),
    Key("KeyE", "edit"),
    Key("KeyA", "append"),
    Key("KeyC", "copy"),
    Key("KeyX", "dismiss"),
    Key("KeyP", "products"),
    Key("KeyN", "request"),
    Key("KeyZ", "undo"),
    Key("Slash", "search"),
    Key("KeyW", "why-not"),
    Key("KeyR", "reply"),
    Key("KeyG", "waiting"),
    Key("KeyJ", "next"),
    Key("KeyK", "previous"),
    Key("Slash", "help", shift=True),
    Key("ArrowDown", "step", Place.CARDS, "1", repeats=True),
    Key("ArrowUp", "step", Place.CARDS, "-1", repeats=True),
    *_digits(N_SHOWN, "insert", Place.PRODUCTS),
    Key("Enter", "send", Place.DRAFT, also=("NumpadEnter",)),
    Key("Enter", "newline", Place.DRAFT, shift=True, also=("NumpadEnter",), repeats=True),
    *_digits(N_REASONS, "reason", Place.REASONS),
    Key("ArrowDown", "move", Place.RESULTS, "1", repeats=True),
    Key("ArrowUp", "move", Place.RESULTS, "-1", repeats=True),
    Key("Enter", "take", Place.RESULTS, also=("NumpadEnter",)),
    Key("Escape", "leave", Place.ANYWHERE),
)
HINTS: Mapping[str, str] = {key.action: key.label for key in reversed(KEYS)}
"""What stands on the first key of each action."""


def help_rows() -> list[tuple[Place, list[tuple[str, list[Key]]]]]:
    """The table as help shows it: by place, keys that do the same beside each other."""
    return [
        (place, [(words, list(same)) for words, same in groupby(keys, lambda key: key.words)])
        for place, keys in groupby(KEYS, lambda key: key.place)
    ]
