"""The same words in other characters: traditional, variant, full width, half width."""

import unicodedata
from functools import cache
from typing import Final, Protocol

import numpy as np

from eval.errors import EvalError

VARIANTS: Final = dict(
    zip(
        "里为着才启群峰床线众强够周回却决并污秘丑晒脚吃麻痹杯针炉梁略碗",
        "裡爲著纔啓羣峯牀綫衆強夠週囘卻決並汙祕醜曬腳喫蔴痺盃鍼爐樑畧椀",
        strict=True,
    )
)
"""Variant characters and single traditional ones, as input methods set to another standard give them."""
MARTIAN: Final = dict(zip("你我的不好没们吗是很爱想谢", "伱莪哋卟恏莈們嗎湜佷愛湘謝", strict=True))
"""火星文: how the young write on purpose; one of several spellings of each."""
_FULL_WIDTH: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


def traditional(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """As an input method for traditional characters writes it, words left as they are."""
    return _changed(text, _converted("s2t", text))


def traditional_taiwan(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """In Taiwan's characters and words (軟體 for 软件)."""
    return _changed(text, _converted("s2twp", text))


def traditional_hong_kong(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """In Hong Kong's characters."""
    return _changed(text, _converted("s2hk", text))


def variants(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """With variant characters where there are any."""
    return _changed(text, "".join(VARIANTS.get(character, character) for character in text))


def martian(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """With the commonest characters in 火星文."""
    return _changed(text, "".join(MARTIAN.get(character, character) for character in text))


def full_width(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """With Latin letters, digits, spaces and marks in full width."""
    return _changed(text, text.translate(_FULL_WIDTH))


def half_width(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """With Chinese punctuation and full-width letters as the Latin keyboard has them."""
    narrow = text.translate(str.maketrans("。、《》“”‘’【】", ".,<>\"\"''[]"))
    return _changed(text, unicodedata.normalize("NFKC", narrow))


def _changed(before: str, after: str) -> str | None:
    return after if after != before else None


def _converted(configuration: str, text: str) -> str:
    return _converter(configuration).convert(text)


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter(configuration: str) -> "_Converter":
    try:
        from opencc import OpenCC
    except ImportError as error:
        raise EvalError("writing in traditional characters needs OpenCC; run: pip install opencc") from error
    converter: _Converter = OpenCC(configuration)
    return converter
