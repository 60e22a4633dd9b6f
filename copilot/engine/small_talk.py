"""Recognising messages that are nothing but small talk, or none of the shop's business."""

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from copilot.errors import BadRequestError
from knowledge.text import canonical, normalise

MAX_CHARACTERS = 120
"""Nobody greets at greater length; longer messages are not looked at."""
FILE_NAME = "small_talk.toml"
STICKER = re.compile(r"\[([^\[\]]{1,12})\]")
WORDS = re.compile(r"\w")
DIGITS_APART = re.compile(r"(?<=\d) +(?=\d)")
NO_WORDS = "no words"
FILLER = -1
AnsweredBy = Literal["kind", "trigger"]


class KindSpec(BaseModel):
    """One kind of small talk as written in the file."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    answered_by: AnsweredBy
    phrases: list[str] = []
    patterns: list[str] = []


class SmallTalkSpec(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")

    kind: list[KindSpec]
    fillers: list[str] = []
    stickers: list[str] = []
    pitch: list[str] = []


@dataclass(frozen=True)
class Talk:
    """What kind of small talk a message is, and which scripts may answer it."""

    kind: str
    answered_by: AnsweredBy = "trigger"

    @property
    def reason(self) -> str:
        """Why no product, and perhaps no reply, is suggested."""
        return f"small_talk: {self.kind}"


class SmallTalk:
    """What a file calls small talk; a message is small talk when nothing else stands in it."""

    def __init__(self, spec: SmallTalkSpec, *, source: str = "small talk", version: str = "") -> None:
        """Make the phrases and patterns ready; `source` is what errors name.

        Raises:
            BadRequestError: a pattern is not a regular expression, or a kind stands twice.
        """
        names = [kind.id for kind in spec.kind]
        if len(set(names)) < len(names):
            raise BadRequestError(f"{source}, kinds", names, "each kind once")
        self.version = version
        self.kinds = [Talk(kind.id, kind.answered_by) for kind in spec.kind]
        self.recognise = lru_cache(maxsize=20_000)(self._recognise)
        self._stickers = frozenset(map(normalise, spec.stickers))
        self._phrases = _rank_by_phrase(spec)
        self._phrases_of = {kind.id: tuple(dict.fromkeys(map(canonical, kind.phrases))) for kind in spec.kind}
        self._lengths = sorted({len(phrase) for phrase in self._phrases})
        self._patterns = [
            (_compiled(f"{source}, kind {kind.id}", pattern), rank)
            for rank, kind in enumerate(spec.kind)
            for pattern in kind.patterns
        ]
        self._pitch = [_compiled(f"{source}, pitch", pattern) for pattern in spec.pitch]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """The small talk of a file, or the shipped one.

        Raises:
            BadRequestError: the file is not TOML, or something in it has a wrong shape; names the file and the place.
        """
        file = path if path is not None else resources.files("copilot.rules") / FILE_NAME
        content = file.read_bytes()
        try:
            spec = SmallTalkSpec.model_validate(tomllib.loads(content.decode()))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
            raise BadRequestError(f"small talk file {file}", str(error), "TOML tables [[kind]]") from error
        return cls(spec, source=f"small talk file {file}", version=hashlib.sha256(content).hexdigest()[:12])

    @classmethod
    def of_workspace(cls, folder: Path) -> Self:
        """The small talk of a workspace's own `small_talk.toml`, or the shipped one.

        Raises:
            BadRequestError: the file is not what it should be.
        """
        own = folder / FILE_NAME
        return cls.load(own if own.is_file() else None)

    def phrases(self, kind: str) -> tuple[str, ...]:
        """The phrases of a kind in their canonical form."""
        return self._phrases_of.get(kind, ())

    def pitches(self, text: str) -> bool:
        """Whether a reply advertises."""
        bare = canonical(text)
        return any(pattern.search(bare) for pattern in self._pitch)

    def fits(self, talk: Talk, triggers: Sequence[str], text: str) -> bool:
        """Whether a script may answer small talk that is none of its triggers word for word."""
        alike = talk.answered_by == "kind" and any(self.recognise(trigger) == talk for trigger in triggers)
        return alike and not self.pitches(text)

    def _recognise(self, message: str) -> Talk | None:
        """What kind of small talk a message is, if it is that and nothing else; the latest answers are kept."""
        if not message.strip() or len(message) > MAX_CHARACTERS:
            return None
        worded = STICKER.sub(self._without_sticker, normalise(message))
        if not WORDS.search(worded):
            return Talk(NO_WORDS)
        ranks = self._ranks(DIGITS_APART.sub("", canonical(worded)))  # "88 88" is twice "88", no number
        return self.kinds[min(ranks)] if ranks else None

    def _without_sticker(self, match: re.Match[str]) -> str:
        return " " if match.group(1).strip() in self._stickers else match.group()

    def _ranks(self, text: str) -> frozenset[int]:
        """The kinds of the phrases that make up a whole text; empty when something else stands in it.

        Of the ways to take a text apart the one that has the kind listed first counts.
        """
        reached: dict[int, frozenset[int]] = {0: frozenset()}
        for start in range(len(text)):
            if start not in reached:
                continue
            for end, rank in self._parts_at(text, start):
                ranks = reached[start] | ({rank} if rank >= 0 else set())
                if end not in reached or _first(ranks) < _first(reached[end]):
                    reached[end] = ranks
        return reached.get(len(text), frozenset())

    def _parts_at(self, text: str, start: int) -> Iterator[tuple[int, int]]:
        """Where the phrases and patterns that begin here end, and their ranks."""
        for length in self._lengths:
            rank = self._phrases.get(text[start : start + length])
            if rank is not None and start + length <= len(text):
                yield start + length, rank
        for pattern, rank in self._patterns:
            match = pattern.match(text, start)
            if match and match.end() > start:
                yield match.end(), rank


def _first(ranks: frozenset[int]) -> int:
    return min(ranks, default=sys.maxsize)


def _rank_by_phrase(spec: SmallTalkSpec) -> Mapping[str, int]:
    """The place of the kind that a phrase belongs to, the first one when there are several; that of a filler is -1."""
    ranks = {canonical(filler): FILLER for filler in spec.fillers}
    for rank in reversed(range(len(spec.kind))):
        ranks.update({canonical(phrase): rank for phrase in spec.kind[rank].phrases})
    ranks.pop("", None)
    return ranks


def _compiled(place: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise BadRequestError(place, pattern, f"a regular expression ({error})") from error
