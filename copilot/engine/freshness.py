"""Which sessions see which changes.

A message reads the database as it was when the message began. What it reads may be older than a change that was told
of meanwhile; kept, it would hide that change until the next one. So it is noted when sessions begin and when changes
are told of: only a session that began after a change is sure to see it.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from sqlmodel import Session

from knowledge.database import Database

_BEGAN = "began"
_moments = count(1)


def moment() -> int:
    """Now, on a clock that only says what came first; every call is later than the one before."""
    return next(_moments)


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """A session of which is known when it began."""
    with database.read() as session:
        session.info[_BEGAN] = moment()
        yield session


def began(session: Session) -> int:
    """The moment at which a session began; 0, before everything, for one that is not from `reading`."""
    return int(session.info.get(_BEGAN, 0))


class Changes:
    """What has changed since it was read, by key; safe to call from many threads."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self._lock = threading.Lock()

    def note(self, key: str) -> None:
        """A change has been told of."""
        with self._lock:
            self._told[key] = moment()

    def seen_by(self, session: Session) -> dict[str, int]:
        """The changes that a session is sure to see, and when they were told of."""
        since = began(session)
        with self._lock:
            return {key: told for key, told in self._told.items() if told < since}

    def settle(self, seen: Mapping[str, int]) -> None:
        """Some changes have been taken in; those that were told of again meanwhile have not."""
        with self._lock:
            self._told = {key: told for key, told in self._told.items() if seen.get(key) != told}
