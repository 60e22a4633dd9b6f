"""Two texts side by side: which words they share."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from copilot.web.pages.highlight import Piece

WORD = re.compile(r"\{\{[^{}]*\}\}|[^\W_\u3005-\u9fff]+|\s+|.", re.DOTALL)
MAX_COMPARISONS = 1_000_000
"""Longer texts are shown as they are."""


def difference(theirs: str, ours: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; those that both have, in one order, match. A slot is a word, and so is a character."""
    left, right = WORD.findall(theirs), WORD.findall(ours)
    if len(left) * len(right) > MAX_COMPARISONS:
        return [Piece(theirs, is_match=False)], [Piece(ours, is_match=False)]
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    of_left = _pieces(left, [(block.a, block.a + block.size) for block in blocks])
    return of_left, _pieces(right, [(block.b, block.b + block.size) for block in blocks])


def _pieces(words: Sequence[str], shared: Sequence[tuple[int, int]]) -> list[Piece]:
    pieces, end = [], 0
    for start, stop in shared:
        pieces.append(Piece("".join(words[end:start]), is_match=False))
        pieces.append(Piece("".join(words[start:stop]), is_match=True))
        end = stop
    return [piece for piece in pieces if piece.text]
