"""How scripts, stages, agents and teams do over a period: what was shown, what agents did, what customers did then."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.curation.counts import NO_COUNTS, Counts
from copilot.curation.exposures import Cell, Dimension, Scope, Turns, read_cells
from copilot.curation.trends import Period, Week, starts_of, weeks_of
from copilot.engine.small_talk import SmallTalk
from knowledge.tables import User

NOBODY: Final = ""
"""The value of what was shown to nobody known, in no stage, or to an agent without a team."""


@dataclass(frozen=True)
class Asking:
    """What a report is about: a period, what is compared, and what is counted; empty ids do not restrict."""

    period: Period
    dimension: Dimension = Dimension.SCRIPT
    turns: Turns = Turns.INFORMATIVE
    script_id: str = ""
    stage: str = ""
    agent_id: str = ""
    team_id: str = ""

    @property
    def scope(self) -> Scope:
        return Scope(
            self.period.since,
            self.period.until,
            self.turns,
            self.script_id,
            self.stage,
            self.agent_id,
            self.team_id,
        )


@dataclass(frozen=True)
class Row:
    """One script, stage, agent or team; its ranks and its weeks each add up to the whole."""

    key: str
    counts: Counts = NO_COUNTS
    by_rank: Mapping[int, Counts] = field(default_factory=dict)
    by_week: Sequence[Counts] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Performance:
    """The rows by exposures, most first, and all of them together; `weeks` name the columns of `by_week`."""

    asking: Asking
    weeks: Sequence[Week]
    rows: Sequence[Row]
    total: Row

    def row(self, key: str) -> Row:
        """The row of a value; an empty one where nothing of it was shown."""
        return next((row for row in self.rows if row.key == key), Row(key, by_week=[NO_COUNTS] * len(self.weeks)))


def performance(session: Session, tenant_id: str, asking: Asking, talk: SmallTalk) -> Performance:
    """The report on a period; one pass over what was shown in it and one over what was decided.

    Exposures count in the week they were shown, whenever they were decided or followed. A decision that was taken back
    does not count; one that was seen in the archive does.
    """
    weeks = weeks_of(asking.period)
    starts = starts_of(weeks, asking.period.zone)
    cells = read_cells(session, tenant_id, asking.scope, asking.dimension, starts, talk)
    if asking.dimension is Dimension.TEAM:
        teams = _teams(session, tenant_id)
        cells = (replace(one, value=teams.get(one.value, NOBODY)) for one in cells)
    rows = _rows(cells, len(weeks))
    return Performance(asking, weeks, rows, total_of(rows, len(weeks)))


def total_of(rows: Iterable[Row], n_weeks: int) -> Row:
    """All rows as one."""
    whole = _Gathered(n_weeks)
    for row in rows:
        for rank, counts in row.by_rank.items():
            whole.by_rank[rank] = whole.by_rank.get(rank, NO_COUNTS) + counts
        for week, counts in enumerate(row.by_week):
            whole.by_week[week] += counts
        whole.reasons.update(row.reasons)
    return whole.row(NOBODY)


def _rows(cells: Iterable[Cell], n_weeks: int) -> list[Row]:
    gathered: dict[str, _Gathered] = {}
    for cell in cells:
        gathered.setdefault(cell.value, _Gathered(n_weeks)).add(cell)
    rows = [one.row(key) for key, one in gathered.items()]
    return sorted(rows, key=lambda row: (-row.counts.n_shown, row.key))


class _Gathered:
    """What is known of one value so far."""

    def __init__(self, n_weeks: int) -> None:
        self.by_rank: dict[int, Counts] = {}
        self.by_week = [NO_COUNTS] * n_weeks
        self.reasons: Counter[str] = Counter()

    def add(self, cell: Cell) -> None:
        self.by_rank[cell.rank] = self.by_rank.get(cell.rank, NO_COUNTS) + cell.counts
        self.by_week[cell.week] += cell.counts
        if cell.counts.n_dismissed:
            self.reasons[cell.reason] += cell.counts.n_dismissed

    def row(self, key: str) -> Row:
        counts = sum(self.by_week, NO_COUNTS)
        ranks = dict(sorted(self.by_rank.items()))
        reasons = dict(sorted(self.reasons.items(), key=lambda one: (-one[1], one[0])))
        return Row(key, counts, ranks, tuple(self.by_week), reasons)


def _teams(session: Session, tenant_id: str) -> dict[str, str]:
    query = select(col(User.id), col(User.team_id)).where(col(User.tenant_id) == tenant_id)
    return {agent_id: team_id or NOBODY for agent_id, team_id in session.execute(query)}
