"""What is wrong with the scripts of a library, as findings that somebody can settle one by one."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from copilot.engine.rendering import FILLABLE
from copilot.mining.digest import EARLIER_DAYS, RECENT_DAYS
from copilot.mining.health import PURCHASE, read_exposures, read_scripts, read_windows
from knowledge.duplicates.near import Encode, remembering
from knowledge.health.conflicts import conflicts
from knowledge.health.dead import expired, expiring, never_accepted, never_shown, orphan_slots
from knowledge.health.decay import Decayed, decayed
from knowledge.health.repeats import same_answers, same_question_other_answer
from knowledge.health.rows import Exposure, LibraryScript, TwoWindows
from knowledge.tables import Script, ScriptVersion


class Kind(StrEnum):
    """What can be wrong, what matters most first."""

    CONFLICT = "conflict"
    ORPHAN_SLOTS = "orphan_slots"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    DECAYED_SALES = "decayed_sales"
    DECAYED = "decayed"
    NEVER_ACCEPTED = "never_accepted"
    DUPLICATE = "duplicate"
    SAME_QUESTION = "same_question"
    NEVER_SHOWN = "never_shown"


URGENCY: Final = {kind: place for place, kind in enumerate(Kind)}
USED_KINDS: Final = (Kind.DECAYED_SALES, Kind.DECAYED, Kind.NEVER_ACCEPTED, Kind.NEVER_SHOWN)
"""What the records of use tell."""
COMPARED_KINDS: Final = (Kind.CONFLICT, Kind.DUPLICATE, Kind.SAME_QUESTION)
"""What comparing every script with every other tells."""


@dataclass(frozen=True)
class Fall:
    """A rate before and now, and what to expect of the change (see `knowledge.health.decay`)."""

    earlier: float
    n_earlier: int
    recent: float
    n_recent: int
    shrunk: float


@dataclass(frozen=True)
class Finding:
    """Something wrong with one script, or between several; `said` holds what each of two states against the other."""

    kind: Kind
    script_ids: tuple[str, ...]
    n_shown: int = 0
    valid_to: datetime | None = None
    slots: tuple[str, ...] = ()
    question: str = ""
    said: tuple[str, ...] = ()
    similarities: tuple[float, ...] = ()
    fall: Fall | None = None


@dataclass(frozen=True)
class ScriptFacts:
    """What the desk shows of a live script beside a finding."""

    script_id: str
    title: str
    owner: str
    version: int
    latest_version: int
    text: str
    stages: tuple[str, ...]

    @property
    def has_draft(self) -> bool:
        """Whether a newer version waits that is not live."""
        return self.latest_version != self.version


@dataclass(frozen=True)
class Library:
    """The live scripts at one moment."""

    scripts: Sequence[LibraryScript]
    facts: Mapping[str, ScriptFacts]

    def versions_of(self, finding: Finding) -> tuple[tuple[str, int], ...] | None:
        """The live versions that a finding is about; nothing when one of its scripts is live no more."""
        if not all(one in self.facts for one in finding.script_ids):
            return None
        return tuple((one, self.facts[one].version) for one in finding.script_ids)

    def id_of(self, finding: Finding) -> str:
        """Names a finding as long as its scripts say what they say."""
        told = (finding.kind.value, self.versions_of(finding), finding.said)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Use:
    """How the scripts were used: since records began, and in an earlier and a recent window."""

    exposures: Sequence[Exposure] = ()
    windows: Sequence[TwoWindows] = ()
    sales: Sequence[TwoWindows] = ()


@dataclass(frozen=True)
class Seen:
    """Findings, and the versions of the scripts they were found in."""

    findings: Sequence[Finding] = ()
    versions: Mapping[str, int] = field(default_factory=dict)


def library_stamp(session: Session, tenant_id: str) -> tuple[object, ...]:
    """Changes whenever a script is written, published or retired."""
    query = select(func.count(), func.count(col(Script.live_version)), func.max(col(Script.updated_at)))
    return tuple(session.execute(query.where(col(Script.tenant_id) == tenant_id)).one())


def read_library(session: Session, tenant_id: str) -> Library:
    """The live scripts, ordered by id."""
    same = (col(ScriptVersion.tenant_id) == col(Script.tenant_id)) & (col(ScriptVersion.script_id) == col(Script.id))
    query = (
        select(Script, ScriptVersion)
        .join(ScriptVersion, same & (col(ScriptVersion.version) == col(Script.live_version)))
        .where(col(Script.tenant_id) == tenant_id)
    )
    facts = {
        script.id: ScriptFacts(
            script.id,
            script.title,
            script.owner,
            version.version,
            script.latest_version,
            version.text,
            tuple(version.stages),
        )
        for script, version in session.execute(query)
    }
    return Library(read_scripts(session, tenant_id), facts)


def read_use(session: Session, tenant_id: str, now: datetime) -> Use:
    """How scripts were used, read from all that was suggested; decay compares four weeks with the twelve before."""
    recent = now - timedelta(days=RECENT_DAYS)
    earlier = recent - timedelta(days=EARLIER_DAYS)
    return Use(
        read_exposures(session, tenant_id),
        read_windows(session, tenant_id, earlier, recent, now),
        read_windows(session, tenant_id, earlier, recent, now, outcome=PURCHASE),
    )


def dated_findings(library: Library, now: datetime) -> list[Finding]:
    """What can be told from the scripts and the calendar alone, in no time."""
    found = [
        Finding(Kind.EXPIRED, (one.script_id,), valid_to=one.valid_to) for one in expired(library.scripts, now=now)
    ]
    found += [
        Finding(Kind.EXPIRING, (one.script_id,), valid_to=one.valid_to) for one in expiring(library.scripts, now=now)
    ]
    orphans = orphan_slots(library.scripts, FILLABLE)
    return found + [Finding(Kind.ORPHAN_SLOTS, (one.script_id,), slots=one.slots) for one in orphans]


def used_findings(library: Library, use: Use, now: datetime) -> Seen:
    """What the records of use tell: scripts never shown, never accepted, or accepted less and less."""
    found = [
        Finding(Kind.NEVER_ACCEPTED, (one.script_id,), one.n_shown)
        for one in never_accepted(library.scripts, use.exposures)
    ]
    found += [
        Finding(Kind.NEVER_SHOWN, (one.script_id,)) for one in never_shown(library.scripts, use.exposures, now=now)
    ]
    shown = {one.script_id: one.n_shown for one in use.exposures}
    for kind, windows in ((Kind.DECAYED, use.windows), (Kind.DECAYED_SALES, use.sales)):
        fallen = decayed([one for one in windows if one.script_id in library.facts])
        found += [Finding(kind, (one.script_id,), shown.get(one.script_id, 0), fall=_fall(one)) for one in fallen]
    return Seen(found, _versions(library))


def compared_findings(library: Library, encode: Encode) -> Seen:
    """What only shows when every script is compared with every other; costs milliseconds a text that is new."""
    encode = remembering(encode)
    found = [
        Finding(Kind.CONFLICT, (one.left_id, one.right_id), question=one.question, said=(one.left, one.right))
        for one in conflicts(library.scripts, encode)
    ]
    found += [
        Finding(Kind.DUPLICATE, one.script_ids, similarities=one.similarities)
        for one in same_answers(library.scripts, encode)
    ]
    found += [
        Finding(Kind.SAME_QUESTION, (one.left_id, one.right_id), question=one.question)
        for one in same_question_other_answer(library.scripts, encode)
    ]
    return Seen(found, _versions(library))


def still_true(seen: Seen, library: Library) -> list[Finding]:
    """The findings whose scripts are all still live and say what they said."""
    return [
        one
        for one in seen.findings
        if all(
            script_id in library.facts and library.facts[script_id].version == seen.versions.get(script_id)
            for script_id in one.script_ids
        )
    ]


def by_urgency(findings: Iterable[Finding], n_shown: Mapping[str, int]) -> list[Finding]:
    """What matters most first: by kind, then what ends first, then what customers get to read most."""

    def order(one: Finding) -> tuple[object, ...]:
        shown = sum(n_shown.get(script_id, 0) for script_id in one.script_ids)
        ends = one.valid_to.timestamp() if one.valid_to else 0.0
        return URGENCY[one.kind], ends, -shown, one.script_ids, one.said

    return sorted(findings, key=order)


def _versions(library: Library) -> dict[str, int]:
    return {script_id: one.version for script_id, one in library.facts.items()}


def _fall(one: Decayed) -> Fall:
    return Fall(one.earlier_rate, one.earlier.n, one.recent_rate, one.recent.n, one.shrunk)
