"""What a shadow policy would have done otherwise, summed over the messages it saw."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlmodel import Session, col

from eval.errors import NothingMeasuredError
from eval.statistics.bootstrap import mean_estimates
from eval.statistics.estimate import Estimate
from knowledge.database import Database
from knowledge.tables import Decision, DecisionKind, ShadowRanking, SuggestionSet

DEPTH = 3
"""Replies compared of each order, as many as an agent sees."""
SHARE = (0.0, 1.0)

_SAME_SET = (col(SuggestionSet.tenant_id) == col(ShadowRanking.tenant_id)) & (
    col(SuggestionSet.id) == col(ShadowRanking.set_id)
)


@dataclass(frozen=True)
class Differences:
    """One message; each number is NaN where there is nothing to compare.

    Attributes:
        served_silent: 1 when the serving policy showed nothing.
        shadow_silent: 1 when the shadow would have shown nothing.
        abstention_differs: 1 when only one of them showed something.
        other_first_reply: 1 when the first replies differ; where one is silent they do, where both are it is NaN.
        overlap_at_3: Replies shown by both, over those shown by the one that shows more, of the first three.
        accepted_higher: 1 when the reply that the agent sent stood higher in the shadow's order than in the one shown.
        accepted_lower: 1 when it stood lower, or was not among the shadow's first ten.
    """

    served_silent: float
    shadow_silent: float
    abstention_differs: float
    other_first_reply: float
    overlap_at_3: float
    accepted_higher: float
    accepted_lower: float


@dataclass(frozen=True)
class ShadowReport:
    """A shadow's differences in mean, resampled by customer, or by conversation where the customer is unknown."""

    version: str
    served_policies: tuple[str, ...]
    n: int
    n_clusters: int
    first_at: datetime
    last_at: datetime
    metrics: Mapping[str, Estimate]

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "version": self.version,
            "served_policies": list(self.served_policies),
            "n": self.n,
            "n_clusters": self.n_clusters,
            "from": self.first_at.isoformat(),
            "to": self.last_at.isoformat(),
            "metrics": {name: estimate.to_dict() for name, estimate in self.metrics.items()},
        }


def latest_shadow(database: Database, tenant_id: str) -> str | None:
    """The version of the shadow that saw the last message; nothing when none saw any."""
    query = (
        select(col(ShadowRanking.shadow_version))
        .join(SuggestionSet, _SAME_SET)
        .where(col(ShadowRanking.tenant_id) == tenant_id)
        .order_by(col(SuggestionSet.at).desc(), col(SuggestionSet.id))
        .limit(1)
    )
    with database.read() as session:
        found: str | None = session.execute(query).scalar()
    return found


def measure_shadow(database: Database, tenant_id: str, version: str, rng: np.random.Generator) -> ShadowReport:
    """What a shadow would have done otherwise.

    Raises:
        NothingMeasuredError: it has not seen any message.
    """
    rows: list[tuple[float, ...]] = []
    clusters: list[str] = []
    policies: set[str] = set()
    times: list[datetime] = []
    with database.read() as session:
        for ranking, shown, taken in _recorded(session, tenant_id, version):
            found = differences(_ids(ranking.served), _ids(ranking.shadow), taken, n_shown=ranking.n_shown)
            rows.append(tuple(getattr(found, one.name) for one in fields(found)))
            clusters.append(shown.customer_id or shown.conversation_id or shown.id)
            policies.add(shown.policy_version)
            times.append(shown.at)
    if not rows:
        raise NothingMeasuredError(f"shadow {version} has not seen any message yet; is a server running with it?")
    metrics = _estimates(np.array(rows), clusters, rng)
    return ShadowReport(
        version, tuple(sorted(policies)), len(rows), len(set(clusters)), min(times), max(times), metrics
    )


def differences(served: Sequence[str], shadow: Sequence[str], taken: str | None, *, n_shown: int) -> Differences:
    """What differs between two orders of replies, best first, of which `n_shown` are shown; an agent sent `taken`."""
    ours, theirs = served[:n_shown], shadow[:n_shown]
    both_silent = not ours and not theirs
    common = len(set(ours[:DEPTH]) & set(theirs[:DEPTH]))
    longest = min(DEPTH, max(len(ours), len(theirs)))
    before = served.index(taken) if taken in served else math.nan
    after = shadow.index(taken) if taken in shadow else len(shadow) + len(served)  # behind whatever is known
    moved = not math.isnan(before)
    return Differences(
        served_silent=float(not ours),
        shadow_silent=float(not theirs),
        abstention_differs=float(bool(ours) != bool(theirs)),
        other_first_reply=math.nan if both_silent else float(ours[:1] != theirs[:1]),
        overlap_at_3=math.nan if both_silent else common / longest,
        accepted_higher=float(after < before) if moved else math.nan,
        accepted_lower=float(after > before) if moved else math.nan,
    )


def _estimates(rows: NDArray[np.float64], clusters: Sequence[str], rng: np.random.Generator) -> dict[str, Estimate]:
    """Each number that any message has, with its interval."""
    names = [one.name for one in fields(Differences)]
    known = [column for column in range(len(names)) if not np.isnan(rows[:, column]).all()]
    estimates = mean_estimates(rows[:, known], clusters, rng, limits=[SHARE] * len(known))
    return {names[column]: estimate for column, estimate in zip(known, estimates, strict=True)}


def _recorded(
    session: Session, tenant_id: str, version: str
) -> Iterator[tuple[ShadowRanking, SuggestionSet, str | None]]:
    """Every message a shadow saw, oldest first, and the script that the agent sent last, if any."""
    taken = {row.set_id: row.item_id for row in session.execute(_taken(tenant_id, version))}
    query = (
        select(ShadowRanking, SuggestionSet)
        .join(SuggestionSet, _SAME_SET)
        .where(col(ShadowRanking.tenant_id) == tenant_id, col(ShadowRanking.shadow_version) == version)
        .order_by(col(SuggestionSet.at), col(SuggestionSet.id))
        .execution_options(yield_per=1000)
    )
    for ranking, shown in session.execute(query):
        yield ranking, shown, taken.get(ranking.set_id)


def _taken(tenant_id: str, version: str) -> Select[str, str | None]:
    """Set and script of the decisions to send a reply, the last of a set last."""
    return (
        select(col(Decision.set_id), col(Decision.item_id))
        .join(
            ShadowRanking,
            (col(ShadowRanking.tenant_id) == col(Decision.tenant_id))
            & (col(ShadowRanking.set_id) == col(Decision.set_id)),
        )
        .where(
            col(Decision.tenant_id) == tenant_id,
            col(ShadowRanking.shadow_version) == version,
            col(Decision.item_kind) == "reply",
            col(Decision.kind).in_([DecisionKind.ACCEPT, DecisionKind.EDIT]),
            col(Decision.undone_at).is_(None),
        )
        .order_by(col(Decision.at), col(Decision.id))
    )


def _ids(standings: Sequence[Mapping[str, Any]]) -> list[str]:
    return [one["script_id"] for one in standings]
