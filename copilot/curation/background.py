"""Reports that take longer than a page may: computed aside, kept, and shown as of when they were computed."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

logger = logging.getLogger(__name__)
ReportT = TypeVar("ReportT")


@dataclass(frozen=True)
class Latest(Generic[ReportT]):
    """The newest report there is, if any; `is_current` unless another one is wanted by now, which may have failed."""

    report: ReportT | None = None
    as_of: datetime | None = None
    is_current: bool = False
    has_failed: bool = False

    @property
    def is_coming(self) -> bool:
        """Whether another one is being computed."""
        return not (self.is_current or self.has_failed)


@dataclass
class _Kept:
    """What is known of one report: the stamp that is wanted, the work on it, and the newest that was made."""

    stamp: Hashable
    work: Future[Any]
    latest: Latest[Any]


class Background:
    """Computes one report after the other in a thread of its own, and keeps the newest of each name."""

    def __init__(self, clock: Callable[[], datetime], *, size: int = 64) -> None:
        self._clock = clock
        self._size = size
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="report")

    def get(
        self, name: Hashable, stamp: Hashable, compute: Callable[[], ReportT], *, wait_s: float = 0.0
    ) -> Latest[ReportT]:
        """The newest report of this name; one with another stamp is computed first, if that takes no longer than this.

        A stamp says what a report was made from; one that failed is not tried again until its stamp changes.
        """
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept.stamp != stamp:
                before = replace(_newest(kept), is_current=False) if kept else Latest[Any]()
                if kept is not None:
                    kept.work.cancel()
                kept = self._kept[name] = _Kept(stamp, self._thread.submit(self._made, name, compute), before)
            self._kept.move_to_end(name)
            self._forget_old()
        try:
            latest: Latest[ReportT] = kept.work.result(timeout=wait_s)
        except (NotYetError, CancelledError):
            return kept.latest
        return replace(kept.latest, has_failed=True) if latest.has_failed else latest

    def renew(self) -> None:
        """Have every report made anew when it is asked for next."""
        with self._lock:
            for kept in self._kept.values():
                kept.stamp = object()

    def close(self) -> None:
        """Let the report under way finish and drop those that wait."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _made(self, name: Hashable, compute: Callable[[], ReportT]) -> Latest[ReportT]:
        at = self._clock()
        try:
            return Latest(compute(), at, is_current=True)
        except Exception:
            # whatever it was, the page says so and the next report has its chance
            logger.exception("the report %s could not be made", name)
            return Latest(has_failed=True)

    def _forget_old(self) -> None:
        while len(self._kept) > self._size:
            _, oldest = self._kept.popitem(last=False)
            oldest.work.cancel()


def _newest(kept: _Kept) -> Latest[Any]:
    """What was made last, or before that where it failed or is not done."""
    if not kept.work.done() or kept.work.cancelled():
        return kept.latest
    made: Latest[Any] = kept.work.result()
    return kept.latest if made.has_failed else made
