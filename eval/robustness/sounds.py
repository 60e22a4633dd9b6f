"""By sound: pinyin, initials, and the character that sounds the same."""

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Final

import numpy as np

from eval.errors import EvalError
from eval.robustness.characters import HAN, HAN_RUN, common_ranks, han_places, pick, pick_common, replaced

MIN_WORD: Final = 2
MAX_WORD: Final = 4


def pinyin_word(text: str, rng: np.random.Generator) -> str | None:
    """One word in pinyin without tones: 敏感肌可以用吗 as mingan肌可以用吗."""
    return _spelled_word(text, rng, lambda word: "".join(_syllables(word)))


def pinyin(text: str, rng: np.random.Generator) -> str | None:
    """The whole message in pinyin without tones, with a space after about every second syllable."""
    if not HAN.search(text):
        return None
    parts = HAN_RUN.split(text)
    for i in range(1, len(parts), 2):
        syllables = (syllable + pick(("", " "), rng) for syllable in _syllables(parts[i]))
        parts[i] = f" {''.join(syllables)} "
    return " ".join("".join(parts).split())


def initials(text: str, rng: np.random.Generator) -> str | None:
    """One word by the first letters of its syllables: 退货 as th."""
    return _spelled_word(text, rng, lambda word: "".join(syllable[0] for syllable in _syllables(word)))


def typo_by_sound(text: str, rng: np.random.Generator) -> str | None:
    """One character taken for another of the same sound, common ones more often, as pinyin input does it."""
    places = [place for place in han_places(text) if _others(text[place])]
    if not places:
        return None
    place = pick(places, rng)
    return replaced(text, place, pick_common(_others(text[place]), rng))


def _spelled_word(text: str, rng: np.random.Generator, spell: Callable[[str], str]) -> str | None:
    words = [span for span in _word_spans(text) if span[1] - span[0] < len(text)]
    if not words:
        return None
    begin, end = pick(words, rng)
    return text[:begin] + spell(text[begin:end]) + text[end:]


def _word_spans(text: str) -> list[tuple[int, int]]:
    """Where words stand, the longest that are known, from the left; where none is, all neighbouring characters."""
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        size = next((n for n in range(MAX_WORD, 1, -1) if text[start : start + n] in _lexicon()), 1)
        spans += [(start, start + size)] if size > 1 else []
        start += size
    places = han_places(text)
    return spans or [(place, place + 2) for place in places if place + 1 in places]


def _others(character: str) -> str:
    """The common characters of the same sound, tone aside."""
    return _by_sound()[_syllables(character)[0]].replace(character, "")


def _syllables(word: str) -> list[str]:
    syllables: list[str] = _pypinyin().lazy_pinyin(word, v_to_u=False)
    return syllables


@cache
def _by_sound() -> dict[str, str]:
    sounds: dict[str, str] = defaultdict(str)
    for character in common_ranks():
        sounds[_syllables(character)[0]] += character
    return sounds


@cache
def _lexicon() -> frozenset[str]:
    from pypinyin.phrases_dict import phrases_dict

    return frozenset(word for word in phrases_dict if MIN_WORD <= len(word) <= MAX_WORD)


@cache
def _pypinyin() -> ModuleType:
    try:
        import pypinyin
    except ImportError as error:
        raise EvalError("writing by sound needs pypinyin; run: pip install pypinyin") from error
    return pypinyin
