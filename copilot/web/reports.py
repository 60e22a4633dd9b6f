"""The reports on a library's health and performance, computed aside and kept for pages and API alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, FastAPI, Request
from sqlalchemy import select
from sqlmodel import col
from starlette.concurrency import run_in_threadpool

from copilot.curation.background import Background, Latest
from copilot.curation.gaps import Gaps, gaps_of, open_gaps, read_unanswered
from copilot.curation.library_health import (
    COMPARED_KINDS,
    USED_KINDS,
    Finding,
    Kind,
    Library,
    Seen,
    by_urgency,
    compared_findings,
    dated_findings,
    library_stamp,
    read_library,
    read_use,
    still_true,
    used_findings,
)
from copilot.curation.performance import Asking, Performance, performance
from copilot.curation.tending import read_fine
from copilot.mining.running import masked
from copilot.web.services import Services
from knowledge.duplicates.near import Encode, remembering
from knowledge.health.gaps import Coverage
from knowledge.tables import EVERYONE, ScriptUse
from knowledge.workspace import utc_now

GAP_DAYS: Final = 28
"""Gaps are read from the last four weeks: one week is little where few customers write."""
FRESH_S: Final = 300
"""A report on performance is shown for so long before another one is made."""
MOMENT_S: Final = 0.3
"""So long a page waits for numbers, that a small shop sees no page without them."""


@dataclass(frozen=True)
class HealthReport:
    """What is wrong with a library and what it lacks, as far as it is known by now.

    `as_of` is when the oldest part of it was made; `n_fine` counts the findings that were called fine for a while;
    of the `unknown` kinds nobody knows yet whether there are any.
    """

    library: Library
    findings: list[Finding]
    n_fine: int
    gaps: Gaps | None
    as_of: datetime | None
    is_coming: bool
    has_failed: bool
    unknown: frozenset[Kind]


@dataclass(frozen=True)
class Reports:
    """The reports of one application."""

    services: Services
    health: Background
    performances: Background
    encode: Encode

    @classmethod
    def start(cls, services: Services) -> "Reports":
        """Nothing is computed until somebody asks."""
        encode = remembering(services.runtime.engine.encoder.encode_queries)
        return cls(services, Background(utc_now), Background(utc_now), encode)

    @property
    def zone(self) -> ZoneInfo:
        """Where the shop's days begin and end."""
        return ZoneInfo(self.services.runtime.engine.setup.product_rules.time_zone)

    def library_health(self, *, wait_s: float = MOMENT_S) -> HealthReport:
        """The health of the library at this moment; parts that take longer are missing, or are those made before."""
        now = utc_now()
        with self.services.database.read() as session:
            library = read_library(session, self.services.tenant_id)
            stamp = library_stamp(session, self.services.tenant_id)
            fine = read_fine(session, self.services.tenant_id, now)
            uses = select(col(ScriptUse.script_id), col(ScriptUse.n_shown)).where(
                col(ScriptUse.tenant_id) == self.services.tenant_id, col(ScriptUse.agent_id) == EVERYONE
            )
            n_shown = {script_id: n for script_id, n in session.execute(uses)}  # noqa: C416 - rows are no pairs
        day = now.astimezone(self.zone).date()
        used: Latest[Seen] = self.health.get("used", day, self._used, wait_s=wait_s)
        gaps: Latest[Coverage] = self.health.get("gaps", day, self._gaps, wait_s=wait_s)
        compared: Latest[Seen] = self.health.get("compared", stamp, self._compared, wait_s=wait_s)
        found = dated_findings(library, now)
        for part in (used, compared):
            found += still_true(part.report, library) if part.report else []
        parts = (used, compared, gaps)
        return HealthReport(
            library=library,
            findings=[one for one in by_urgency(found, n_shown) if library.id_of(one) not in fine],
            n_fine=sum(library.id_of(one) in fine for one in found),
            gaps=open_gaps(gaps.report, library.scripts) if gaps.report else None,
            as_of=min((part.as_of for part in parts if part.as_of), default=None),
            is_coming=any(part.is_coming for part in parts),
            has_failed=any(part.has_failed for part in parts),
            unknown=frozenset((*(() if used.report else USED_KINDS), *(() if compared.report else COMPARED_KINDS))),
        )

    def performance_of(self, asking: Asking, *, wait_s: float = MOMENT_S) -> Latest[Performance]:
        """The report on what is asked; at most `FRESH_S` old, if it could be made in time."""
        stamp = int(utc_now().timestamp() // FRESH_S)
        return self.performances.get(asking, stamp, lambda: self._performance(asking), wait_s=wait_s)

    def close(self) -> None:
        """Drop what waits to be computed."""
        self.health.close()
        self.performances.close()

    def _used(self) -> Seen:
        now = utc_now()
        with self.services.database.read() as session:
            library = read_library(session, self.services.tenant_id)
            use = read_use(session, self.services.tenant_id, now)
        return used_findings(library, use, now)

    def _compared(self) -> Seen:
        with self.services.database.read() as session:
            library = read_library(session, self.services.tenant_id)
        return compared_findings(library, self.encode)

    def _gaps(self) -> Coverage:
        now = utc_now()
        with self.services.database.read() as session:
            asked = read_unanswered(session, self.services.tenant_id, now - timedelta(days=GAP_DAYS), now)
        return gaps_of(asked, self.services.runtime.engine.encoder.encode_queries, masked)

    def _performance(self, asking: Asking) -> Performance:
        talk = self.services.runtime.engine.setup.small_talk
        with self.services.database.read() as session:
            return performance(session, self.services.tenant_id, asking, talk)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The reports as long as the application runs."""
    reports = app.state.reports = Reports.start(app.state.services)
    try:
        yield
    finally:
        await run_in_threadpool(reports.close)


def reports_of(request: Request) -> Reports:
    """The reports of the application that serves this request."""
    reports: Reports = request.app.state.reports
    return reports


ReportsDep = Annotated[Reports, Depends(reports_of)]
