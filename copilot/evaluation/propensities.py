"""The workspace's log as decisions with propensities, beside what another policy would have shown."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.errors import NotReadyError
from copilot.evaluation.log import LogTurns
from copilot.evaluation.running import Progress, RunOptions, run_turns
from copilot.settings import Settings
from eval.runs.run import Run
from knowledge.database import Database
from knowledge.tables import Decision, DecisionKind, Suggestion, SuggestionSet
from knowledge.workspace import Workspace

NOTHING = "none"
"""Stands where a list has ended."""
ID_BATCH = 500
Row = dict[str, object]


@dataclass(frozen=True)
class _Shown:
    """One logged set: what stood at each rank, what could have, and which ranks were taken."""

    shown: SuggestionSet
    items: Sequence[str]
    taken: frozenset[int]

    def rows(self, target: Sequence[str]) -> Iterator[Row]:
        """One row a candidate and rank; `target` is what the other policy shows, best first."""
        could = {str(one["script_id"]): one for one in self.shown.candidates}
        same_slate = list(self.items) == list(target[: len(self.items)])
        for place, item in enumerate(self.items):
            wanted = target[place] if place < len(target) else NOTHING
            at_rank = {name: one["propensities"][place] for name, one in could.items() if one["propensities"][place]}
            after = {name: one["conditional_propensities"][place] for name, one in could.items()}
            at_rank = at_rank or {item: 1.0}
            for candidate in dict.fromkeys([*at_rank, wanted]):
                is_shown = candidate == item
                yield {
                    "round_id": self.shown.id,
                    "position": place + 1,
                    "item_id": candidate,
                    "shown": is_shown,
                    "reward": float(place + 1 in self.taken) if is_shown else None,
                    "propensity": at_rank.get(candidate, 0.0),
                    "target_propensity": float(candidate == wanted),
                    "conditional_propensity": after.get(candidate, float(not could and is_shown)),
                    "target_conditional_propensity": float(candidate == wanted),
                    "slate_propensity": self.shown.slate_propensity,
                    "target_slate_propensity": float(same_slate),
                    "cluster_id": self.shown.customer_id or self.shown.conversation_id or self.shown.id,
                }


def export_decisions(settings: Settings, options: RunOptions, out: Path, progress: Progress) -> int:
    """Write every logged set that agents decided on, with its propensities, and those of a policy; how many there were.

    Rewards are 1 where the agent sent the suggestion, edited or not. The policy shows one list for certain.

    Raises:
        NotReadyError: the log has no set that was shown while the policy explored, so it cannot tell.
        BadRequestError: nothing was ever decided on.
    """
    workspace = Workspace.open(settings.workspace, settings.database_url)
    try:
        run = run_turns(settings, LogTurns(workspace.database, settings.tenant), options, progress)
        return _write(workspace.database, settings.tenant, run, out)
    finally:
        workspace.close()


def _write(database: Database, tenant_id: str, run: Run, out: Path) -> int:
    targets = {
        query_id: [reply["item_id"] for reply in replies or ()]
        for query_id, replies in zip(run.query_ids, run.table["replies"].to_pylist(), strict=True)
    }
    n_sets = n_explored = 0
    with database.read() as session, out.open("w", encoding="utf-8") as file:
        for one in _logged(session, tenant_id, list(targets)):
            n_sets += 1
            n_explored += any(0.0 < rank < 1.0 for item in one.shown.candidates for rank in item["propensities"])
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in one.rows(targets[one.shown.id]))
    if not n_explored:
        raise NotReadyError(
            f"none of the {n_sets:,} logged sets could have been shown otherwise, so the log cannot tell what another "
            "policy would have earned; set exploration.rate in the policy first"
        )
    return n_sets


def _logged(session: Session, tenant_id: str, set_ids: Sequence[str]) -> Iterator[_Shown]:
    """The sets that showed anything, in the order asked for."""
    for start in range(0, len(set_ids), ID_BATCH):
        batch = set_ids[start : start + ID_BATCH]
        sets = {
            one.id: one
            for one in session.execute(
                select(SuggestionSet).where(col(SuggestionSet.tenant_id) == tenant_id, col(SuggestionSet.id).in_(batch))
            ).scalars()
        }
        items, taken = _items(session, tenant_id, batch), _taken(session, tenant_id, batch)
        for set_id in batch:
            if items[set_id]:
                yield _Shown(sets[set_id], items[set_id], frozenset(taken[set_id]))


def _items(session: Session, tenant_id: str, set_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """The replies of each set, best first."""
    query = (
        select(col(Suggestion.set_id), col(Suggestion.item_id))
        .where(
            col(Suggestion.tenant_id) == tenant_id,
            col(Suggestion.set_id).in_(set_ids),
            col(Suggestion.kind) == "reply",
        )
        .order_by(col(Suggestion.set_id), col(Suggestion.rank))
    )
    found: dict[str, list[str]] = defaultdict(list)
    for set_id, item_id in session.execute(query):
        found[set_id].append(item_id)
    return found


def _taken(session: Session, tenant_id: str, set_ids: Sequence[str]) -> Mapping[str, set[int]]:
    """The ranks of each set that were sent."""
    query = select(col(Decision.set_id), col(Decision.rank)).where(
        col(Decision.tenant_id) == tenant_id,
        col(Decision.set_id).in_(set_ids),
        col(Decision.item_kind) == "reply",
        col(Decision.rank).is_not(None),
        col(Decision.kind).in_([DecisionKind.ACCEPT, DecisionKind.EDIT]),
        col(Decision.undone_at).is_(None),
    )
    found: dict[str, set[int]] = defaultdict(set)
    for set_id, rank in session.execute(query):
        found[set_id].add(rank)
    return found
