"""The most typical wording of a move, with what varies from case to case as slots.

Members are aligned with the centre piece by piece. A piece that at least half of them share is kept; what they replace
becomes a slot; what they leave out is left out. So nothing that only one customer was told can stay in a template.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from knowledge.mining.skeletons import Names
from knowledge.text import normalise

KEPT_SHARE = 0.5
LEAST_CONVERSATIONS = 3
"""A piece must have been said in so many conversations, whatever its share."""
MOST_ALIGNED = 200
BLANK = "{{{{blank_{}}}}}"
SLOT = r"\{\{[^{}]*\}\}"
PIECES = r"\d+(?:[.,]\d+)*|[A-Za-z]+(?:['’-][A-Za-z]+)*|\s+|."
PRICE_BEFORE, PRICE_BEHIND = ("¥", "￥"), ("元", "块")
NUMBER = re.compile(r"\d")


@dataclass(frozen=True)
class Wording:
    """A text and in how many conversations it was sent."""

    text: str
    n: int


class Templates:
    """Makes templates; names of products, agents and the shop count as one piece each."""

    def __init__(self, names: Names) -> None:
        self._names = names
        known = sorted(names.slot_of, key=lambda name: (-len(name), name))
        self._pieces = re.compile("|".join([SLOT, *map(re.escape, known), PIECES]), re.DOTALL)

    def induce(self, wordings: Sequence[Wording]) -> str:
        """One text for all wordings of a move, the most used first; with fewer than three uses it is all slots."""
        centre = self._pieces.findall(wordings[0].text)
        support, left_out = [0] * len(centre), [0] * len(centre)
        n = 0
        for wording in wordings[:MOST_ALIGNED]:
            n += wording.n
            for tag, start, end, width in _alignment(centre, self._pieces.findall(wording.text)):
                for place in range(start, end):
                    support[place] += wording.n * (tag == "equal")
                    left_out[place] += wording.n * (tag == "delete" or (tag == "replace" and width == 0))
        least = max(LEAST_CONVERSATIONS, KEPT_SHARE * n)
        return self._text(centre, [_fate(kept, out, least) for kept, out in zip(support, left_out, strict=True)])

    def _text(self, centre: Sequence[str], fates: Sequence[str]) -> str:
        parts: list[str] = []
        n_blanks, last_was_blank = 0, False
        for place, (piece, fate) in enumerate(zip(centre, fates, strict=True)):
            slot = self._slot(centre, place) if fate == "varies" else ""
            if fate == "kept" or slot:
                parts.append(slot or piece)
                last_was_blank = False
            elif fate == "varies" and piece.strip() and not last_was_blank:
                n_blanks, last_was_blank = n_blanks + 1, True
                parts.append(BLANK.format(n_blanks))
        return "".join(parts).strip()

    def _slot(self, centre: Sequence[str], place: int) -> str:
        """What a varying piece is, where it can be told."""
        piece = centre[place]
        if piece in self._names.slot_of:
            return self._names.slot_of[piece]
        if piece.startswith("{{"):
            return piece
        before = centre[place - 1] if place else ""
        behind = "".join(centre[place + 1 : place + 3]).lstrip()
        if NUMBER.match(piece) and (before in PRICE_BEFORE or behind.startswith(PRICE_BEHIND)):
            return "{{product.price}}"
        return ""


def _alignment(centre: Sequence[str], other: Sequence[str]) -> list[tuple[str, int, int, int]]:
    """How stretches of the centre fare in another wording: tag, begin, end, and the width of what stands there."""
    matcher = SequenceMatcher(
        None, [_read(piece) for piece in centre], [_read(piece) for piece in other], autojunk=False
    )
    return [(tag, i1, i2, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "insert"]


def _read(piece: str) -> str:
    """Pieces that differ in capitals, width or 繁體 only are the same."""
    return normalise(piece) or piece


def _fate(kept: int, left_out: int, least: float) -> str:
    if kept >= least:
        return "kept"
    return "dropped" if left_out >= kept and left_out >= least / 2 else "varies"
