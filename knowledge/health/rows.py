"""What the health of a library is read from, whatever database it comes out of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class LibraryScript:
    """A script as it is live now."""

    script_id: str
    text: str
    title: str = ""
    triggers: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    published_at: datetime | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class Unanswered(StrEnum):
    """Why a message counts as asked in vain: nothing was shown, nothing of it was used, or a script was asked for."""

    ABSTAINED = "abstained"
    DISMISSED = "dismissed"
    IGNORED = "ignored"
    REQUESTED = "requested"


@dataclass(frozen=True)
class Asked:
    """A customer's message without a suggestion that served, and what came of its conversation, where known."""

    message: str
    why: Unanswered
    at: datetime
    conversation_id: str | None = None
    customer_id: str | None = None
    converted: bool | None = None
    amount_fen: int | None = None
    stage: str = ""


@dataclass(frozen=True)
class Tally:
    """Of `n` times a script was shown, how often it went well: accepted, or followed by the outcome in question."""

    n: int
    n_well: int


@dataclass(frozen=True)
class TwoWindows:
    """A script in an earlier and in a recent window."""

    script_id: str
    earlier: Tally
    recent: Tally


@dataclass(frozen=True)
class Exposure:
    """How often a script was shown and used since records began."""

    script_id: str
    n_shown: int
    n_used: int
