"""Two texts side by side, or one after the other: which words they share."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from copilot.web.pages.highlight import Piece

WORD = re.compile(r"\{\{[^{}]*\}\}|[^\W_\u3005-\u9fff]+|\s+|.", re.DOTALL)
MAX_COMPARISONS = 1_000_000
"""What is longer, without what both begin and end with, is shown as it is."""
Fate = Literal["same", "gone", "new"]
Shared = tuple[int, int, int]
"""Where a stretch of words begins in one text and in the other, and how many words it has."""


@dataclass(frozen=True)
class Change:
    """A stretch of text that stayed, went or came."""

    text: str
    fate: Fate


def difference(theirs: str, ours: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; those that both have, in one order, match. A slot is a word, and so is a character."""
    left, right = WORD.findall(theirs), WORD.findall(ours)
    shared = list(_shared(left, right))
    of_left = _pieces(left, [(at, at + size) for at, _, size in shared])
    return of_left, _pieces(right, [(at, at + size) for _, at, size in shared])


def changes(before: str, after: str) -> list[Change]:
    """How one text became the other, word by word; what went stands before what came in its place."""
    left, right = WORD.findall(before), WORD.findall(after)
    found: list[Change] = []
    old_end = new_end = 0
    for old, new, size in (*_shared(left, right), (len(left), len(right), 0)):
        found.append(Change("".join(left[old_end:old]), "gone"))
        found.append(Change("".join(right[new_end:new]), "new"))
        found.append(Change("".join(left[old : old + size]), "same"))
        old_end, new_end = old + size, new + size
    return [one for one in found if one.text]


def _shared(left: Sequence[str], right: Sequence[str]) -> Iterator[Shared]:
    """The stretches that both texts have, in order; what they begin and end with first needs no search."""
    head = _n_equal(left, right)
    tail = _n_equal(left[head:][::-1], right[head:][::-1])
    if head:
        yield 0, 0, head
    of_left, of_right = left[head : len(left) - tail], right[head : len(right) - tail]
    if len(of_left) * len(of_right) <= MAX_COMPARISONS:
        for block in SequenceMatcher(None, of_left, of_right, autojunk=False).get_matching_blocks():
            if block.size:
                yield head + block.a, head + block.b, block.size
    if tail:
        yield len(left) - tail, len(right) - tail, tail


def _n_equal(left: Sequence[str], right: Sequence[str]) -> int:
    n = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        n += 1
    return n


def _pieces(words: Sequence[str], shared: Sequence[tuple[int, int]]) -> list[Piece]:
    pieces, end = [], 0
    for start, stop in (*shared, (len(words), len(words))):
        pieces.append(Piece("".join(words[end:start]), is_match=False))
        pieces.append(Piece("".join(words[start:stop]), is_match=True))
        end = stop
    return [piece for piece in pieces if piece.text]
