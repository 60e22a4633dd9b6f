"""Which characters of a trigger are in the message too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SHORTEST = 2
MAX_COMPARED = 400
LATIN = re.compile(r"[a-z0-9]")


@dataclass(frozen=True)
class Piece:
    """A stretch of text, matching or not."""

    text: str
    is_match: bool


def highlight(trigger: str, message: str) -> list[Piece]:
    """The trigger cut into pieces; stretches of two characters or more that the message has too are matches."""
    folded, asked = trigger[:MAX_COMPARED].casefold(), message[-MAX_COMPARED:].casefold()
    if len(folded) != len(trigger):
        return [Piece(trigger, is_match=False)]
    blocks = SequenceMatcher(None, folded, asked, autojunk=False).get_matching_blocks()
    spans = [(block.a, block.a + block.size) for block in blocks if _counts(folded[block.a : block.a + block.size])]
    return _cut(trigger, spans)


def _counts(stretch: str) -> bool:
    """Whether a stretch is worth showing; of Latin letters two are too few to mean anything."""
    return len(stretch) >= (SHORTEST + 1 if LATIN.match(stretch) else SHORTEST)


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> list[Piece]:
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [Piece(text[end:start], is_match=False), Piece(text[start:stop], is_match=True)]
        end = stop
    pieces.append(Piece(text[end:], is_match=False))
    return [piece for piece in pieces if piece.text]
