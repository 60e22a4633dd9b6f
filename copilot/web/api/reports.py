"""Reports on the library: its health, and how its scripts do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Query

from copilot.curation.counts import Counts
from copilot.curation.exposures import Dimension
from copilot.curation.gaps import OpenGap
from copilot.curation.library_health import Finding, Library
from copilot.curation.naming import names_of
from copilot.curation.performance import Asking, Row
from copilot.curation.trends import Period, Week
from copilot.errors import NotReadyError
from copilot.web.api.documented import READS, problems
from copilot.web.reports import Reports, ReportsDep, lifespan
from copilot.web.schemas.reports import (
    EstimateOut,
    FindingOut,
    GapOut,
    HealthReportOut,
    PerformanceOut,
    PerformanceQuery,
    PerformanceRowOut,
    RankOut,
    WeekOut,
)
from knowledge.workspace import utc_now

router = APIRouter(prefix="/v1/reports", tags=["library"], lifespan=lifespan)
N_DAYS: Final = 28
PATIENCE_S: Final = 60.0
"""A program waits longer than a person."""


@router.get("/health", responses=problems(*READS), summary="What is wrong with the library, and what it lacks")
def get_health(reports: ReportsDep) -> HealthReportOut:
    """Findings and gaps as far as they are known; the slow parts are computed aside, once a day or change."""
    report = reports.library_health()
    return HealthReportOut(
        as_of=report.as_of,
        is_coming=report.is_coming,
        n_scripts=len(report.library.scripts),
        counts=dict(Counter(one.kind.value for one in report.findings)),
        n_fine=report.n_fine,
        findings=[_finding(report.library, one) for one in report.findings],
        gaps=[_gap(one) for one in report.gaps.found] if report.gaps else [],
    )


@router.get("/performance", responses=problems(*READS), summary="How scripts, stages, agents or teams do")
def get_performance(query: Annotated[PerformanceQuery, Query()], reports: ReportsDep) -> PerformanceOut:
    """Exposures and what became of them, with 95 % intervals; numbers up to five minutes old."""
    asking = asking_of(query, reports)
    latest = reports.performance_of(asking, wait_s=PATIENCE_S)
    if latest.report is None or latest.as_of is None:
        raise NotReadyError("the report is still being computed; ask again")
    found = latest.report
    with reports.services.database.read() as session:
        names = names_of(session, reports.services.tenant_id, asking.dimension)
    return PerformanceOut(
        by=asking.dimension,
        turns=asking.turns,
        first=asking.period.first,
        last=asking.period.last,
        as_of=latest.as_of,
        total=_row(found.total, "", found.weeks),
        rows=[_row(row, names.get(row.key, row.key), found.weeks) for row in found.rows],
    )


def asking_of(query: PerformanceQuery, reports: Reports, *, n_days: int = N_DAYS) -> Asking:
    """What a query asks, its period ending today unless it says otherwise.

    Raises:
        InvalidValueError: the last day is before the first, or more than a year after it.
    """
    usual = Period.ending(utc_now(), n_days, reports.zone)
    last = query.last or max(usual.last, query.first or usual.last)
    first = query.first or Period.ending_on(last, n_days, reports.zone).first
    period = Period(first, last, reports.zone)
    return Asking(period, Dimension(query.by), query.turns, query.script, query.stage, query.agent, query.team)


def _finding(library: Library, one: Finding) -> FindingOut:
    return FindingOut.model_validate({"id": library.id_of(one), **asdict(one)})


def _gap(one: OpenGap) -> GapOut:
    gap = one.gap
    return GapOut(
        triggers=list(gap.triggers),
        n_messages=gap.n_messages,
        n_conversations=gap.n_conversations,
        n_customers=gap.n_customers,
        why={why.value: n for why, n in gap.why.items()},
        stage=gap.stage,
        at_stake_fen=gap.at_stake_fen,
        script_id=one.script_id,
        is_answered=one.is_answered,
    )


def _row(row: Row, name: str, weeks: Sequence[Week]) -> PerformanceRowOut:
    return PerformanceRowOut(
        key=row.key,
        name=name,
        dismissals=dict(row.reasons),
        ranks=[_rank(rank, counts) for rank, counts in row.by_rank.items()],
        weeks=[_week(week, counts) for week, counts in zip(weeks, row.by_week, strict=True)],
        n_shown=row.counts.n_shown,
        n_accepted=row.counts.n_accepted,
        n_edited=row.counts.n_edited,
        n_dismissed=row.counts.n_dismissed,
        **{name: EstimateOut.of(getattr(row.counts, name)) for name in SHARES},
    )


SHARES: Final = ("acceptance", "edit_rate", "edit_distance", "dismissal", "reply", "purchase", "complaint")


def _rank(rank: int, counts: Counts) -> RankOut:
    return RankOut(rank=rank, n_shown=counts.n_shown, acceptance=EstimateOut.of(counts.acceptance))


def _week(week: Week, counts: Counts) -> WeekOut:
    acceptance = EstimateOut.of(counts.acceptance)
    return WeekOut(first=week.first, last=week.last, n_shown=counts.n_shown, acceptance=acceptance)
