import re

import pytest

from copilot.web.desk.candidates.forest import Effect, effect_scale, estimate_of, forest, points, tone_beside
from eval.statistics.estimate import Estimate

HELPS = Estimate(0.08, 0.04, 0.12, 800)


def places(strip: str) -> list[float]:
    """Where the zero line, the interval's ends and the dot stand, in percent."""
    found = re.findall(r'(?:x1|x2|cx)="([\d.]+)%"', strip)
    return [float(place) for place in found]


def test_differences_are_written_in_points_with_their_sign() -> None:
    assert [points(value) for value in (0.081, -0.02, 0.0)] == ["+8.1", "−2.0", "+0.0"]


def test_rows_share_one_scale_with_zero_in_it() -> None:
    drawn = forest([Effect("a", HELPS, "gain"), Effect("b", Estimate(-0.05, -0.08, -0.02, 3), "loss", "3 次")])
    # the ends are -8 and 12 points; in steps of 5 the scale goes from -10 to 15, so zero stands at 10 / 25 = 40 %
    rail, zero, whisker, dot = 0, 2, 4, 6
    for row, (low, high, mean) in zip(drawn.rows, [(56.0, 88.0, 72.0), (8.0, 32.0, 20.0)], strict=True):
        at = places(row.strip)
        assert at[rail : rail + 2] == [0.0, 100.0]
        assert at[zero : zero + 2] == [40.0, 40.0]
        assert at[whisker : whisker + 2] == [low, high]
        assert at[dot] == mean
    assert [(row.mean, row.interval, row.note) for row in drawn.rows] == [
        ("+8.0", "+4.0 … +12.0", ""),
        ("−5.0", "−8.0 … −2.0", "3 次"),
    ]


def test_an_effect_without_an_interval_is_a_dot_alone() -> None:
    (row,) = forest([Effect("raw", Estimate(0.1, 0.1, 0.1, 0), "weak", has_interval=False)]).rows
    assert (row.mean, row.interval) == ("+10.0", "")


def test_a_scale_needs_no_effects() -> None:
    assert effect_scale([])(0.0) == 50.0


@pytest.mark.parametrize("missing", [(None, 0.1, 0.2), (0.1, None, 0.2), (0.1, 0.0, None)])
def test_an_effect_that_could_not_be_estimated_is_not_drawn(missing: tuple[float | None, ...]) -> None:
    assert estimate_of(*missing) is None


@pytest.mark.parametrize(
    ("mean", "low", "high", "verdict", "tone"),
    [
        (0.05, 0.01, 0.09, "helps", "gain"),
        (-0.05, -0.09, -0.01, "helps", "loss"),
        (0.05, -0.01, 0.11, "helps", "even"),
        (0.05, 0.01, 0.09, "harms", "loss"),
        (0.05, 0.01, 0.09, "cannot-tell", "even"),
    ],
)
def test_a_segment_is_coloured_by_the_direction_that_the_verdict_calls_good(
    mean: float, low: float, high: float, verdict: str, tone: str
) -> None:
    assert tone_beside(Estimate(mean, low, high, 10), HELPS, verdict) == tone
