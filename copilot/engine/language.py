"""Which language a text is written in, as far as choosing a reply needs it."""

import re
from functools import lru_cache

from knowledge.text import normalise

HAN = re.compile(r"[㐀-鿿]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
MIN_HAN_SHARE = 0.15
MIN_TRADITIONAL_SHARE = 0.06
OTHER_CHARACTERS = 0.1
"""How far traditional and simplified Chinese are from each other."""


@lru_cache(maxsize=65_536)
def language_of(text: str) -> str:
    """`zh`, `zh-Hant`, `en`, or empty when the text has neither characters nor words."""
    n_han = len(HAN.findall(text))
    n_words = len(LATIN_WORD.findall(text))
    if n_han == 0 and n_words == 0:
        return ""
    if n_han < MIN_HAN_SHARE * (n_han + n_words):
        return "en"
    n_traditional = sum(map(is_traditional, HAN.findall(text)))
    return "zh-Hant" if n_traditional >= MIN_TRADITIONAL_SHARE * n_han else "zh"


@lru_cache(maxsize=8_192)
def is_traditional(character: str) -> bool:
    """Whether a Chinese character is written differently in simplified Chinese."""
    return normalise(character) != character


def language_gap(asked: str, offered: str) -> float:
    """How far a reply's language is from the customer's: 0 the same or unknown, 0.1 other characters, 1 another one."""
    if not asked or not offered or asked == offered:
        return 0.0
    return OTHER_CHARACTERS if asked[:2] == offered[:2] else 1.0
