"""The engine's threads and the bounded line before them."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from copilot.web.errors import BusyError

ResultT = TypeVar("ResultT")


class EnginePool:
    """Runs the engine outside the event loop; refuses work when too much is waiting."""

    def __init__(self, workers: int, queue: int) -> None:
        self.capacity = workers + queue
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="engine")
        self._n_pending = 0
        self._lock = threading.Lock()

    @property
    def n_pending(self) -> int:
        """Work that is waiting or under way."""
        return self._n_pending

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """What `work` returns, once a thread was free for it.

        Raises:
            BusyError: the line is full.
        """
        with self._lock:
            if self._n_pending >= self.capacity:
                raise BusyError(self._n_pending)
            self._n_pending += 1
        future = self._threads.submit(work)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let work under way finish and drop what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _done(self, _: Future[ResultT]) -> None:
        with self._lock:
            self._n_pending -= 1
