"""`copilot eval replay`: logged turns through another policy, and what would have been suggested instead."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlmodel import col

from copilot.evaluation.log import LogTurns
from copilot.evaluation.running import Progress, RunOptions, run_turns
from copilot.evaluation.table import DETACHED
from copilot.settings import Settings
from eval.runs.changes import Changes, changes_between
from eval.runs.run import COLUMNS, Run
from knowledge.database import Database
from knowledge.tables import Suggestion
from knowledge.workspace import Workspace

ID_BATCH = 500
SHOWN = "shown"
"""The id of what was really shown, seen as a run."""


def replay_log(
    settings: Settings, options: RunOptions, slices: Sequence[str], progress: Progress
) -> tuple[Run, Changes]:
    """The run of a policy over the logged turns, and how it differs from what was shown then.

    Raises:
        NotReadyError: the encoder cannot be loaded.
        BadRequestError: nothing was ever decided on.
    """
    workspace = Workspace.open(settings.workspace, settings.database_url)
    try:
        source = LogTurns(workspace.database, settings.tenant)
        after = run_turns(settings, source, options, progress)
        before = shown_run(workspace.database, settings.tenant, after.query_ids)
        return after, changes_between(before, after, slices)
    finally:
        workspace.close()


def shown_run(database: Database, tenant_id: str, set_ids: Sequence[str]) -> Run:
    """The suggestion sets of the log as a run, in the order asked for."""
    replies: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with database.read() as session:
        for start in range(0, len(set_ids), ID_BATCH):
            query = (
                select(Suggestion)
                .where(
                    col(Suggestion.tenant_id) == tenant_id,
                    col(Suggestion.set_id).in_(set_ids[start : start + ID_BATCH]),
                    col(Suggestion.kind) == "reply",
                )
                .order_by(col(Suggestion.set_id), col(Suggestion.rank))
            )
            for one in session.execute(query).scalars():
                replies[one.set_id].append(_ranked(one))
    rows = [{"query_id": set_id, "replies": replies[set_id]} for set_id in set_ids]
    return Run(DETACHED, {"run_id": SHOWN}, pa.Table.from_pylist(rows, COLUMNS))


def _ranked(one: Suggestion) -> dict[str, Any]:
    return {
        "item_id": one.item_id,
        "version": one.item_version,
        "text": one.text,
        "score": one.score,
        "probability": one.probability,
        "why": [{"feature": name, "contribution": amount} for name, amount in one.features.items()],
    }
