"""What the performance page's templates show: shares with their intervals, made ready to read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from copilot.curation.counts import FEW, Counts
from copilot.curation.exposures import Dimension
from copilot.curation.performance import NOBODY, Performance, Row
from copilot.curation.trends import Week
from copilot.web.desk.performance.forms import PageQuery
from copilot.web.desk.performance.plots import Plots, plots_of
from copilot.web.pages.translation import Words
from eval.report.plots.rows import SHARES, interval_row
from eval.statistics.estimate import Estimate

PAGE_SIZE = 100
N_RANKS = 3
RATES = ("edit_rate", "edit_distance", "dismissal", "reply", "purchase", "complaint")
COLUMNS = ("acceptance", "rank1", "rank2", "rank3", *RATES)


@dataclass(frozen=True)
class NumberView:
    """A share or a mean with its interval, as it is written; `is_weak` where it rests on few."""

    text: str = "–"
    interval: str = ""
    n: int = 0
    is_weak: bool = True
    strip: Markup | None = None


@dataclass(frozen=True)
class RowView:
    """A row of the table."""

    key: str
    name: str
    row: Row
    numbers: Mapping[str, NumberView]
    top_reason: str


@dataclass(frozen=True)
class RankView:
    """How one rank does; what stands first is seen first."""

    rank: int
    counts: Counts
    acceptance: NumberView


@dataclass(frozen=True)
class WeekView:
    """One week of a script."""

    week: Week
    counts: Counts
    acceptance: NumberView


@dataclass(frozen=True)
class PerformanceView:
    """The page."""

    rows: list[RowView]
    total: RowView
    ranks: list[RankView]
    weeks: list[WeekView]
    plots: Plots
    n_rows: int
    page: int
    n_pages: int


def performance_view(found: Performance, query: PageQuery, names: Mapping[str, str], words: Words) -> PerformanceView:
    """The page on a report, in the order that is asked for."""
    ordered = in_order(found, query, names)
    n_pages = max(1, -(-len(ordered) // PAGE_SIZE))
    page = min(query.page, n_pages)
    shown = ordered[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    dimension = found.asking.dimension
    return PerformanceView(
        rows=[row_view(row, name_of(row.key, dimension, names, words), words) for row in shown],
        total=row_view(found.total, words("performance.total"), words),
        ranks=ranks_of(found.total),
        weeks=weeks_of(found.total, found),
        plots=plots_of(found.total, found.weeks, words),
        n_rows=len(ordered),
        page=page,
        n_pages=n_pages,
    )


def in_order(found: Performance, query: PageQuery, names: Mapping[str, str]) -> list[Row]:
    """The rows by a column; shares by the end of their interval that counts against them, so that few prove little."""

    def place(row: Row) -> tuple[object, ...]:
        if query.sort == "name":
            return (names.get(row.key, row.key).casefold(), row.key)
        if query.sort == "n_shown":
            return (row.counts.n_shown if query.up else -row.counts.n_shown, row.key)
        one = estimate_of(row, query.sort)
        if one is None:
            return (1, 0.0, row.key)
        return (0, one.high if query.up else -one.low, row.key)

    ordered = sorted(found.rows, key=place)
    return ordered[::-1] if query.sort == "name" and not query.up else ordered


def estimate_of(row: Row, column: str) -> Estimate | None:
    """The number of a column."""
    if column.startswith("rank"):
        counts = row.by_rank.get(int(column.removeprefix("rank")))
        return counts.acceptance if counts else None
    estimate: Estimate | None = getattr(row.counts, column)
    return estimate


def row_view(row: Row, name: str, words: Words) -> RowView:
    """A row with its numbers as they are written."""
    numbers = {column: number_view(estimate_of(row, column), is_share=column != "edit_distance") for column in COLUMNS}
    top = next(iter(row.reasons), None)
    return RowView(row.key, name, row, numbers, "" if top is None else reason_of(top, words))


def ranks_of(row: Row) -> list[RankView]:
    """The ranks of a row, with their acceptance drawn on one scale."""
    return [RankView(rank, counts, _drawn(counts.acceptance)) for rank, counts in row.by_rank.items()]


def weeks_of(row: Row, found: Performance) -> list[WeekView]:
    """The weeks of a row, newest first."""
    pairs = zip(found.weeks, row.by_week, strict=True)
    return [WeekView(week, counts, _drawn(counts.acceptance)) for week, counts in pairs][::-1]


def name_of(key: str, dimension: Dimension, names: Mapping[str, str], words: Words) -> str:
    """What a row is called."""
    if key == NOBODY:
        return words(f"performance.no_{dimension.value}") if dimension is not Dimension.SCRIPT else key
    return words.name("stage", key) if dimension is Dimension.STAGE else names.get(key, key)


def reason_of(reason: str, words: Words) -> str:
    """A reason for dismissing in words."""
    return words.name("dismiss", reason) if reason else words("performance.no_reason")


def number_view(one: Estimate | None, *, is_share: bool = True) -> NumberView:
    """A number with its interval; nothing where nothing was counted."""
    if one is None:
        return NumberView()
    write = _percent if is_share else _amount
    return NumberView(write(one.mean), f"{write(one.low)}–{write(one.high)}", one.n, one.n < FEW)


def _drawn(one: Estimate | None) -> NumberView:
    view = number_view(one)
    if one is None:
        return view
    strip = interval_row(one, SHARES, "weak" if view.is_weak else "run")
    return NumberView(view.text, view.interval, view.n, view.is_weak, strip)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%" if 0 < value < 0.1 else f"{100 * value:.0f}%"


def _amount(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.1f}"
