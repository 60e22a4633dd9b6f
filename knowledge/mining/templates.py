"""The most typical wording of a move, with what varies from case to case as slots.

The wording most like all others is the centre, and those near it are aligned with it piece by piece. A piece that at
least half of them share is kept; what they replace becomes a slot; what they leave out is left out. A clause of which
little is kept becomes one slot, so that a template never splices halves of sentences. So nothing that only one
customer was told can stay in a template.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum, auto
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knowledge.mining.skeletons import MASK, SLOT, Names, skeleton
from knowledge.text import normalise

KEPT_SHARE = 0.5
LEAST_CUSTOMERS = 3
"""A piece must have been said to so many customers, whatever its share."""
MOST_ALIGNED = 200
MOST_COMPARED = 50
"""Of the wordings, the most used may become the centre."""
NEAR = 0.7
"""Similarity to the centre (Dice, of neighbouring pieces) from which a wording has a say in its template."""
NEAREST_SHARE = 0.5
"""Where too few are near, the nearer half of the uses has a say."""
STRAY = 2
"""Letters that two wordings must share in a row, or what they share between two differences is chance."""
BLANK = "{{{{blank_{}}}}}"
GAP = "\ufffc"
"""Stands for a blank until they are numbered."""
AGENT = "{{agent.name}}"
"""Always a slot: whoever sends the script next has another name."""
PIECES = r"\d+(?:[.,]\d+)*|[A-Za-z]+(?:['’-][A-Za-z]+)*|\s+|."
PRICE_BEFORE, PRICE_BEHIND = ("¥", "￥"), ("元", "块")
NUMBER = re.compile(r"\d")
CLAUSE_ENDS = frozenset(",，、。;；:：!！?？~～\n")
FULL_STOP = "."
GAPS = re.compile(f"{GAP}(?:[^\\w{{}}]*{GAP})+")
SPACES = re.compile(r"[^\S\n]{2,}")
SPACE_BEFORE_MARK = re.compile(f"(?<=[\\w}}{GAP}])[^\\S\\n]+(?=[,.!?;:，。！？；：])")


@dataclass(frozen=True)
class Wording:
    """A text and to how many customers it was sent; whoever got several wordings of a move counts for one of them."""

    text: str
    n: int


class Fate(Enum):
    """What becomes of a piece."""

    KEPT = auto()
    VARIES = auto()
    DROPPED = auto()


class Templates:
    """Makes templates; names of products, agents and the shop count as one piece each."""

    def __init__(self, names: Names) -> None:
        self._names = names
        known = sorted(names.slot_of, key=lambda name: (-len(name), name))
        self._pieces = re.compile(
            "|".join([SLOT.pattern, f"(?i:{MASK.pattern})", *map(re.escape, known), PIECES]), re.DOTALL
        )

    def induce(self, wordings: Sequence[Wording]) -> str:
        """One text for all wordings of a move, the most used first; with fewer than three customers it is all slots."""
        near = _near_the_middle(wordings)
        centre = self._pieces.findall(near[0].text)
        support, left_out = [0] * len(centre), [0] * len(centre)
        for wording in near[:MOST_ALIGNED]:
            for tag, start, end, width in _alignment(centre, self._pieces.findall(wording.text)):
                for place in range(start, end):
                    support[place] += wording.n * (tag == "equal")
                    left_out[place] += wording.n * (tag == "delete" or (tag == "replace" and width == 0))
        least = max(LEAST_CUSTOMERS, KEPT_SHARE * sum(wording.n for wording in near[:MOST_ALIGNED]))
        fates = [
            Fate.VARIES if self._names.slot_of.get(piece) == AGENT else _fate(piece, kept, out, least)
            for piece, kept, out in zip(centre, support, left_out, strict=True)
        ]
        return self._text(centre, _by_clause(centre, fates))

    def _text(self, centre: Sequence[str], fates: Sequence[Fate]) -> str:
        parts: list[str] = []
        for place, (piece, fate) in enumerate(zip(centre, fates, strict=True)):
            if fate is Fate.KEPT:
                parts.append(piece)
            elif fate is Fate.VARIES:
                parts.append(self._slot(centre, place) or (GAP if piece.strip() else piece))
        text = SPACE_BEFORE_MARK.sub("", SPACES.sub(" ", GAPS.sub(GAP, "".join(parts)))).strip()
        first, *rest = text.split(GAP)
        return first + "".join(BLANK.format(number) + part for number, part in enumerate(rest, start=1))

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


def _near_the_middle(wordings: Sequence[Wording]) -> list[Wording]:
    """The wording that is most like all others, and behind it those near it, nearest first."""
    compared = wordings[:MOST_COMPARED]
    alike = _similarities([wording.text for wording in compared])
    uses = np.array([wording.n for wording in compared], np.float64)
    middle = int((alike @ uses).argmax())
    order = np.argsort(-alike[middle], kind="stable")
    reached = np.cumsum(uses[order]) >= max(LEAST_CUSTOMERS, NEAREST_SHARE * uses.sum())
    n_least = int(reached.argmax()) + 1 if reached.any() else len(order)
    n_near = int(np.count_nonzero(alike[middle] >= NEAR))
    nearest = [place for place in order[: max(n_near, n_least)].tolist() if place != middle]
    return [compared[place] for place in (middle, *nearest)]


def _similarities(texts: Sequence[str]) -> NDArray[np.float64]:
    """Dice's coefficient of the neighbouring pieces of each two texts, whatever varies in them left aside."""
    bags = [Counter(_neighbours(skeleton(text))) for text in texts]
    alike = np.eye(len(bags))
    for one in range(len(bags)):
        for other in range(one):
            alike[one, other] = alike[other, one] = _dice(bags[one], bags[other])
    return alike


