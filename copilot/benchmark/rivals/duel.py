"""This library against another: both open in processes of their own, the same messages, turn and turn about."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import numpy as np

from copilot.benchmark.machine import load
from copilot.benchmark.rivals.figures import DuelFigures, OpenFigures, job_figures
from copilot.benchmark.rivals.material import Material, Message
from copilot.benchmark.rivals.ours import OURS
from copilot.benchmark.rivals.task import Job, Library, Task
from copilot.benchmark.rivals.turns import LEAST_TURNS, N_PER_TURN, Contest, take_turns
from copilot.benchmark.rivals.worker import Worker, answer, memory, message_vectors

N_WARM_UP = 5


@dataclass(frozen=True)
class DuelPlan:
    """For each job so many messages with one process and as many with several, but no longer than patience lasts."""

    n_messages: int
    n_processes: int
    patience_s: float
    seed: int

    @property
    def n_drawn(self) -> int:
        """How many messages there must be, those to warm up included."""
        return N_WARM_UP + 2 * self.n_messages

    @property
    def n_least(self) -> int:
        """How many messages the least number of turns takes."""
        return LEAST_TURNS * N_PER_TURN * self.n_processes


class Duel:
    """Both libraries' processes, and the messages they are asked."""

    def __init__(
        self, ours: Sequence[Worker], theirs: Sequence[Worker], messages: Sequence[Message], plan: DuelPlan
    ) -> None:
        end = N_WARM_UP + plan.n_messages
        self._ours = ours
        self._theirs = theirs
        self._warm_up = [message.text for message in messages[:N_WARM_UP]]
        self._alone = messages[N_WARM_UP:end]
        self._together = [message.text for message in messages[end : end + plan.n_messages]]
        self._patience_s = plan.patience_s

    def contest(self, job: Job) -> Contest:
        """One job, with one process on each side and then with all."""
        for worker in (*self._ours, *self._theirs):
            worker.call(answer, job, self._warm_up)
        load_before, texts = load(), [message.text for message in self._alone]
        alone = take_turns(self._ours[:1], self._theirs[:1], job, texts, patience_s=self._patience_s)
        together = take_turns(self._ours, self._theirs, job, self._together, patience_s=self._patience_s)
        load_after = load()
        asked = self._alone[: sum(turn.ours.n_messages for turn in alone)]
        ours, theirs = (
            workers[0].call(message_vectors, [message.text for message in asked])
            for workers in (self._ours, self._theirs)
        )
        return Contest(job, alone, together, asked, ours, theirs, (load_before + load_after) / 2)


def fight(library: Library, task: Task, plan: DuelPlan) -> DuelFigures:
    """Every job in turn, with nothing else of ours running.

    Raises:
        NotReadyError: one of the libraries failed.
    """
    material = Material(task.folder)
    with _workers(OURS, task, plan.n_processes) as ours, _workers(library, task, plan.n_processes) as theirs:
        duel = Duel(ours, theirs, material.messages, plan)
        hybrid = duel.contest(Job.HYBRID)
        costs = _cost(ours[0]), _cost(theirs[0])
        contests = hybrid, duel.contest(Job.DENSE)
    rng = np.random.default_rng(plan.seed)
    jobs = tuple(job_figures(contest, material.vectors, rng) for contest in contests)
    return DuelFigures(library.name, task.encoding, *costs, jobs)


@contextmanager
def _workers(library: Library, task: Task, n: int) -> Iterator[list[Worker]]:
    """So many processes, each with the library open."""
    with ExitStack() as stack:
        workers = [stack.enter_context(closing(Worker(library, task))) for _ in range(n)]
        for worker in workers:
            worker.wait_until_open()
        yield workers


def _cost(worker: Worker) -> OpenFigures:
    opened = worker.wait_until_open()
    return OpenFigures(opened.seconds, opened.cpu_s, worker.call(memory))
