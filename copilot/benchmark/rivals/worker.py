"""A process that has one library open and does nothing unless asked."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import monotonic, perf_counter, process_time
from typing import Concatenate, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.rivals.task import Job, Library, Searcher, Task
from copilot.errors import NotReadyError
from eval.latency import Clocks, Taken, time_one
from eval.memory import ProcessMemory, own_memory

P = ParamSpec("P")
ResultT = TypeVar("ResultT")

OFFLINE: Mapping[str, str] = {
    "HF_HUB_OFFLINE": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "false",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
}
END_S = 20.0


@dataclass(frozen=True)
class Opened:
    """What opening took, on the wall clock and of processors."""

    seconds: float
    cpu_s: float


@dataclass(frozen=True)
class Answered:
    """What some messages took, one after the other, and what was found.

    `start` and `end` are read from a clock that all processes share.
    """

    taken: tuple[Taken, ...]
    found: tuple[tuple[int, ...], ...]
    start: float
    end: float


@dataclass(frozen=True)
class _Failure:
    reason: str


class Worker:
    """Started when made and told to end by `close`; what is sent to it is done in order."""

    def __init__(self, library: Library, task: Task) -> None:
        self._name = library.name
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, library, task), daemon=True)
        self._process.start()
        theirs.close()
        self._opened: Opened | None = None

    def wait_until_open(self) -> Opened:
        """What opening the library took.

        Raises:
            NotReadyError: it could not be opened.
        """
        if self._opened is None:
            self._opened = cast("Opened", self.receive())
        return self._opened

    def call(self, work: Callable[Concatenate[Searcher, P], ResultT], *args: P.args, **kwargs: P.kwargs) -> ResultT:
        """What `work` gives back when the process does it with its searcher.

        Raises:
            NotReadyError: it failed, or the process died.
        """
        self.send(work, *args, **kwargs)
        return cast("ResultT", self.receive())

    def send(self, work: Callable[Concatenate[Searcher, P], object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Have the process begin; `receive` gives the result.

        Raises:
            NotReadyError: the process died.
        """
        self.wait_until_open()
        try:
            self._connection.send((work, args, kwargs))
        except BrokenPipeError as error:
            raise self._death() from error

    def receive(self) -> object:
        """The oldest result not yet received.

        Raises:
            NotReadyError: it failed, or the process died.
        """
        try:
            result = self._connection.recv()
        except (EOFError, ConnectionResetError) as error:
            raise self._death() from error
        if isinstance(result, _Failure):
            raise NotReadyError(f"{self._name} failed: {result.reason}")
        return cast("object", result)

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(END_S)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def _death(self) -> NotReadyError:
        self._process.join(END_S)
        return NotReadyError(f"the process of {self._name} died with exit code {self._process.exitcode}")


def answer(searcher: Searcher, job: Job, messages: Sequence[str]) -> Answered:
    """Do the job for each message and time it."""
    found: list[tuple[int, ...]] = []
    clocks = Clocks()
    start = monotonic()
    taken = [time_one(lambda one: found.append(tuple(searcher.search(job, one))), text, clocks) for text in messages]
    return Answered(tuple(taken), tuple(found), start, monotonic())


def message_vectors(searcher: Searcher, messages: Sequence[str]) -> NDArray[np.float32]:
    """What the library searches with, shape (n_messages, dim)."""
    return np.stack([searcher.vector(message) for message in messages])


def memory(_: Searcher) -> ProcessMemory:
    """What the process takes now, and its peak so far."""
    return own_memory()


@contextmanager
def offline() -> Iterator[None]:
    """Processes started inside reach for no network: weights are here, and nobody needs to know what is measured."""
    before = {name: os.environ.get(name) for name in OFFLINE}
    os.environ.update(OFFLINE)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(connection: Connection, library: Library, task: Task) -> None:
    """Open the library, then answer until the other end is closed."""
    try:
        wall, cpu = perf_counter(), process_time()
        searcher = library.open(task)
        connection.send(Opened(perf_counter() - wall, process_time() - cpu))
        while True:
            work, args, kwargs = connection.recv()
            connection.send(work(searcher, *args, **kwargs))
    except EOFError:
        return
    except Exception as error:  # noqa: BLE001  # the edge of a process: whoever asked is told
        connection.send(_Failure(f"{type(error).__name__}: {error}"))
