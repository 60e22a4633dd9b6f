"""The weekly digest of a script library: what was used, what is missing, and what no longer holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from copilot.engine.rendering import FILLABLE
from copilot.mining.health import (
    NOT_ASKED,
    PURCHASE,
    read_asked,
    read_exposures,
    read_scripts,
    read_windows,
)
from knowledge.database import Database
from knowledge.duplicates.near import Encode, remembering
from knowledge.errors import InvalidValueError
from knowledge.health.conflicts import Conflict, conflicts
from knowledge.health.dead import (
    Ending,
    OrphanSlots,
    Unused,
    expired,
    expiring,
    never_accepted,
    never_shown,
    orphan_slots,
)
from knowledge.health.decay import Decayed, decayed
from knowledge.health.gaps import Coverage, Mask, coverage_gaps
from knowledge.health.repeats import SameAnswer, SameQuestion, same_answers, same_question_other_answer
from knowledge.tables import INFERRED, Candidate, CandidateSource, Decision, DecisionKind, Outcome, SuggestionSet

RECENT_DAYS: Final = 28
EARLIER_DAYS: Final = 84
"""Decay compares the last four weeks with the twelve before them; one week is too little to tell."""
NOT_MEASURED: Final = "none"


@dataclass(frozen=True)
class Week:
    """What happened to the messages of some days; every message counts once in each number that applies to it."""

    n_messages: int = 0
    n_abstained: int = 0
    n_accepted: int = 0
    n_edited: int = 0
    n_dismissed: int = 0
    n_ignored: int = 0
    n_freehand: int = 0
    n_inferred: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def acceptance(self) -> float | None:
        """The share of messages with a suggestion in which one was used; unknown without any."""
        n_suggested = self.n_messages - self.n_abstained
        return (self.n_accepted + self.n_edited) / n_suggested if n_suggested else None


@dataclass(frozen=True)
class Digest:
    """Everything the content team should look at, from `start` until before `end`."""

    start: datetime
    end: datetime
    week: Week
    week_before: Week
    coverage: Coverage
    decayed: Sequence[Decayed]
    decayed_sales: Sequence[Decayed]
    conflicts: Sequence[Conflict]
    duplicates: Sequence[SameAnswer]
    same_question: Sequence[SameQuestion]
    never_accepted: Sequence[Unused]
    never_shown: Sequence[Unused]
    expiring: Sequence[Ending]
    expired: Sequence[Ending]
    orphan_slots: Sequence[OrphanSlots]
    candidates: Mapping[str, int]

    def to_dict(self) -> dict[str, object]:
        """As the command prints it: every list whole, moments in ISO 8601."""
        rates = {"week": self.week.acceptance, "week_before": self.week_before.acceptance}
        written = {name: _plain(value) for name, value in asdict(self).items()}
        return written | {"acceptance": rates}

    def to_markdown(self, language: Literal["zh", "en"] = "zh", *, most: int = 10) -> str:
        """A page to read, with up to `most` lines a section."""
        from copilot.mining.digest_markdown import digest_markdown

        return digest_markdown(self, language, most=most)


def digest(database: Database, tenant_id: str, *, encode: Encode, mask: Mask, now: datetime, days: int = 7) -> Digest:
    """The digest of the last `days` days before `now`, against as many before them.

    `encode` gives vectors of the search index's query side; `mask` takes personal data out of a customer's message, and
    no message is shown but through it.

    Raises:
        InvalidValueError: `days` is below 1, `now` has no time zone, or the encoder gave vectors of a wrong shape.
    """
    if days < 1:
        raise InvalidValueError("days", days, "1 or more")
    if now.tzinfo is None:
        raise InvalidValueError("now", now, "a moment with its time zone")
    start = now - timedelta(days=days)
    recent = now - timedelta(days=RECENT_DAYS)
    earlier = recent - timedelta(days=EARLIER_DAYS)
    with database.read() as session:
        scripts = read_scripts(session, tenant_id)
        exposures = read_exposures(session, tenant_id)
        asked = read_asked(session, tenant_id, start, now)
        windows = read_windows(session, tenant_id, earlier, recent, now)
        sales = read_windows(session, tenant_id, earlier, recent, now, outcome=PURCHASE)
        weeks = [
            read_week(session, tenant_id, start, now),
            read_week(session, tenant_id, start - timedelta(days=days), start),
        ]
        candidates = read_candidates(session, tenant_id, start, now)
    encode = remembering(encode)
    live = {script.script_id for script in scripts}
    return Digest(
        start=start,
        end=now,
        week=weeks[0],
        week_before=weeks[1],
        coverage=coverage_gaps(asked, encode, mask),
        decayed=decayed([one for one in windows if one.script_id in live]),
        decayed_sales=decayed([one for one in sales if one.script_id in live]),
        conflicts=conflicts(scripts, encode),
        duplicates=same_answers(scripts, encode),
        same_question=same_question_other_answer(scripts, encode),
        never_accepted=never_accepted(scripts, exposures),
        never_shown=never_shown(scripts, exposures, now=now),
        expiring=expiring(scripts, now=now),
        expired=expired(scripts, now=now),
        orphan_slots=orphan_slots(scripts, FILLABLE),
        candidates=candidates,
    )


def read_week(session: Session, tenant_id: str, since: datetime, until: datetime) -> Week:
    """What happened to the messages from `since` until before `until`, small talk and the like aside."""
    made = col(SuggestionSet.at)
    asked_something = col(SuggestionSet.message) != ""
    within = (col(SuggestionSet.tenant_id) == tenant_id, made >= since, made < until, asked_something)
    reason = col(SuggestionSet.abstain_reason)
    reasons = session.execute(select(reason, func.count()).where(*within).group_by(reason)).all()
    asked = [(why, n) for why, n in reasons if not why.startswith(NOT_ASKED)]
    kinds, n_inferred = _decision_counts(session, within)
    return Week(
        n_messages=sum(n for _, n in asked),
        n_abstained=sum(n for why, n in asked if why),
        n_accepted=kinds[DecisionKind.ACCEPT],
        n_edited=kinds[DecisionKind.EDIT],
        n_dismissed=kinds[DecisionKind.DISMISS],
        n_ignored=kinds[DecisionKind.IGNORE],
        n_freehand=kinds[DecisionKind.FREEHAND],
        n_inferred=n_inferred,
        outcomes=_outcome_counts(session, within),
    )


def read_candidates(session: Session, tenant_id: str, since: datetime, until: datetime) -> dict[str, int]:
    """How many mined candidates came in, by what their evidence says of them."""
    query = select(col(Candidate.evidence)).where(
        col(Candidate.tenant_id) == tenant_id,
        col(Candidate.source) == CandidateSource.MINED,
        col(Candidate.created_at) >= since,
        col(Candidate.created_at) < until,
    )
    verdicts = Counter(str(evidence.get("verdict") or NOT_MEASURED) for evidence in session.execute(query).scalars())
    return dict(sorted(verdicts.items()))


def _decision_counts(session: Session, within: Sequence[ColumnElement[bool]]) -> tuple[Counter[DecisionKind], int]:
    """The sets with each kind of decision on their replies, and how many of these were inferred."""
    query = (
        select(col(Decision.kind), col(Decision.source), func.count(func.distinct(col(Decision.set_id))))
        .join(
            SuggestionSet,
            (col(SuggestionSet.tenant_id) == col(Decision.tenant_id)) & (col(SuggestionSet.id) == col(Decision.set_id)),
        )
        .where(*within, col(Decision.item_kind) == "reply", col(Decision.undone_at).is_(None))
        .group_by(col(Decision.kind), col(Decision.source))
    )
    kinds: Counter[DecisionKind] = Counter()
    n_inferred = 0
    for kind, source, n in session.execute(query):
        kinds[kind] += n
        n_inferred += n if source == INFERRED else 0
    return kinds, n_inferred


def _outcome_counts(session: Session, within: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    """The sets that each kind of outcome followed."""
    query = (
        select(col(Outcome.kind), func.count(func.distinct(col(Outcome.set_id))))
        .join(
            SuggestionSet,
            (col(SuggestionSet.tenant_id) == col(Outcome.tenant_id)) & (col(SuggestionSet.id) == col(Outcome.set_id)),
        )
        .where(*within, col(Outcome.value) > 0)
        .group_by(col(Outcome.kind))
        .order_by(col(Outcome.kind))
    )
    return {kind: n for kind, n in session.execute(query)}  # noqa: C416 - rows are no pairs to a type checker


def _plain(value: object) -> object:
    """The value in what JSON has."""
    if isinstance(value, Mapping):
        return {_key(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _key(key: object) -> str:
    return key.value if isinstance(key, StrEnum) else str(key)
