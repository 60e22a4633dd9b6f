"""When two texts say the same words."""

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

N_BUCKETS = 512
NEAR_DUPLICATE = 0.6
"""Shared pairs of characters over all of both texts' (Jaccard) from which two replies say the same."""

_NOT_WORDS = re.compile(r"[\W_]+")
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MOST_IDEOGRAPHS_OF_ONE_WORD = 2


def normalised(text: str) -> str:
    """The text without case, punctuation and spaces; a text of nothing else stays as it is."""
    return _NOT_WORDS.sub("", text.casefold()) or text


def is_one_word(text: str) -> bool:
    """Whether a reply is a single word, which answers almost anything."""
    words = _NOT_WORDS.sub(" ", text.casefold()).split()
    n_ideographs = len(_IDEOGRAPHS.findall(text))
    return len(words) <= 1 and n_ideographs <= _MOST_IDEOGRAPHS_OF_ONE_WORD


def bigram_marks(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Which pairs of neighbouring characters each text holds, hashed: zeros and ones of shape (n, 512)."""
    marks = np.zeros((len(texts), N_BUCKETS), np.uint8)
    for row, text in zip(marks, map(normalised, texts), strict=True):
        for start in range(max(1, len(text) - 1)):
            row[crc32(text[start : start + 2].encode("utf-8", "surrogatepass")) % N_BUCKETS] = 1
    return marks


def near_duplicates(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which texts of `left` and `right`, given by their marks, say the same: shape (n_left, n_right)."""
    shared = left.astype(np.float32) @ right.T.astype(np.float32)
    union = left.sum(1, dtype=np.float32)[:, None] + right.sum(1, dtype=np.float32)[None] - shared
    return np.asarray(shared >= NEAR_DUPLICATE * union)
