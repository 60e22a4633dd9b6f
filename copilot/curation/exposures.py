"""Exposures and what became of them, added up by the database: one row for each value, rank and week.

Only the few scripts that may answer small talk are read with the messages they answered, since telling small talk from
a question takes more than a database can.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, Subquery, and_, case, cast, exists, func, literal, or_, select
from sqlmodel import Session, col

from copilot.curation.counts import Counts
from copilot.engine.small_talk import SmallTalk
from knowledge.tables import Decision, DecisionKind, Outcome, ScriptVersion, Suggestion, SuggestionSet, User

OUTCOMES: Final = ("reply", "purchase", "complaint")
COUNTED: Final = (DecisionKind.ACCEPT, DecisionKind.EDIT, DecisionKind.DISMISS)


class Dimension(StrEnum):
    """What is compared."""

    SCRIPT = "script"
    STAGE = "stage"
    AGENT = "agent"
    TEAM = "team"


class Turns(StrEnum):
    """Which messages count: those that ask something, greetings, thanks and the like, or both."""

    INFORMATIVE = "informative"
    SMALL_TALK = "small_talk"
    ALL = "all"


@dataclass(frozen=True)
class Scope:
    """Which exposures count: those of some time and some turns; empty ids do not restrict."""

    since: datetime
    until: datetime
    turns: Turns = Turns.INFORMATIVE
    script_id: str = ""
    stage: str = ""
    agent_id: str = ""
    team_id: str = ""


@dataclass(frozen=True)
class Cell:
    """The counts of one value at one rank in one week; dismissals are those for one reason."""

    value: str
    rank: int
    week: int
    counts: Counts
    reason: str = ""


def read_cells(
    session: Session, tenant_id: str, scope: Scope, dimension: Dimension, starts: Sequence[datetime], talk: SmallTalk
) -> Iterator[Cell]:
    """Cells in no order, some of them with the same value, rank and week; a team is not told from its agents."""
    asked = _Statements(tenant_id, scope, dimension, starts, _talkative(session, tenant_id, scope.turns, talk))
    for value, rank, week, message, n in session.execute(asked.exposures()):
        if _belongs(scope.turns, talk, message):
            yield Cell(value, rank, week, Counts(n))
    for value, rank, week, message, reason, *numbers in session.execute(asked.decisions()):
        if _belongs(scope.turns, talk, message):
            yield Cell(value, rank, week, Counts(0, *(int(number or 0) for number in numbers)), reason or "")


def _talkative(session: Session, tenant_id: str, turns: Turns, talk: SmallTalk) -> list[str]:
    """The scripts that answer, or once answered, small talk; the engine lets no other script answer it."""
    if turns is Turns.ALL:
        return []
    query = select(col(ScriptVersion.script_id), col(ScriptVersion.triggers)).where(
        col(ScriptVersion.tenant_id) == tenant_id
    )
    found = {
        script_id
        for script_id, triggers in session.execute(query)
        if any(talk.recognise(trigger) is not None for trigger in triggers)
    }
    return sorted(found)


def _belongs(turns: Turns, talk: SmallTalk, message: str) -> bool:
    """Whether exposures count; those whose message was not read answered no small talk."""
    if turns is Turns.ALL:
        return True
    is_talk = bool(message) and talk.recognise(message) is not None
    return is_talk == (turns is Turns.SMALL_TALK)


@dataclass(frozen=True)
class _Statements:
    """What is asked of the database; `talkative` are the scripts whose messages must be read."""

    tenant_id: str
    scope: Scope
    dimension: Dimension
    starts: Sequence[datetime]
    talkative: Sequence[str]

    def exposures(self) -> Select[Any]:
        """Value, rank, week, message, and how often something was shown."""
        keys = self._keys()
        return self._shown(*keys, func.count()).group_by(*(key.name for key in keys))

    def decisions(self) -> Select[Any]:
        """Value, rank, week, message, reason, and all other counts in the order of `Counts`."""
        one = self._decided()
        keys = [one.c[name] for name in ("value", "shown_rank", "week", "said", "reason")]
        is_used = one.c.accepted + one.c.edited > 0
        distance = case((one.c.edited > 0, one.c.distance))
        counts = [
            _number(and_(one.c.accepted > 0, one.c.edited == 0)),
            _number(one.c.edited > 0),
            _number(one.c.dismissed > 0),
            *(_number(and_(is_used, self._followed(one, kind))) for kind in OUTCOMES),
            func.count(distance),
            func.sum(distance),
            func.sum(distance * distance),
        ]
        return select(*keys, *counts).group_by(*keys)

    def _decided(self) -> Subquery:
        """One row for each exposure with a decision: its keys, its set, and what was decided, as zeros and ones.

        One that was dismissed for several reasons has one of them, so that reasons add up to dismissals.
        """
        keys = [*self._keys(), col(SuggestionSet.id).label("shown_in")]
        flags = [
            func.max(case((col(Decision.kind) == kind, 1), else_=0)).label(name)
            for name, kind in zip(("accepted", "edited", "dismissed"), COUNTED, strict=True)
        ]
        distance = func.max(case((col(Decision.kind) == DecisionKind.EDIT, col(Decision.edit_distance))))
        reason = func.max(case((col(Decision.kind) == DecisionKind.DISMISS, col(Decision.reason))))
        query = self._with_decisions(self._shown(*keys, *flags, distance.label("distance"), reason.label("reason")))
        return query.where(col(Decision.kind).in_(COUNTED)).group_by(*(key.name for key in keys)).subquery()

    def _followed(self, one: Subquery, kind: str) -> ColumnElement[bool]:
        return exists().where(
            col(Outcome.tenant_id) == self.tenant_id,
            col(Outcome.set_id) == one.c.shown_in,
            col(Outcome.kind) == kind,
            col(Outcome.value) > 0,
        )

    def _keys(self) -> list[Any]:
        agent_id = func.coalesce(col(SuggestionSet.agent_id), "")
        value = {Dimension.SCRIPT: col(Suggestion.item_id), Dimension.STAGE: col(SuggestionSet.stage)}
        return [
            value.get(self.dimension, agent_id).label("value"),
            col(Suggestion.rank).label("shown_rank"),
            self._week().label("week"),
            self._said().label("said"),
        ]

    def _week(self) -> ColumnElement[int]:
        """The number of the week of an exposure."""
        at, last = col(SuggestionSet.at), len(self.starts) - 1
        before = [(at < start, number) for number, start in enumerate(self.starts[1:])]
        return case(*before, else_=last) if before else cast(literal(0), Integer)

    def _said(self) -> ColumnElement[str]:
        """The message, where it may be small talk; empty elsewhere."""
        if not self.talkative:
            return literal("")
        return case((col(Suggestion.item_id).in_(self.talkative), col(SuggestionSet.message)), else_="")

    def _shown(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """These columns of every exposure within the scope."""
        same = and_(
            col(Suggestion.tenant_id) == col(SuggestionSet.tenant_id), col(Suggestion.set_id) == col(SuggestionSet.id)
        )
        return (
            select(*columns)
            .select_from(SuggestionSet)
            .join(Suggestion, and_(same, col(Suggestion.kind) == "reply"))
            .where(*self._within())
        )

    def _with_decisions(self, query: Select[Any]) -> Select[Any]:
        """With each decision that stands; one without a rank is about everything shown."""
        same = and_(
            col(Decision.tenant_id) == col(SuggestionSet.tenant_id), col(Decision.set_id) == col(SuggestionSet.id)
        )
        on_it = or_(col(Decision.rank).is_(None), col(Decision.rank) == col(Suggestion.rank))
        stands = and_(col(Decision.item_kind) == "reply", col(Decision.undone_at).is_(None))
        return query.join(Decision, and_(same, on_it, stands))

    def _within(self) -> list[ColumnElement[bool]]:
        scope, agent_id, item_id = self.scope, col(SuggestionSet.agent_id), col(Suggestion.item_id)
        of_team = select(col(User.id)).where(col(User.tenant_id) == self.tenant_id, col(User.team_id) == scope.team_id)
        return [
            col(SuggestionSet.tenant_id) == self.tenant_id,
            col(SuggestionSet.at) >= scope.since,
            col(SuggestionSet.at) < scope.until,
            col(SuggestionSet.message) != "",  # an opening answers nothing
            *([item_id.in_(self.talkative)] if scope.turns is Turns.SMALL_TALK else []),
            *([item_id == scope.script_id] if scope.script_id else []),
            *([col(SuggestionSet.stage) == scope.stage] if scope.stage else []),
            *([agent_id == scope.agent_id] if scope.agent_id else []),
            *([agent_id.in_(of_team)] if scope.team_id else []),
        ]


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
