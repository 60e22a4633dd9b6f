"""Decided sets from the workspace's own database."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.cards import Use
from copilot.engine.past import PastReader
from copilot.engine.policy import REPLY_FEATURES, Policy, ReplyWeights
from copilot.training.log import DecisionLog
from knowledge.database import Database
from knowledge.tables import INFERRED, Decision, DecisionKind, Suggestion, SuggestionSet
from models.rankers.slates import Slates

TAKING = (DecisionKind.ACCEPT, DecisionKind.EDIT)
SOURCE = "workspace"
ID_BATCH = 500


@dataclass(frozen=True)
class _Row:
    """One reply that was shown, with the weights of the policy that showed it taken out of its contributions."""

    item_id: str
    features: Sequence[float]
    taken: bool
    propensities: Sequence[float]
    use: tuple[int, int]


@dataclass(frozen=True)
class _Set:
    set_id: str
    at: datetime
    group: str
    rows: Sequence[_Row]


def read_workspace_log(
    database: Database, tenant_id: str, serving: Policy, others: Iterable[Policy] = ()
) -> DecisionLog:
    """Every set that showed replies and was decided on, in the order of time.

    The log holds contributions; the features are these over the weights of the policy that made them. So sets of a
    policy that is neither `serving` nor among `others` are left out, and so are sets of one that gives no weight to a
    feature that counts in the serving policy.
    """
    weights = {one.version: one.reply for one in (*others, serving)}
    left_out: Counter[str] = Counter()
    sets: list[_Set] = []
    with database.read() as session:
        last = _last_decisions(session, tenant_id)
        past = PastReader(database, tenant_id)
        for shown, suggestions in _shown(session, tenant_id, sorted(last)):
            reason = _unreadable(shown, weights, serving.reply)
            if reason:
                left_out[reason] += 1
                continue
            sets.append(_set(session, shown, suggestions, last[shown.id], weights[shown.policy_version], past))
    sets.sort(key=lambda one: (one.at, one.set_id))
    return _as_log(sets, left_out)


def _last_decisions(session: Session, tenant_id: str) -> Mapping[str, Decision]:
    """The last decision an agent took on the replies of each set; of two at one moment the one with the smaller id."""
    query = select(Decision).where(
        col(Decision.tenant_id) == tenant_id,
        col(Decision.item_kind) == "reply",
        col(Decision.kind) != DecisionKind.STALE,
        col(Decision.source) != INFERRED,
        col(Decision.undone_at).is_(None),
    )
    ordered = query.order_by(col(Decision.at), col(Decision.id).desc())
    return {one.set_id: one for one in session.execute(ordered).scalars()}


def _shown(
    session: Session, tenant_id: str, set_ids: Sequence[str]
) -> Iterator[tuple[SuggestionSet, Sequence[Suggestion]]]:
    """The sets that showed replies, with these, best first."""
    for start in range(0, len(set_ids), ID_BATCH):
        batch = set_ids[start : start + ID_BATCH]
        replies: dict[str, list[Suggestion]] = defaultdict(list)
        query = select(Suggestion).where(
            col(Suggestion.tenant_id) == tenant_id, col(Suggestion.set_id).in_(batch), col(Suggestion.kind) == "reply"
        )
        for one in session.execute(query.order_by(col(Suggestion.set_id), col(Suggestion.rank))).scalars():
            replies[one.set_id].append(one)
        sets = select(SuggestionSet).where(
            col(SuggestionSet.tenant_id) == tenant_id, col(SuggestionSet.id).in_(list(replies))
        )
        for shown in session.execute(sets).scalars():
            yield shown, replies[shown.id]


def _unreadable(shown: SuggestionSet, weights: Mapping[str, ReplyWeights], serving: ReplyWeights) -> str:
    """Why the features of a set cannot be had; empty when they can."""
    if not shown.message:
        return "made before the customer had written"
    found = weights.get(shown.policy_version)
    if found is None:
        return f"shown by policy {shown.policy_version}, which is not at hand"
    nothing = [name for name in REPLY_FEATURES if getattr(found, name) == 0 != getattr(serving, name)]
    return f"shown by policy {shown.policy_version}, which gives {nothing[0]} no weight" if nothing else ""


def _set(
    session: Session,
    shown: SuggestionSet,
    suggestions: Sequence[Suggestion],
    decision: Decision,
    weights: ReplyWeights,
    past: PastReader,
) -> _Set:
    could = {str(one["script_id"]): one["propensities"] for one in shown.candidates}
    uses = past.use(session, [one.item_id for one in suggestions], None, shown.at)
    taken = decision.rank if decision.kind in TAKING else None
    rows = [
        _Row(
            item_id=one.item_id,
            features=[one.features.get(name, 0.0) / (getattr(weights, name) or 1.0) for name in REPLY_FEATURES],
            taken=one.rank == taken,
            propensities=could.get(one.item_id) or [float(place == at) for at in range(len(suggestions))],
            use=_counts(uses.get(one.item_id)),
        )
        for place, one in enumerate(suggestions)
    ]
    return _Set(shown.id, shown.at, shown.conversation_id or shown.id, rows)


def _counts(use: Use | None) -> tuple[int, int]:
    return (use.n_shown, use.n_accepted) if use else (0, 0)


def _as_log(sets: Sequence[_Set], left_out: Mapping[str, int]) -> DecisionLog:
    rows = [row for one in sets for row in one.rows]
    n_places = max((len(row.propensities) for row in rows), default=1)
    slate = np.repeat(np.arange(len(sets)), [len(one.rows) for one in sets])
    features = np.array([row.features for row in rows], np.float64).reshape(len(rows), len(REPLY_FEATURES))
    propensities = np.zeros((len(rows), n_places))
    for number, row in enumerate(rows):
        propensities[number, : len(row.propensities)] = row.propensities
    known: dict[str, int] = {}
    groups = [known.setdefault(one.group, len(known)) for one in sets]
    return DecisionLog(
        source=SOURCE,
        data_hash=_digest(sets),
        slates=Slates(features, slate.astype(np.intp), np.array([row.taken for row in rows], np.bool_)),
        set_ids=[one.set_id for one in sets],
        item_ids=[row.item_id for row in rows],
        propensities=propensities,
        groups=np.array(groups, np.intp),
        uses=np.array([row.use for row in rows], np.float64).reshape(len(rows), 2),
        left_out=dict(sorted(left_out.items())),
    )


def _digest(sets: Sequence[_Set]) -> str:
    digest = hashlib.sha256()
    for one in sets:
        rows: list[Any] = [[row.item_id, row.features, row.taken, row.propensities, row.use] for row in one.rows]
        digest.update(json.dumps([one.set_id, one.group, rows]).encode())
    return digest.hexdigest()
