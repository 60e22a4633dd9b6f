"""The figures of a comparison, and how they follow from contests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.machine import Machine
from copilot.benchmark.rivals.recall import recall_at_k
from copilot.benchmark.rivals.task import Encoding, Job, K
from copilot.benchmark.rivals.turns import Contest, Side, Turn
from eval.latency import Spread
from eval.memory import ProcessMemory
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import statistic_estimates

ChooseSide = Callable[[Turn], Side]


@dataclass(frozen=True)
class BuildFigures:
    """What making the index took from vectors that were there, in a process of its own."""

    library: str
    seconds: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class OpenFigures:
    """What one process took to get ready, and its memory after the hybrid job."""

    seconds: float
    cpu_s: float
    memory: ProcessMemory


@dataclass(frozen=True)
class SideFigures:
    """One library at one job; per second with one process, and with several at the same time.

    `recall` is the share of the ten exact nearest neighbours that was found, by meaning alone; `about_found` the share
    of messages for which a document that they are about is among the ten, where it is known.
    """

    latency_ms: Spread
    cpu_ms: Spread
    per_s: float
    per_s_together: float
    recall: Estimate | None
    about_found: Estimate | None


@dataclass(frozen=True)
class Ratios:
    """How many times better this library is: median latency, and throughput of one process and of several.

    `cpu` is the ratio of median processor times, which a busy machine changes least.
    """

    latency: Estimate
    cpu: Estimate
    throughput: Estimate
    throughput_together: Estimate


@dataclass(frozen=True)
class JobFigures:
    """Both sides at one job; `load` is the machine's meanwhile."""

    job: Job
    ours: SideFigures
    theirs: SideFigures
    ratios: Ratios
    load: float


@dataclass(frozen=True)
class DuelFigures:
    """This library against another, with one way of encoding messages."""

    library: str
    encoding: Encoding
    ours: OpenFigures
    theirs: OpenFigures
    jobs: tuple[JobFigures, ...]


@dataclass(frozen=True)
class SizeFigures:
    """All comparisons over one set of documents, which have so many characters on average."""

    n_documents: int
    mean_length: float
    builds: tuple[BuildFigures, ...]
    duels: tuple[DuelFigures, ...]


@dataclass(frozen=True)
class RivalsReport:
    """One run; `versions` are those of the distributions that took part."""

    machine: Machine
    encoder: str
    documents: str
    n_messages: int
    n_processes: int
    seed: int
    versions: dict[str, str]
    sizes: tuple[SizeFigures, ...]


def job_figures(contest: Contest, vectors: NDArray[np.float32], rng: np.random.Generator) -> JobFigures:
    """The figures of one job; `vectors` are the documents', shape (n_documents, dim)."""
    return JobFigures(
        job=contest.job,
        ours=_side(contest, _ours, contest.our_queries, vectors, rng),
        theirs=_side(contest, _theirs, contest.their_queries, vectors, rng),
        ratios=ratios(contest.alone, contest.together, rng),
        load=contest.load,
    )


def ratios(alone: Sequence[Turn], together: Sequence[Turn], rng: np.random.Generator) -> Ratios:
    """Theirs against ours; intervals by drawing whole turns anew, since a slow moment slows several messages."""
    ours, theirs = (
        np.array([pair for turn in alone for pair in zip(side(turn).wall_ms, side(turn).cpu_ms, strict=True)])
        for side in (_ours, _theirs)
    )
    turn_of = np.repeat(np.arange(len(alone)), [turn.ours.n_messages for turn in alone])

    def of_medians(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        medians: NDArray[np.float64] = np.median(theirs[rows], axis=0) / np.median(ours[rows], axis=0)
        return medians

    latency, cpu = statistic_estimates(of_medians, turn_of, rng)
    return Ratios(_defined(latency), _defined(cpu), _ratio_of_sums(alone, rng), _ratio_of_sums(together, rng))


def _ratio_of_sums(turns: Sequence[Turn], rng: np.random.Generator) -> Estimate:
    ours, theirs = (np.array([side(turn).seconds for turn in turns]) for side in (_ours, _theirs))

    def of_sums(rows: NDArray[np.intp]) -> list[float]:
        return [float(theirs[rows].sum() / ours[rows].sum())]

    (ratio,) = statistic_estimates(of_sums, np.arange(len(turns)), rng)
    return _defined(ratio)


def _side(
    contest: Contest,
    side: ChooseSide,
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    rng: np.random.Generator,
) -> SideFigures:
    alone = [side(turn) for turn in contest.alone]
    found = [found for one in alone for found in one.found]
    about = [
        float(not set(message.about).isdisjoint(own))
        for message, own in zip(contest.messages, found, strict=True)
        if message.about
    ]
    is_dense = contest.job is Job.DENSE
    return SideFigures(
        latency_ms=Spread.of([ms for one in alone for ms in one.wall_ms]),
        cpu_ms=Spread.of([ms for one in alone for ms in one.cpu_ms]),
        per_s=_per_second(alone),
        per_s_together=_per_second([side(turn) for turn in contest.together]),
        recall=_share(recall_at_k(found, queries, vectors, K), rng) if is_dense else None,
        about_found=_share(np.array(about), rng) if about else None,
    )


def _per_second(sides: Sequence[Side]) -> float:
    return sum(side.n_messages for side in sides) / sum(side.seconds for side in sides)


def _share(values: NDArray[np.float64], rng: np.random.Generator) -> Estimate:
    return mean_estimate(values, np.arange(len(values)), rng, limits=(0.0, 1.0))


def _defined(estimate: Estimate | None) -> Estimate:
    if estimate is None:
        raise ArithmeticError("a ratio of times that took no time")
    return estimate


def _ours(turn: Turn) -> Side:
    return turn.ours


def _theirs(turn: Turn) -> Side:
    return turn.theirs
