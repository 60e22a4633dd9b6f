"""Logged turns to replay, from conversations or from turns that somebody has already cut."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from eval.datasets import conversations, logged_turn
from eval.datasets.digest import data_name, files_of, sha256_of, sha256_of_files
from eval.datasets.logged_turn import LoggedTurn
from eval.datasets.record import Record, shown
from eval.datasets.records import SUFFIXES, read_records
from eval.datasets.repeats import IdHashes, first_repeated
from eval.errors import DataError

__all__ = ["LoggedTurn", "TurnData", "TurnKind", "read_turns", "write_turns"]


class TurnKind(StrEnum):
    """What one row of the data is; both have an id of their own in the field `id_field`."""

    CONVERSATIONS = "conversations"
    TURNS = "turns"

    @property
    def id_field(self) -> str:
        return "conversation_id" if self is TurnKind.CONVERSATIONS else "id"


@dataclass(frozen=True)
class TurnData:
    """Turns that have been checked and are read again whenever they are asked for, never all in memory.

    `n_answered` of the `n_turns` were answered by an agent; `unknown_fields` names what stood in conversations and was
    not used.
    """

    name: str
    sha256: str
    kind: TurnKind
    path: Path
    n_turns: int
    n_answered: int
    unknown_fields: tuple[str, ...] = ()

    def turns(self) -> Iterator[LoggedTurn]:
        """Every turn, in the order of the files and their lines."""
        for record in _records(self.path):
            yield from _turns_of(self.kind, record)

    def count(self) -> int:
        """How many turns there are."""
        return self.n_turns


def read_turns(path: Path) -> TurnData:
    """The turns of a file or of a folder; the first row tells the kind.

    Of a folder that `copilot load` takes, its conversations are read, of any other all JSON Lines and Parquet files.

    Reads everything once, so that a mistake on the last line shows before hours of replay rather than after.

    Raises:
        DataError: a line is wrong, an id stands twice, or no turn has an answer.
    """
    kind = _kind_of(path)
    check = _Check(kind)
    for record in _records(path):
        check.see(record)
    _require_unique(path, kind, check.ids.suspects())
    if not check.n_answered:
        problem = f"none of the {check.n_turns:,} turns has an answer"
        raise DataError(path, None, problem, "customer messages that an agent answered")
    return TurnData(
        name=data_name(path),
        sha256=_hash_of(path),
        kind=kind,
        path=path,
        n_turns=check.n_turns,
        n_answered=check.n_answered,
        unknown_fields=tuple(check.unknown),
    )


def write_turns(path: Path, turns: Iterable[LoggedTurn]) -> int:
    """Write turns as JSON Lines, which `read_turns` reads back; how many there were."""
    n_turns = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for turn in turns:
            file.write(json.dumps(turn.to_row(), ensure_ascii=False) + "\n")
            n_turns += 1
    return n_turns


class _Check:
    """One pass over the data."""

    def __init__(self, kind: TurnKind) -> None:
        self.kind = kind
        self.ids = IdHashes()
        self.unknown: dict[str, None] = {}
        self.n_turns = self.n_answered = 0

    def see(self, record: Record) -> None:
        """Check a record and count its turns."""
        self.ids.add(record.id(self.kind.id_field))
        for turn in _turns_of(self.kind, record):
            self.n_turns += 1
            self.n_answered += bool(turn.sent)
        if self.kind is TurnKind.CONVERSATIONS:
            self.unknown.update(dict.fromkeys(conversations.unknown_fields(record)))


def _turns_of(kind: TurnKind, record: Record) -> Iterator[LoggedTurn]:
    if kind is TurnKind.CONVERSATIONS:
        yield from conversations.turns_of(record)
    else:
        yield logged_turn.turn_of(record)


def _kind_of(path: Path) -> TurnKind:
    first = next(_records(path), None)
    if first is None:
        raise DataError(path, None, "there is nothing in it", "conversations or turns")
    if "messages" in first.fields:
        return TurnKind.CONVERSATIONS
    if "message" in first.fields:
        return TurnKind.TURNS
    problem = f"the first row has the fields {shown(sorted(first.fields))}"
    raise DataError(first.path, first.line, problem, "conversations, with messages, or turns, with id and message")


def _records(path: Path) -> Iterator[Record]:
    for file in _files(path):
        yield from read_records(file)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = [file for file in files_of(path) if file.suffix.lower() in SUFFIXES]
    if not found:
        raise DataError(path, None, "the folder has no such file", f"files ending in {', '.join(SUFFIXES)}")
    return [file for file in found if file.stem == TurnKind.CONVERSATIONS] or found


def _hash_of(path: Path) -> str:
    if not path.is_dir():
        return sha256_of(path)
    return sha256_of_files({file.relative_to(path).as_posix(): file for file in _files(path)})


def _require_unique(path: Path, kind: TurnKind, suspects: frozenset[int]) -> None:
    if not suspects:
        return
    found = first_repeated((record.id(kind.id_field) for record in _records(path)), suspects)
    if found is None:
        return
    again, before = (_record_at(path, place) for place in found)
    problem = f"is {shown(again.id(kind.id_field))}, as in {before.path}, line {before.line}"
    raise again.refusal(kind.id_field, problem, "every id once, with everything that belongs to it")


def _record_at(path: Path, place: int) -> Record:
    return next(record for i, record in enumerate(_records(path)) if i == place)
