"""Slips of the finger and the eye, in Chinese and in English."""

from typing import Final

import numpy as np

from eval.robustness.characters import LATIN_WORD, han_places, pick, pick_common, replaced, similar_shapes

KEYBOARD: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
MIN_CHARACTERS: Final = 4
"""Of shorter messages one character less leaves too little to tell."""
MIN_LETTERS: Final = 4


def typo_by_shape(text: str, rng: np.random.Generator) -> str | None:
    """One character taken for one that looks like it."""
    places = [place for place in han_places(text) if text[place] in similar_shapes()]
    if not places:
        return None
    place = pick(places, rng)
    return replaced(text, place, pick_common(similar_shapes()[text[place]], rng))


def dropped(text: str, rng: np.random.Generator) -> str | None:
    """One Chinese character missing."""
    places = han_places(text)
    return replaced(text, pick(places, rng), "") if len(places) >= MIN_CHARACTERS else None


def doubled(text: str, rng: np.random.Generator) -> str | None:
    """One Chinese character twice."""
    places = han_places(text)
    if not places:
        return None
    place = pick(places, rng)
    return replaced(text, place, text[place] * 2)


def swapped(text: str, rng: np.random.Generator) -> str | None:
    """Two neighbouring Chinese characters the wrong way round."""
    places = han_places(text)
    pairs = [place for place in places if place + 1 in places and text[place] != text[place + 1]]
    if len(places) < MIN_CHARACTERS or not pairs:
        return None
    place = pick(pairs, rng)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def keyboard_neighbour(text: str, rng: np.random.Generator) -> str | None:
    """One letter of an English word taken for the key beside it, never its first."""
    place = _letter(text, rng, reserved=0)
    if place is None:
        return None
    row = next(row for row in KEYBOARD if text[place].lower() in row)
    column = row.index(text[place].lower())
    beside = pick([row[near] for near in (column - 1, column + 1) if 0 <= near < len(row)], rng)
    return replaced(text, place, beside.upper() if text[place].isupper() else beside)


def transposed(text: str, rng: np.random.Generator) -> str | None:
    """Two neighbouring letters of an English word the wrong way round, never its first."""
    place = _letter(text, rng, reserved=1)
    if place is None or text[place] == text[place + 1]:
        return None
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def upper_case(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """All letters as capitals."""
    return text.upper() if LATIN_WORD.search(text) and text.upper() != text else None


def lower_case(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """No capitals."""
    return text.lower() if text.lower() != text else None


def _letter(text: str, rng: np.random.Generator, *, reserved: int) -> int | None:
    """Where a letter after the first stands in a word long enough; the last `reserved` letters are not taken."""
    words = [word for word in LATIN_WORD.finditer(text) if len(word.group()) >= MIN_LETTERS]
    places = [place for word in words for place in range(word.start() + 1, word.end() - reserved)]
    return pick(places, rng) if places else None
