"""What customers ask and nothing answers, with the scripts that agents asked for among it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.mining.health import read_asked
from knowledge.duplicates.near import Encode
from knowledge.health.gaps import Coverage, Gap, Mask, coverage_gaps
from knowledge.health.rows import Asked, LibraryScript, Unanswered
from knowledge.tables import Candidate, CandidateSource, CandidateStatus
from knowledge.text import canonical

N_TRIGGERS = 8


@dataclass(frozen=True)
class OpenGap:
    """A gap, and the live script that has its most frequent message as a trigger, where there is one.

    It is answered when that script went live after the last message; otherwise the script is what did not serve.
    """

    gap: Gap
    script_id: str = ""
    is_answered: bool = False


@dataclass(frozen=True)
class Gaps:
    """The gaps, most messages first, those that were answered since at the end."""

    found: Sequence[OpenGap]
    n_messages: int
    n_without_words: int
    n_left_out: int

    @property
    def n_open(self) -> int:
        return sum(not one.is_answered for one in self.found)


def read_unanswered(session: Session, tenant_id: str, since: datetime, until: datetime) -> list[Asked]:
    """The messages that no suggestion served, and those for which somebody asked for a script in that time.

    A wish stands for as many of the messages that say the same as it was uttered; where there is none, for one.
    """
    asked = read_asked(session, tenant_id, since, until)
    places: dict[str, list[int]] = {}
    for place, one in enumerate(asked):
        places.setdefault(canonical(one.message), []).append(place)
    for wish in _wishes(session, tenant_id):
        at = _last_uttered(wish)
        if at is None or not since <= at < until:
            continue
        message = wish.triggers[0]
        known = places.get(canonical(message), [])[-_times(wish) :]
        for place in known:
            asked[place] = replace(asked[place], why=Unanswered.REQUESTED)
        if not known:
            asked.append(_asked(wish, message, at))
    return asked


def gaps_of(asked: Iterable[Asked], encode: Encode, mask: Mask) -> Coverage:
    """The gaps of messages asked in vain, each with up to `N_TRIGGERS` triggers."""
    return coverage_gaps(asked, encode, mask, n_triggers=N_TRIGGERS)


def open_gaps(coverage: Coverage, scripts: Sequence[LibraryScript]) -> Gaps:
    """The gaps as they stand beside the scripts that are live by now."""
    by_trigger = {_form(trigger): one for one in scripts for trigger in one.triggers}
    found = [_standing(gap, by_trigger.get(_form(gap.triggers[0]))) for gap in coverage.gaps]
    ordered = sorted(found, key=lambda one: (one.is_answered, -one.gap.n_messages, one.gap.triggers))
    return Gaps(ordered, coverage.n_messages, coverage.n_without_words, coverage.n_left_out)


def _standing(gap: Gap, script: LibraryScript | None) -> OpenGap:
    if script is None:
        return OpenGap(gap)
    is_newer = script.published_at is not None and gap.last_at is not None and script.published_at > gap.last_at
    return OpenGap(gap, script.script_id, is_newer)


@lru_cache(maxsize=50_000)
def _form(text: str) -> str:
    return canonical(text)


def _wishes(session: Session, tenant_id: str) -> list[Candidate]:
    query = select(Candidate).where(
        col(Candidate.tenant_id) == tenant_id,
        col(Candidate.source) == CandidateSource.REQUESTED,
        col(Candidate.status) == CandidateStatus.REQUESTED,
    )
    return [one for one in session.execute(query.order_by(col(Candidate.id))).scalars() if one.triggers]


def _asked(wish: Candidate, message: str, at: datetime) -> Asked:
    conversation_id = wish.evidence.get("conversation_id")
    known = conversation_id if isinstance(conversation_id, str) else None
    return Asked(message, Unanswered.REQUESTED, at, conversation_id=known, stage=wish.stage)


def _times(wish: Candidate) -> int:
    n = wish.evidence.get("n_requests")
    return n if isinstance(n, int) and n > 0 else 1


def _last_uttered(wish: Candidate) -> datetime | None:
    at = wish.evidence.get("last_requested_at")
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