def _neighbours(text: str) -> Iterator[tuple[str, str]]:
    words = ["", *(piece for piece in re.findall(PIECES, text) if not piece.isspace()), ""]
    yield from pairwise(words)


def _dice(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> float:
    return 2 * (one & other).total() / (one.total() + other.total())


def _alignment(centre: Sequence[str], other: Sequence[str]) -> list[tuple[str, int, int, int]]:
    """How stretches of the centre fare in another wording: tag, begin, end, and the width of what stands there."""
    if list(centre) == list(other):  # at once, since a long wording is slow to align
        return [("equal", 0, len(centre), len(centre))]
    matcher = SequenceMatcher(
        None, [_read(piece) for piece in centre], [_read(piece) for piece in other], autojunk=False
    )
    found = [(tag, i1, i2, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes()]
    return [
        (_without_chance(found, place, centre), begin, end, width)
        for place, (tag, begin, end, width) in enumerate(found)
        if tag != "insert"
    ]


def _without_chance(found: Sequence[tuple[str, int, int, int]], place: int, centre: Sequence[str]) -> str:
    """The tag of a stretch; what is equal between two replaced stretches by chance counts as replaced."""
    tag, begin, end, _ = found[place]
    beside = [found[other][0] for other in (place - 1, place + 1) if 0 <= other < len(found)]
    is_between = len(beside) == 2 and set(beside) == {"replace"}
    return "replace" if tag == "equal" and is_between and _n_letters(centre[begin:end]) < STRAY else tag


def _n_letters(pieces: Sequence[str]) -> int:
    """A Latin word counts as one, like a Chinese character."""
    return sum(piece[0].isalnum() or piece[0] in "{[" for piece in pieces)


def _read(piece: str) -> str:
    """Pieces that differ in capitals, width or 繁體 only are the same."""
    return normalise(piece) or piece


def _fate(piece: str, kept: int, left_out: int, least: float) -> Fate:
    if left_out >= kept and left_out >= least / 2 and kept < least:
        return Fate.DROPPED
    if not _n_letters([piece]):
        return Fate.KEPT  # a mark gives nobody away, and a slot in its place says nothing
    # Behind a mask stood something else each time, however alike the masks are.
    return Fate.KEPT if kept >= least and not MASK.fullmatch(piece.lower()) else Fate.VARIES


def _by_clause(centre: Sequence[str], fates: Sequence[Fate]) -> list[Fate]:
    """The fates, except that a clause of which less than half is kept is left out or varies as a whole."""
    found = list(fates)
    for begin, end in _clauses(centre):
        letters = [place for place in range(begin, end) if _n_letters([centre[place]])]
        told = Counter(fates[place] for place in letters)
        has_slots = any(centre[place].startswith("{{") for place in letters)
        if not letters or has_slots or told[Fate.KEPT] >= len(letters) / 2 or not told.total():
            continue
        if told[Fate.DROPPED] > told[Fate.VARIES]:
            found[begin : end + 1] = [Fate.DROPPED] * len(found[begin : end + 1])
        else:
            found[begin:end] = [Fate.VARIES] * (end - begin)
    return found


def _clauses(centre: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Begin and end of each clause; at the end stands the mark that ends it."""
    begin = 0
    for place, piece in enumerate(centre):
        ends_sentence = piece == FULL_STOP and (place + 1 == len(centre) or not centre[place + 1][0].isalnum())
        if piece in CLAUSE_ENDS or ends_sentence:
            yield begin, place
            begin = place + 1
    yield begin, len(centre)
