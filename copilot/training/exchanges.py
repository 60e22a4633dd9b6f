"""Held-back conversations as a library would have met them: replies as scripts, and messages with the one they got."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.training.materials import DEV_SHARE
from models.training.pairs import Pair, read_pairs
from models.training.splitting import split_by_conversation
from models.training.wording import normalised

MIN_REPLY = 8
"""Shorter replies answer almost anything."""
MIN_MESSAGE = 4
MAX_ASKED = 500
MAX_REPLIES = 1000


@dataclass(frozen=True)
class Exchanges:
    """Distinct replies, and messages with the number of the reply that each got."""

    replies: tuple[str, ...]
    asked: tuple[Pair, ...]
    right: tuple[int, ...]


def read_exchanges(pairs: Path, dev: Path | None, rng: np.random.Generator) -> Exchanges:
    """Messages that training held back; the replies are theirs and others that it learnt from.

    Raises:
        TrainingDataError: a file is wrong.
    """
    given = read_pairs(pairs).rows
    split = split_by_conversation(given, dev_share=DEV_SHARE)
    held_back = split.dev if dev is None else read_pairs(dev).rows
    asked = _some(list(filter(_is_telling, held_back)), MAX_ASKED, rng)
    learnt = _some(list(filter(_is_telling, split.train if dev is None else given)), MAX_REPLIES, rng)
    number: dict[str, int] = {}
    replies: list[str] = []
    for pair in (*asked, *learnt):
        key = normalised(pair.reply)
        if key not in number and len(replies) < MAX_REPLIES:
            number[key] = len(replies)
            replies.append(pair.reply)
    return Exchanges(tuple(replies), tuple(asked), tuple(number[normalised(pair.reply)] for pair in asked))


def _some(pairs: Sequence[Pair], most: int, rng: np.random.Generator) -> list[Pair]:
    return [pairs[row] for row in sorted(rng.permutation(len(pairs))[:most].tolist())]


def _is_telling(pair: Pair) -> bool:
    return len(normalised(pair.reply)) >= MIN_REPLY and len(normalised(pair.message)) >= MIN_MESSAGE
