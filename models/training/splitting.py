"""A development part cut off the training pairs by conversation, so that no conversation is on both sides."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from models.training.pairs import Pair
from models.training.wording import normalised

_LONG_ENOUGH = 8
_TELLING = 20
_N_BUCKETS = 1000


@dataclass(frozen=True)
class Split:
    """Pairs to learn from and pairs to measure on."""

    train: tuple[Pair, ...]
    dev: tuple[Pair, ...]


def split_by_conversation(pairs: Sequence[Pair], *, dev_share: float) -> Split:
    """Whole conversations to either side, by hash, so that the split does not depend on the order of the file.

    Pairs belong to one conversation when one's context continues with the other's message and reply, or when the
    same longer turn stands in both. A development pair whose question, or whose message and reply, is also among the
    training pairs is left out of both.
    """
    conversations = _conversations(pairs)
    limit = dev_share * _N_BUCKETS
    in_dev = [_bucket(conversation) < limit for conversation in conversations]
    train = tuple(pair for pair, held in zip(pairs, in_dev, strict=True) if not held)
    known = {key for pair in train for key in _questions(pair)}
    held_back = (pair for pair, held in zip(pairs, in_dev, strict=True) if held)
    return Split(train, tuple(pair for pair in held_back if known.isdisjoint(_questions(pair))))


def _conversations(pairs: Sequence[Pair]) -> list[str]:
    """A name for each pair's conversation: the least of all its turns that tell conversations apart."""
    parent = list(range(len(pairs)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    holders: dict[str, int] = {}
    for row, turns in enumerate(map(_telling_turns, pairs)):
        for turn in turns:
            one, other = sorted((root(row), root(holders.setdefault(turn, row))))
            parent[other] = one
    members = defaultdict(list)
    for row, pair in enumerate(pairs):
        members[root(row)].append(min(_telling_turns(pair), default=normalised(pair.message + pair.reply)))
    return [min(members[root(row)]) for row in range(len(pairs))]


def _telling_turns(pair: Pair) -> list[str]:
    """Neighbouring turns taken two by two: the same two after each other are the same conversation."""
    turns = [normalised(text) for text in (*pair.context, pair.message, pair.reply)]
    return [
        "\0".join(two)
        for two in pairwise(turns)
        if min(map(len, two)) >= _LONG_ENOUGH // 2 and sum(map(len, two)) > _TELLING
    ]


def _questions(pair: Pair) -> list[str]:
    message, reply = normalised(pair.message), normalised(pair.reply)
    return [f"{message}\0{reply}", *([message] if len(message) >= _LONG_ENOUGH else [])]


def _bucket(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big") % _N_BUCKETS
