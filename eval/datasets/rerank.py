"""Messages with candidate replies, some of them right.

{"id", "message", "context": [{"role", "text"}], "candidates": [{"text", "label"}]}
"""

from dataclasses import dataclass
from pathlib import Path

from eval.datasets.digest import data_name, sha256_of
from eval.datasets.lines import read_identified
from eval.datasets.record import Record
from eval.datasets.room import require_room
from eval.datasets.said import Said, read_context

FIELDS = frozenset({"id", "message", "context", "candidates"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One text to rank; a label above 0 is right, and the higher the better."""

    text: str
    label: int


@dataclass(frozen=True, slots=True)
class RerankRow:
    """A message and its candidates, in the order of the file; perhaps none of them is right."""

    id: str
    message: str
    context: tuple[Said, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class RerankData:
    """A rerank file; `unknown_fields` names what stood in it and was not used."""

    name: str
    sha256: str
    rows: tuple[RerankRow, ...]
    unknown_fields: tuple[str, ...] = ()


def read_rerank(path: Path) -> RerankData:
    """The rows of a rerank file.

    Raises:
        DataError: a line is wrong, an id stands twice, or there are no rows.
    """
    require_room(path)
    unknown: dict[str, None] = {}
    rows = []
    for record in read_identified(path, "id"):
        rows.append(_row(record))
        unknown.update(dict.fromkeys(record.unknown(FIELDS)))
    return RerankData(data_name(path), sha256_of(path), tuple(rows), tuple(unknown))


def _row(record: Record) -> RerankRow:
    candidates = tuple(Candidate(one.text("text"), one.count("label")) for one in record.records("candidates"))
    if not candidates:
        raise record.error("candidates", "at least one candidate")
    return RerankRow(record.id("id"), record.required_text("message"), read_context(record), candidates)
