"""What was said before a message."""

from dataclasses import dataclass
from datetime import datetime

from eval.datasets.record import Record
from eval.datasets.words import ROLES, UNKNOWN


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier message; `role` is customer, agent or unknown, `at` in UTC."""

    role: str
    text: str
    at: datetime | None = None


def read_context(record: Record, name: str = "context") -> tuple[Said, ...]:
    """The context in a field, oldest first: objects with `role`, `text` and perhaps `at`, or bare texts.

    Nobody says who wrote a bare text. A context that is missing is empty.

    Raises:
        DataError: it is anything else.
    """
    items = record.items(name)
    if items and all(isinstance(item, str) for item in items):
        texts = Record(
            record.path, record.line, {f"{name}[{i}]": text for i, text in enumerate(items, 1)}, record.within
        )
        return tuple(Said(UNKNOWN, texts.text(place)) for place in texts.fields)
    return tuple(_said(one) for one in record.records(name))


def _said(record: Record) -> Said:
    role = record.word("role", ROLES)
    if role is None:
        raise record.error("role", f"one of {', '.join(dict.fromkeys(ROLES.values()))}")
    return Said(role, record.text("text"), record.moment("at"))
