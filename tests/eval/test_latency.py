"""Spreads and timings, with clocks whose readings are known."""

from collections.abc import Iterator

import pytest

from eval.errors import NothingMeasuredError
from eval.latency import Clocks, SideBySide, Spread, Taken, per_second, time_side_by_side


class Ticks:
    """A clock that reads as it is told."""

    def __init__(self, *seconds: float) -> None:
        self._left: Iterator[float] = iter(seconds)

    def __call__(self) -> float:
        return next(self._left)


def test_quantiles_are_interpolated_between_measurements() -> None:
    spread = Spread.of([30.0, 10.0, 20.0, 40.0, 50.0])
    assert (spread.n, spread.mean, spread.p50, spread.largest) == (5, 30.0, 30.0, 50.0)
    assert spread.p95 == pytest.approx(48.0)  # position 0.95 * 4 = 3.8, between 40 and 50
    assert spread.p99 == pytest.approx(49.6)


def test_the_interval_of_the_median_widens_by_half_the_root_of_n() -> None:
    spread = Spread.of([float(value) for value in range(100)])
    # 100 / 2 ± 1.96 * 10 / 2 = 40.2 … 59.8, outwards to whole ranks
    assert (spread.p50_low, spread.p50, spread.p50_high) == (40.0, 49.5, 60.0)


def test_one_measurement_is_its_own_interval() -> None:
    spread = Spread.of([7.0])
    assert (spread.p50_low, spread.p50, spread.p50_high, spread.p99) == (7.0, 7.0, 7.0, 7.0)


def test_no_measurements_are_refused() -> None:
    with pytest.raises(NothingMeasuredError):
        Spread.of([])


def test_beyond_is_what_is_added_as_a_share_of_the_floor() -> None:
    both = SideBySide(
        floor=(Taken(4.0, 2.0), Taken(10.0, 2.0), Taken(5.0, 2.0)),
        system=(Taken(6.0, 5.0), Taken(10.0, 4.0), Taken(15.0, 12.0)),
    )
    assert both.beyond.p50 == pytest.approx(1 / 2)  # of 2/4, 0 and 10/5
    assert both.beyond.largest == pytest.approx(2.0)
    assert both.beyond_cpu.p50 == pytest.approx(3 / 2)  # of 3/2, 2/2 and 10/2


def test_which_goes_first_changes_with_every_input() -> None:
    calls: list[str] = []
    clocks = Clocks(
        wall=Ticks(0.0, 0.001, 0.001, 0.004, 1.0, 1.006, 1.006, 1.008),
        cpu=Ticks(0.0, 0.0005, 0.0005, 0.002, 0.002, 0.003, 0.003, 0.004),
    )
    both = time_side_by_side(
        lambda one: calls.append(f"floor {one}"), lambda one: calls.append(f"system {one}"), ["a", "b"], clocks=clocks
    )
    assert calls == ["floor a", "system a", "system b", "floor b"]
    assert [one.wall_ms for one in both.floor] == pytest.approx([1.0, 2.0])
    assert [one.wall_ms for one in both.system] == pytest.approx([3.0, 6.0])
    assert [one.cpu_ms for one in both.system] == pytest.approx([1.5, 1.0])


def test_throughput_counts_every_input_once() -> None:
    done: list[int] = []
    assert per_second(done.append, [1, 2, 3], n_threads=2, clock=Ticks(10.0, 10.5)) == pytest.approx(6.0)
    assert sorted(done) == [1, 2, 3]


def test_throughput_of_nothing_is_refused() -> None:
    with pytest.raises(NothingMeasuredError):
        per_second(print, [], n_threads=1)
