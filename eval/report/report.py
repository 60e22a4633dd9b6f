"""Everything a report says, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eval.errors import RunError
from eval.metrics.classification import CoveragePrecision
from eval.report.abstention import Abstentions, count_abstentions
from eval.report.certainty import Certainty, certainty_of, coverage_curve
from eval.report.growth import LibraryGrowth
from eval.report.slices import SliceTable, slice_tables
from eval.report.timing import Timing, read_timing
from eval.report.verdict import Verdict, judge, overall
from eval.runs.answers import SideBySide
from eval.runs.compare import Comparison, Difference
from eval.runs.run import MANIFEST_FILE, Run
from eval.runs.summary import Summary
from eval.statistics.estimate import Estimate

USUAL_FIRST = ("nDCG@10", "nDCG@3", "acceptance@3", "RR@10", "R@10", "R10@1", "keystrokes")
"""The primary metric unless another is named: the first of these that the run has, else its first."""
TELLING = ("P@1", "Success@1", "acceptance@3", "shown", "keystrokes", "Success@3", "R@10", "RR@10")
"""What stands beside the primary metric at the top, as far as the run has it: each tells something else."""
N_HEADLINE = 4

SECTIONS = (
    "metrics",
    "comparison",
    "slices",
    "calibration",
    "growth",
    "examples",
    "abstentions",
    "timing",
    "manifest",
    "method",
)


@dataclass(frozen=True)
class Subject:
    """A run by the name its reader knows it under."""

    name: str
    run_id: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """A run, beside a baseline or alone; parts that the data does not give are None or empty."""

    title: str
    run: Subject
    baseline: Subject | None
    primary: str
    verdict: Verdict
    summary: Summary
    comparison: Comparison | None
    slices: tuple[SliceTable, ...]
    certainty: Certainty | None
    baseline_curve: CoveragePrecision | None
    growth: LibraryGrowth | None
    timing: Timing | None
    abstentions: Abstentions | None

    @classmethod
    def of(
        cls,
        run: Run,
        *,
        summary: Summary,
        baseline: Run | None = None,
        comparison: Comparison | None = None,
        primary: str | None = None,
        threshold: float | None = None,
        growth: LibraryGrowth | None = None,
        title: str = "",
    ) -> "Report":
        """The report on a run whose numbers are summed up, and compared if there is a baseline.

        Args:
            run: What was measured; timings are read from its folder if they are there.
            summary: Of this run.
            baseline: What it was compared with.
            comparison: With the baseline as its `a` and this run as its `b`.
            primary: The metric that decides.
            threshold: The probability below which nothing is suggested.
            growth: How a metric falls as the library grows, if that was measured.
            title: Instead of the names of the runs.

        Raises:
            RunError: summary, comparison and runs do not belong together, the primary metric was not measured or not
                compared, or timings cannot be read.
        """
        _check_belonging(run, summary, baseline, comparison)
        deciding = primary or _usual(summary, comparison)
        _check_primary(deciding, summary, comparison)
        return cls(
            title=title,
            run=_subject(run, baseline),
            baseline=_subject(baseline, run) if baseline else None,
            primary=deciding,
            verdict=judge(comparison, deciding),
            summary=summary,
            comparison=comparison,
            slices=slice_tables(run, summary, comparison, deciding),
            certainty=certainty_of(run, summary, threshold),
            baseline_curve=coverage_curve(baseline) if baseline else None,
            growth=growth,
            timing=read_timing(run.folder),
            abstentions=count_abstentions(run),
        )

    @property
    def n_queries(self) -> int:
        return self.summary.whole.n_queries

    @property
    def metrics(self) -> dict[str, Estimate]:
        """All metrics over all queries, the primary one first."""
        whole = self.summary.whole.metrics
        return {self.primary: whole[self.primary], **whole}

    @property
    def headline(self) -> list[str]:
        """The metrics to be read first."""
        others = (name for name in TELLING if name in self.metrics and name != self.primary)
        return list(dict.fromkeys([self.primary, *others, *self.metrics]))[:N_HEADLINE]

    @property
    def changes(self) -> dict[str, Difference]:
        """The difference over all queries of each metric compared."""
        return {one.metric: one for one in overall(self.comparison)}

    @property
    def data_name(self) -> str:
        """What the data is called, empty where the manifest does not say."""
        data = self.run.manifest.get("data")
        return str(data.get("name", "")) if isinstance(data, Mapping) else ""

    @property
    def won(self) -> tuple[SideBySide, ...]:
        """The queries on which the run gained most in the primary metric."""
        return self.comparison.won.get(self.primary, ()) if self.comparison else ()

    @property
    def lost(self) -> tuple[SideBySide, ...]:
        """The queries on which the run lost most in the primary metric."""
        return self.comparison.lost.get(self.primary, ()) if self.comparison else ()

    @property
    def absent(self) -> list[str]:
        """Why parts are left out, by the key of the reason."""
        reasons = {
            "comparison": self.comparison is None,
            "examples": self.comparison is None,
            "examples_equal": self.comparison is not None and not self.won + self.lost,
            "slices": not self.slices,
            "calibration": self.certainty is None,
            "growth": self.growth is None,
            "abstentions": self.abstentions is None,
            "timing": self.timing is None,
        }
        return [name for name, is_absent in reasons.items() if is_absent]

    @property
    def sections(self) -> list[str]:
        """The parts that there are, in the order they are read."""
        left_out = {reason.partition("_")[0] for reason in self.absent}
        return [name for name in SECTIONS if name not in left_out]


def _check_belonging(run: Run, summary: Summary, baseline: Run | None, comparison: Comparison | None) -> None:
    if summary.run_id != run.id:
        raise RunError(f"the summary is of run {summary.run_id}; expected {run.id}")
    if (baseline is None) != (comparison is None):
        raise RunError("a baseline and the comparison with it come together; one of them is missing")
    if baseline and comparison and (comparison.a, comparison.b) != (baseline.id, run.id):
        raise RunError(f"the comparison is of {comparison.a} and {comparison.b}; expected {baseline.id} and {run.id}")


def _check_primary(metric: str, summary: Summary, comparison: Comparison | None) -> None:
    if metric not in summary.whole.metrics:
        raise RunError(f"run {summary.run_id} has no metric {metric!r}; it has {', '.join(summary.whole.metrics)}")
    compared = _compared(comparison)
    if comparison and metric not in compared:
        raise RunError(f"the runs were not compared by {metric!r}, only by {', '.join(compared)}")


def _usual(summary: Summary, comparison: Comparison | None) -> str:
    """The metric that decides where none is named."""
    possible = [one for one in summary.whole.metrics if comparison is None or one in _compared(comparison)]
    usual = next((one for one in USUAL_FIRST if one in possible), None)
    if not possible:
        raise RunError(f"run {summary.run_id} has no metric to report on; expected at least one value")
    return usual or possible[0]


def _compared(comparison: Comparison | None) -> list[str]:
    return [one.metric for one in overall(comparison)]


def _subject(run: Run, other: Run | None) -> Subject:
    """The run by the name of its folder, with its id where the other has the same name."""
    name = _name(run)
    is_shared = other is not None and _name(other) == name
    return Subject(f"{name} ({run.id})" if is_shared else name, run.id, run.manifest)


def _name(run: Run) -> str:
    is_saved = (run.folder / MANIFEST_FILE).is_file()
    return run.folder.resolve().name if is_saved else str(run.manifest.get("system") or run.id)
