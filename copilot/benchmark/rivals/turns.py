"""Two libraries answer the same messages in short turns, so that whatever slows one slows the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import cast

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.rivals.material import Message
from copilot.benchmark.rivals.task import Job
from copilot.benchmark.rivals.worker import Answered, Worker, answer

N_PER_TURN = 5
"""Messages for each process in a turn."""
LEAST_TURNS = 2


@dataclass(frozen=True)
class Side:
    """What one library's processes gave for the messages of a turn."""

    answers: tuple[Answered, ...]

    @property
    def seconds(self) -> float:
        """From the first process that began to the last that ended."""
        return max(one.end for one in self.answers) - min(one.start for one in self.answers)

    @property
    def n_messages(self) -> int:
        return sum(len(one.taken) for one in self.answers)

    @property
    def wall_ms(self) -> list[float]:
        return [taken.wall_ms for one in self.answers for taken in one.taken]

    @property
    def cpu_ms(self) -> list[float]:
        return [taken.cpu_ms for one in self.answers for taken in one.taken]

    @property
    def found(self) -> list[tuple[int, ...]]:
        return [found for one in self.answers for found in one.found]


@dataclass(frozen=True)
class Turn:
    """Both sides' answers to the same messages."""

    ours: Side
    theirs: Side


@dataclass(frozen=True)
class Contest:
    """One job: turns of one process each, turns of several; `load` is the machine's meanwhile.

    `messages` are those of the turns alone, in order, `our_queries` and `their_queries` the vectors that each side
    searched with, shape (n_messages, dim).
    """

    job: Job
    alone: Sequence[Turn]
    together: Sequence[Turn]
    messages: Sequence[Message]
    our_queries: NDArray[np.float32]
    their_queries: NDArray[np.float32]
    load: float


def take_turns(
    ours: Sequence[Worker],
    theirs: Sequence[Worker],
    job: Job,
    messages: Sequence[str],
    *,
    patience_s: float,
    clock: Callable[[], float] = monotonic,
) -> list[Turn]:
    """As many whole turns as there are messages for, fewer when patience ends; who begins changes with every turn.

    Each message is answered once by each side. At least two turns are taken however long they last.
    """
    turns: list[Turn] = []
    n_at_once = N_PER_TURN * len(ours)
    end = clock() + patience_s
    for start in range(0, len(messages) - n_at_once + 1, n_at_once):
        if len(turns) >= LEAST_TURNS and clock() > end:
            break
        asked = messages[start : start + n_at_once]
        if len(turns) % 2 == 0:
            first = _answered(ours, job, asked)
            turns.append(Turn(first, _answered(theirs, job, asked)))
        else:
            first = _answered(theirs, job, asked)
            turns.append(Turn(_answered(ours, job, asked), first))
    return turns


def _answered(workers: Sequence[Worker], job: Job, messages: Sequence[str]) -> Side:
    """Each process takes its share, all at the same time."""
    for first, worker in enumerate(workers):
        worker.send(answer, job, messages[first :: len(workers)])
    return Side(tuple(cast("Answered", worker.receive()) for worker in workers))
