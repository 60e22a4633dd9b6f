"""Effects with their intervals as rows of a forest plot, all on one scale with zero in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.report.plots.rows import Tone, across_intervals, axis_row, interval_row
from eval.report.plots.scale import Scale
from eval.statistics.estimate import Estimate

NONE = 0.0
"""No difference; the line every interval is compared with."""
ZERO = Estimate(NONE, NONE, NONE, 0)
TONES: dict[str, Tone] = {"helps": "gain", "harms": "loss"}


@dataclass(frozen=True)
class Effect:
    """A difference of probabilities to be drawn; `tone` says whether it is good."""

    label: str
    estimate: Estimate
    tone: Tone
    note: str = ""
    has_interval: bool = True


@dataclass(frozen=True)
class ForestRow:
    """An effect in percentage points, with its strip."""

    label: str
    mean: str
    interval: str
    note: str
    strip: Markup


@dataclass(frozen=True)
class Forest:
    """Rows and the scale under them."""

    rows: list[ForestRow]
    axis: Markup


def forest(effects: Sequence[Effect]) -> Forest:
    """The effects one below the other."""
    scale = effect_scale([one.estimate for one in effects])
    return Forest([_row(one, scale) for one in effects], axis_row(scale, _ticked, reference=NONE))


def effect_scale(estimates: Sequence[Estimate]) -> Scale:
    """A scale on which these effects and zero can be seen."""
    return across_intervals([*estimates, ZERO])


def strip(estimate: Estimate, scale: Scale, tone: Tone) -> Markup:
    """An effect on its interval, with the line of no difference."""
    return interval_row(estimate, scale, tone, reference=NONE)


def estimate_of(effect: float | None, low: float | None, high: float | None, n: int | None = None) -> Estimate | None:
    """The effect with its interval; nothing when any of them could not be estimated."""
    if effect is None or low is None or high is None:
        return None
    return Estimate(effect, low, high, n or 0)


def tone_of(verdict: str) -> Tone:
    """How a verdict is coloured."""
    return TONES.get(verdict, "even")


def tone_beside(estimate: Estimate, whole: Estimate | None, verdict: str) -> Tone:
    """How a part of the conversations is coloured, when it is known which direction is good."""
    if whole is None or verdict not in TONES or estimate.low <= NONE <= estimate.high:
        return "even"
    is_alike = (estimate.mean > NONE) == (whole.mean > NONE)
    return "gain" if is_alike == (verdict == "helps") else "loss"


def points(value: float) -> str:
    """A difference of probabilities in percentage points, with its sign."""
    return f"{100 * value:+.1f}".replace("-", "−")


def _ticked(value: float) -> str:
    return f"{100 * value:g}".replace("-", "−")


def _row(one: Effect, scale: Scale) -> ForestRow:
    interval = f"{points(one.estimate.low)} … {points(one.estimate.high)}" if one.has_interval else ""
    drawn = strip(one.estimate, scale, one.tone)
    return ForestRow(one.label, points(one.estimate.mean), interval, one.note, drawn)
