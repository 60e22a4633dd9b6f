"""Training pairs: what a customer said, what had been said before, and the reply an agent sent.

One JSON object a line: {"message", "context": [{"role", "text"}], "reply"}.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path

from models.training.errors import TrainingDataError
from models.training.wording import is_one_word, normalised

_FIELDS = frozenset({"message", "context", "reply"})
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """A message with the turns before it, oldest first, and the reply to it."""

    message: str
    context: tuple[str, ...]
    reply: str

    def query(self, n_turns: int) -> str:
        """The message with the last turns before it in front, as evaluation and serving write it."""
        return " ".join([*self.context[len(self.context) - min(n_turns, len(self.context)) :], self.message])


@dataclass(frozen=True)
class Counts:
    """What stood in a file of pairs."""

    n_rows: int
    n_repeated: int
    n_one_word: int
    n_with_context: int
    unknown_fields: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """The distinct pairs of a file in its order, with the hash of the file."""

    path: Path
    sha256: str
    rows: tuple[Pair, ...]
    counts: Counts


def read_pairs(path: Path) -> Pairs:
    """The pairs of a file; one that says the same as an earlier one, but for case and punctuation, is left out.

    Memory grows with the number of distinct pairs only.

    Raises:
        TrainingDataError: If the file cannot be read, a line has the wrong shape or an empty side, or there are none.
    """
    digest, seen, rows, unknown = sha256(), set[bytes](), list[Pair](), dict[str, None]()
    n_rows = n_one_word = 0
    for number, line in _lines(path):
        digest.update(line)
        if not line.strip():
            continue
        record = _record(path, number, line)
        unknown.update(dict.fromkeys(sorted(set(record) - _FIELDS)))
        pair, n_rows = _pair(path, number, record), n_rows + 1
        key = _key(pair)
        if key not in seen:
            seen.add(key)
            rows.append(pair)
            n_one_word += is_one_word(pair.reply)
    if not rows:
        raise TrainingDataError(path, None, "the file holds no rows", 'rows {"message", "context", "reply"}')
    n_with_context = sum(bool(pair.context) for pair in rows)
    counts = Counts(n_rows, n_rows - len(rows), n_one_word, n_with_context, tuple(unknown))
    return Pairs(path, digest.hexdigest(), tuple(rows), counts)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from enumerate(file, start=1)
    except OSError as error:
        raise TrainingDataError(path, None, f"cannot be read ({error.strerror})", "a readable JSONL file") from error


def _record(path: Path, number: int, line: bytes) -> dict[str, object]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TrainingDataError(path, number, f"the line is not UTF-8 ({error.reason})", "UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise TrainingDataError(path, number, f"{_shown(line)} is not JSON ({error})", "one JSON object") from error
    if not isinstance(record, dict):
        raise TrainingDataError(path, number, f"the line is {_shown(record)}", "a JSON object")
    return record


def _pair(path: Path, number: int, record: dict[str, object]) -> Pair:
    message, reply = (_side(path, number, record, side) for side in ("message", "reply"))
    return Pair(message, _context(path, number, record.get("context")), reply)


def _side(path: Path, number: int, record: dict[str, object], side: str) -> str:
    if side not in record:
        raise TrainingDataError(path, number, f"there is no {side!r}", "the fields message, context and reply")
    value = record[side]
    if not isinstance(value, str) or not value.strip():
        raise TrainingDataError(path, number, f"{side} is {_shown(value)}", "a text that is not empty")
    return _storable(path, number, side, value.strip())


def _context(path: Path, number: int, value: object) -> tuple[str, ...]:
    """Texts of the turns, without the empty ones; nothing at all is no context."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise TrainingDataError(path, number, f"context is {_shown(value)}", 'a list of {"role", "text"}')
    return tuple(text for place, turn in enumerate(value, 1) if (text := _turn(path, number, place, turn)))


def _turn(path: Path, number: int, place: int, turn: object) -> str:
    text = turn.get("text") if isinstance(turn, dict) else turn
    role = turn.get("role", "") if isinstance(turn, dict) else ""
    if not isinstance(text, str) or not isinstance(role, str):
        raise TrainingDataError(path, number, f"context[{place}] is {_shown(turn)}", 'an object {"role", "text"}')
    return _storable(path, number, f"context[{place}]", text.strip())


def _storable(path: Path, number: int, name: str, text: str) -> str:
    """The text, unless it holds half of a surrogate pair, which no tokenizer takes."""
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise TrainingDataError(path, number, f"{name} is {_shown(text)}", "text without lone surrogates")
    return text


def _key(pair: Pair) -> bytes:
    said = "\0".join(normalised(text) for text in (*pair.context, pair.message, "\1", pair.reply))
    return blake2b(said.encode(), digest_size=12).digest()


def _shown(value: object) -> str:
    text = ascii(value) if isinstance(value, bytes) else json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
