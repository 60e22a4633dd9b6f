"""How long things take, when the machine is busy with other things as well."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np

from eval.errors import NothingMeasuredError

InputT = TypeVar("InputT")
Clock = Callable[[], float]
"""Seconds from any start, never running back."""

Z_95 = 1.959964


@dataclass(frozen=True)
class Spread:
    """Quantiles of `n` measurements, in their unit; `p50_low` to `p50_high` is the 95 % interval of the median."""

    n: int
    mean: float
    p50: float
    p95: float
    p99: float
    largest: float
    p50_low: float
    p50_high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of some measurements; quantiles in between are interpolated.

        The interval of the median lies between the order statistics n/2 ± 1.96 √n/2 and assumes no distribution
        (David and Nagaraja, Order Statistics, 2003, section 7.1).

        Raises:
            NothingMeasuredError: there are none.
        """
        if not len(values):
            raise NothingMeasuredError("no measurements to summarise")
        ordered = np.sort(np.asarray(values, np.float64))
        p50, p95, p99 = (float(value) for value in np.quantile(ordered, [0.5, 0.95, 0.99]))
        low, high = _median_ranks(len(ordered))
        return cls(
            n=len(ordered),
            mean=float(ordered.mean()),
            p50=p50,
            p95=p95,
            p99=p99,
            largest=float(ordered[-1]),
            p50_low=float(ordered[low]),
            p50_high=float(ordered[high]),
        )


@dataclass(frozen=True)
class Taken:
    """What one call took, in milliseconds: on the wall clock, and of processors, by all threads of the process.

    Processor time leaves out waiting and other processes, though these slow it by crowding the caches.
    """

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True)
class SideBySide:
    """What two callables took on the same inputs, in the inputs' order."""

    floor: tuple[Taken, ...]
    system: tuple[Taken, ...]

    @property
    def beyond(self) -> Spread:
        """What the system takes beyond the floor, as a share of the floor: (system - floor) / floor, per input."""
        pairs = zip(self.floor, self.system, strict=True)
        return Spread.of([(system.wall_ms - floor.wall_ms) / floor.wall_ms for floor, system in pairs])

    @property
    def beyond_cpu(self) -> Spread:
        """As `beyond`, of processor time."""
        pairs = zip(self.floor, self.system, strict=True)
        return Spread.of([(system.cpu_ms - floor.cpu_ms) / floor.cpu_ms for floor, system in pairs])


@dataclass(frozen=True)
class Clocks:
    """The clocks that `Taken` is read from."""

    wall: Clock = perf_counter
    cpu: Clock = process_time


def time_side_by_side(
    floor: Callable[[InputT], object],
    system: Callable[[InputT], object],
    inputs: Sequence[InputT],
    *,
    clocks: Clocks = Clocks(),  # immutable
) -> SideBySide:
    """Time both callables on every input, one right after the other; which goes first changes with every input."""
    floors, systems = [], []
    for position, one in enumerate(inputs):
        if position % 2 == 0:
            floors.append(time_one(floor, one, clocks))
            systems.append(time_one(system, one, clocks))
        else:
            systems.append(time_one(system, one, clocks))
            floors.append(time_one(floor, one, clocks))
    return SideBySide(tuple(floors), tuple(systems))


def time_one(work: Callable[[InputT], object], one: InputT, clocks: Clocks) -> Taken:
    """What one call takes."""
    wall, cpu = clocks.wall(), clocks.cpu()
    work(one)
    return Taken(1000 * (clocks.wall() - wall), 1000 * (clocks.cpu() - cpu))


def per_second(
    work: Callable[[InputT], object], inputs: Sequence[InputT], *, n_threads: int, clock: Clock = perf_counter
) -> float:
    """How many inputs are worked off per second by threads of this process.

    Raises:
        NothingMeasuredError: there are no inputs.
    """
    if not inputs:
        raise NothingMeasuredError("no inputs to work off")
    start = clock()
    with ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(work, inputs):
            pass
    return len(inputs) / (clock() - start)


def _median_ranks(n: int) -> tuple[int, int]:
    """Positions, from 0, of the order statistics around the median of `n` values."""
    reach = Z_95 * math.sqrt(n) / 2
    return max(0, math.floor(n / 2 - reach)), min(n - 1, math.ceil(n / 2 + reach))
