"""Following the feed of changes: reading it, and a thread that does so without end."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, func, inspect, select
from sqlmodel import Session, col

from knowledge.tables import IndexChange, IndexKind

logger = logging.getLogger(__name__)

POLL_S = 0.05
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class Change:
    """One thing to read again."""

    seq: int
    kind: IndexKind
    item_id: str


_CHANGE = inspect(IndexChange).local_table.c
_NEXT_CHANGES = (
    select(_CHANGE.seq, _CHANGE.kind, _CHANGE.item_id)
    .where(_CHANGE.tenant_id == bindparam("tenant_id"), _CHANGE.seq > bindparam("after"))
    .order_by(_CHANGE.seq)
    .limit(bindparam("n_changes"))
)


def read_changes(session: Session, tenant_id: str, after: int, limit: int) -> list[Change]:
    """The tenant's first changes after a sequence number, in order."""
    found = {"tenant_id": tenant_id, "after": after, "n_changes": limit}
    return [Change(seq, kind, item_id) for seq, kind, item_id in session.connection().execute(_NEXT_CHANGES, found)]


def last_seq(session: Session, tenant_id: str) -> int:
    """The sequence number of the tenant's last change; 0 before the first."""
    query = select(func.max(col(IndexChange.seq))).where(col(IndexChange.tenant_id) == tenant_id)
    return session.execute(query).scalar() or 0


class Follower:
    """Repeats a step every 50 ms in a daemon thread; a failing step is logged and tried again, ever more slowly."""

    def __init__(self, step: Callable[[], None], name: str) -> None:
        self._step = step
        self._name = name
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.last_error: str | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin; does nothing when it already runs."""
        if self.is_running:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the step under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        pause_s = POLL_S
        while not self._stop.wait(pause_s):
            try:
                self._step()
            except Exception as error:  # the loop's boundary: it must outlive any failing change
                self.last_error = f"{type(error).__name__}: {error}"
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                logger.warning("following failed, next try in %.1f s", pause_s, exc_info=True)
            else:
                self.last_error = None
                pause_s = POLL_S


class Watermark:
    """How far something has come, and a way to wait for it."""

    def __init__(self, seq: int = 0) -> None:
        self._seq = seq
        self._reached = threading.Condition()

    @property
    def seq(self) -> int:
        return self._seq

    def raise_to(self, seq: int) -> None:
        """Wake whoever waits for this; it never falls."""
        with self._reached:
            self._seq = max(self._seq, seq)
            self._reached.notify_all()

    def wait_for(self, seq: int, timeout_s: float) -> bool:
        """Whether `seq` was reached within the time."""
        with self._reached:
            return self._reached.wait_for(lambda: self._seq >= seq, timeout_s)
