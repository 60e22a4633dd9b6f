"""Held-back conversations as a library would have met them: scripts with triggers and replies, and who asked for which.

Learning to weigh what a search finds needs messages whose right script is known. A reply that was sent is a script; the
other messages that got it are its triggers.
"""

from collections import defaultdict
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
MAX_TRIGGERS = 3
MAX_ASKED = 400
MAX_SCRIPTS = 600


@dataclass(frozen=True)
class LearntScript:
    """A reply and other messages that it was sent for."""

    reply: str
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exchanges:
    """Scripts, and messages with the number of the script that answers each."""

    scripts: tuple[LearntScript, ...]
    asked: tuple[Pair, ...]
    right: tuple[int, ...]


def read_exchanges(pairs: Path, dev: Path | None, rng: np.random.Generator) -> list[Exchanges]:
    """Two libraries: of replies that only one message got, and of replies that several got, so with triggers.

    They are kept apart because having triggers at all must not count for a script. The messages are those that
    training held back; the scripts also come from what it learnt from.

    Raises:
        TrainingDataError: a file is wrong.
    """
    given = read_pairs(pairs).rows
    split = split_by_conversation(given, dev_share=DEV_SHARE)
    held_back = split.dev if dev is None else read_pairs(dev).rows
    told = split.train if dev is None else given
    by_reply = defaultdict(list)
    for pair in told:
        by_reply[normalised(pair.reply)].append(pair)
    alone = [pair for pair in held_back if _is_telling(pair) and normalised(pair.reply) not in by_reply]
    shared = [pair for pair in held_back if _is_telling(pair) and normalised(pair.reply) in by_reply]
    return [_library(alone, {}, told, rng), _library(shared, by_reply, told, rng)]


def _library(
    asked: Sequence[Pair], by_reply: dict[str, list[Pair]], told: Sequence[Pair], rng: np.random.Generator
) -> Exchanges:
    """The scripts that answer the messages, and others like them that do not."""
    chosen = [asked[row] for row in sorted(rng.permutation(len(asked))[:MAX_ASKED].tolist())]
    others = [pair for pair in told if _is_telling(pair)]
    fill = [others[row] for row in rng.permutation(len(others))[:MAX_SCRIPTS].tolist()]
    with_triggers = bool(by_reply)
    scripts: dict[str, LearntScript] = {}
    for pair in (*chosen, *fill):
        key = normalised(pair.reply)
        if len(scripts) < MAX_SCRIPTS and key not in scripts:
            scripts[key] = LearntScript(pair.reply, _triggers(by_reply.get(key, ()), rng) if with_triggers else ())
    if with_triggers:
        scripts = {key: script for key, script in scripts.items() if script.triggers}
    number = {key: place for place, key in enumerate(scripts)}
    known = [pair for pair in chosen if normalised(pair.reply) in number]
    return Exchanges(tuple(scripts.values()), tuple(known), tuple(number[normalised(pair.reply)] for pair in known))


def _triggers(pairs: Sequence[Pair], rng: np.random.Generator) -> tuple[str, ...]:
    messages = list(dict.fromkeys(pair.message for pair in pairs if len(normalised(pair.message)) >= MIN_MESSAGE))
    return tuple(messages[row] for row in sorted(rng.permutation(len(messages))[:MAX_TRIGGERS].tolist()))


def _is_telling(pair: Pair) -> bool:
    return len(normalised(pair.reply)) >= MIN_REPLY and len(normalised(pair.message)) >= MIN_MESSAGE
