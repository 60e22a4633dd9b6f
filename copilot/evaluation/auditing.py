"""The leaks of a run, with the library it could have copied from and the data something was trained on."""

import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from copilot.errors import BadRequestError
from copilot.evaluation.setting import LibraryOf
from copilot.settings import Settings
from eval.datasets.turns import read_turns
from eval.leaks.audit import audit_run
from eval.leaks.leak import Audit
from eval.leaks.sides import Exchange, LibraryText
from eval.runs.run import Run
from knowledge.database import Database
from knowledge.tables import ScriptVersion
from knowledge.workspace import Workspace


def audit(settings: Settings, run: Run, training: Path | None = None) -> Audit:
    """Every leak of a run over turns.

    With the scripts of their own time nothing can be copied from a later answer, so that only a run with the scripts of
    today is compared with the library.

    Raises:
        DataError: the training data is wrong.
    """
    workspace = Workspace.open(settings.workspace, settings.database_url)
    try:
        is_now = run.manifest.get("library_of") == LibraryOf.NOW
        library = list(_library(workspace.database, settings.tenant)) if is_now else []
        known = None if training is None else _exchanges(training)
        return audit_run(run, library=library, training=known)
    finally:
        workspace.close()


def _library(database: Database, tenant_id: str) -> Iterator[LibraryText]:
    """The reply and every trigger of all versions that were ever published."""
    query = select(
        col(ScriptVersion.script_id),
        col(ScriptVersion.text),
        col(ScriptVersion.triggers),
        col(ScriptVersion.published_at),
    ).where(col(ScriptVersion.tenant_id) == tenant_id, col(ScriptVersion.published_at).is_not(None))
    with database.read() as session:
        for script_id, text, triggers, published_at in session.execute(query):
            for one in (text, *triggers):
                yield LibraryText(script_id, one, published_at)


def _exchanges(path: Path) -> Iterator[Exchange]:
    """The exchanges of training pairs, of conversations or of turns."""
    if not _is_pairs(path):
        for turn in read_turns(path).turns():
            yield Exchange(turn.conversation_id, turn.message, turn.sent)
        return
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if line.strip():
                row = json.loads(line)
                yield Exchange(str(row.get("conversation_id") or ""), str(row["message"]), str(row["reply"]))


def _is_pairs(path: Path) -> bool:
    """Whether a file holds rows of message and reply; their contents are not checked any further."""
    if path.is_dir() or path.suffix == ".parquet":
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = json.loads(next((line for line in file if line.strip()), "{}"))
    except (OSError, ValueError) as error:
        raise BadRequestError("--training", str(path), f"JSON Lines in UTF-8 ({error})") from error
    return isinstance(first, dict) and {"message", "reply"} <= first.keys()
