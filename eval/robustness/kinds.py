"""Every kind by its name, and one message written in the way of one of them."""

from collections.abc import Callable, Sequence
from typing import Final
from zlib import crc32

import numpy as np

from eval.errors import EvalError
from eval.robustness import habits, slips, sounds, spellings

Perturb = Callable[[str, np.random.Generator], str | None]
"""Writes a message differently, nothing where that cannot be done; a line break begins another message."""

KINDS: Final[dict[str, Perturb]] = {
    "traditional": spellings.traditional,
    "traditional-tw": spellings.traditional_taiwan,
    "traditional-hk": spellings.traditional_hong_kong,
    "variants": spellings.variants,
    "martian": spellings.martian,
    "full-width": spellings.full_width,
    "half-width": spellings.half_width,
    "pinyin-word": sounds.pinyin_word,
    "pinyin": sounds.pinyin,
    "initials": sounds.initials,
    "typo-sound": sounds.typo_by_sound,
    "typo-shape": slips.typo_by_shape,
    "dropped": slips.dropped,
    "doubled": slips.doubled,
    "swapped": slips.swapped,
    "typo-key": slips.keyboard_neighbour,
    "transposed": slips.transposed,
    "upper-case": slips.upper_case,
    "lower-case": slips.lower_case,
    "mixed-english": habits.loan_words,
    "emoji-after": habits.emoji_after,
    "emoji-inside": habits.emoji_inside,
    "particle": habits.particle,
    "greeting": habits.greeting,
    "burst": habits.burst,
}
ONE_TYPO: Final = ("typo-sound", "typo-shape", "dropped", "doubled", "swapped", "typo-key", "transposed")
"""The kinds that change a message by a single slip."""


def perturb(kind: str, text: str, *, seed: int, number: int) -> str | None:
    """The message in the way of a kind; equal seeds and numbers give equal slips, whatever other kinds are asked for.

    Raises:
        EvalError: there is no such kind, or it needs a library that is not installed.
    """
    check_kinds([kind])
    return KINDS[kind](text, np.random.default_rng([seed, crc32(kind.encode()), number]))


def check_kinds(kinds: Sequence[str]) -> None:
    """See to it that every kind is known, before any work is done.

    Raises:
        EvalError: one is not.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise EvalError(f"unknown kind {kind!r}; expected one of {', '.join(KINDS)}")
