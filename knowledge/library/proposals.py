"""What is proposed for the library: a candidate as it was mined, checked before it is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from knowledge.errors import InvalidValueError
from knowledge.tables import CandidateSource
from knowledge.text import canonical

LONGEST_ID = 200
_TEXTS = ("text", "title", "stage", "scene")
_LISTS = ("triggers", "skus")
_NUMBERS = ("effect", "low", "high", "shrunk", "n", "n_requests")
_COLUMNS = frozenset({"candidate_id", *_TEXTS, *_LISTS})


@dataclass(frozen=True)
class Proposal:
    """A candidate for the library; `evidence` is everything that is known about it, as plain JSON values.

    Raises:
        InvalidValueError: the id is empty or too long, a text cannot be kept, or the evidence is no JSON.
    """

    id: str
    text: str
    title: str = ""
    triggers: tuple[str, ...] = ()
    stage: str = ""
    scene: str = ""
    skus: tuple[str, ...] = ()
    source: CandidateSource = CandidateSource.MINED
    evidence: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= LONGEST_ID:
            raise InvalidValueError("candidate_id", self.id, f"1 to {LONGEST_ID} characters")
        for name in ("id", *_TEXTS):
            _require_storable(name, getattr(self, name))
        for name in _LISTS:
            for value in getattr(self, name):
                _require_storable(name, value)
        _require_json(self.evidence)
        _require_numbers(self.evidence)

    @classmethod
    def of_row(cls, row: Mapping[str, object], source: CandidateSource = CandidateSource.MINED) -> Self:
        """The candidate of one row of a mined file; what is no column of the table is its evidence.

        Raises:
            InvalidValueError: a value has the wrong type or cannot be kept; names the field.
        """
        evidence = {name: value for name, value in row.items() if name not in _COLUMNS}
        return cls(
            id=_text(row, "candidate_id"),
            text=_text(row, "text"),
            title=_text(row, "title"),
            triggers=_texts(row, "triggers"),
            stage=_text(row, "stage"),
            scene=_text(row, "scene"),
            skus=_texts(row, "skus"),
            source=source,
            evidence=evidence,
        )

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.text)


@dataclass(frozen=True)
class ProposalCounts:
    """What became of the candidates that were proposed."""

    n_added: int = 0
    n_refreshed: int = 0
    n_still_rejected: int = 0
    n_already_decided: int = 0

    @property
    def n_proposed(self) -> int:
        return self.n_added + self.n_refreshed + self.n_still_rejected + self.n_already_decided


def fingerprint_of(text: str) -> str:
    """Sixteen hexadecimal digits, equal for texts that say the same; empty for a blank text."""
    return sha256(canonical(text).encode()).hexdigest()[:16] if text.strip() else ""


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise InvalidValueError(name, value, "text")
    return value


def _texts(row: Mapping[str, object], name: str) -> tuple[str, ...]:
    values = row.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidValueError(name, values, "a list of texts")
    return tuple(values)


def _require_storable(name: str, text: str) -> None:
    if "\0" in text:
        raise InvalidValueError(name, text, "text without NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError(name, text, "text without halves of surrogate pairs") from error


def _require_json(evidence: Mapping[str, object]) -> None:
    # a NaN in one row would make every later search of the column fail
    try:
        json.dumps(dict(evidence), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidValueError("evidence", f"{error}", "JSON values with finite numbers only") from error


def _require_numbers(evidence: Mapping[str, object]) -> None:
    # lists are ordered by them
    for name in _NUMBERS:
        value = evidence.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise InvalidValueError(name, value, "a number, or nothing when unknown")
