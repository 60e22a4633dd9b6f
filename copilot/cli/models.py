"""`copilot models`: what there is, what serves, and switching between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import JsonOption, WorkspaceOption, print_json, progress_bar, read_settings
from models.store.artefact import Kind

if TYPE_CHECKING:
    from copilot.evaluation.shadowing import ShadowReport
    from copilot.settings import Settings
    from copilot.switching import ModelDesk
    from models.store.artefact import Artefact
    from models.store.standing import Standing, Switch
    from models.store.store import ModelStore

app = typer.Typer(
    help="Trained encoders, rankers and recommenders: keep them, switch between them, try one silently.",
    no_args_is_help=True,
)


KindArgument = Annotated[Kind, typer.Argument(help="encoder, ranker or recommender.")]
VersionArgument = Annotated[str, typer.Argument(help="A version that `copilot models list` shows, or its beginning.")]
WhyOption = Annotated[str, typer.Option("--why", help="A reason for the history.")]


@app.command("list")
def list_models(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What the store holds, what serves (*), what a rollback returns to (<), and the shadow (~).

    Example: copilot models list
    """
    from models.store.store import ModelStore

    store = ModelStore.in_workspace(read_settings(workspace).workspace)
    if as_json:
        print_json({kind.value: _standing_dict(store, kind) for kind in Kind})
        return
    for kind in Kind:
        _show_kind(store, kind)


@app.command()
def add(
    kind: KindArgument,
    folder: Annotated[Path, typer.Argument(help="What training wrote; a ranker is a folder with policy.json.")],
    note: Annotated[str, typer.Option("--note", help="A remark to keep with it.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a model into the store; nothing serves it yet. The same content is the same version.

    Example: copilot models add encoder models/mine --note "November's chats"
    """
    from copilot.artefacts import CHECKS
    from knowledge.workspace import utc_now
    from models.store.store import ModelStore

    store = ModelStore.in_workspace(read_settings(workspace).workspace)
    artefact, is_new = store.add(kind, folder, check=CHECKS[kind], at=utc_now(), note=note)
    if as_json:
        print_json({**artefact.to_dict(), "folder": str(artefact.folder), "is_new": is_new})
        return
    typer.echo(f"{kind} {artefact.version} ({artefact.name}) {'is in the store' if is_new else 'was there already'}.")
    typer.echo(f"Serve it: copilot models promote {kind} {artefact.version}")


@app.command()
def promote(
    kind: KindArgument,
    version: VersionArgument,
    why: WhyOption = "",
    accept_worse: Annotated[
        bool, typer.Option("--accept-worse", help="Even if its training report says it does not beat its baseline.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a model serve: every byte is checked, it is loaded, and for an encoder the index is built first.

    Example: copilot models promote encoder 3f2a91bc04de --why "R10@1 .58 instead of .34"
    """
    settings = read_settings(workspace)
    with _desk(settings) as desk:
        switch = desk.promote(kind, version, why=why, accept_worse=accept_worse)
    _show_switch(switch, kind, settings, as_json=as_json)


@app.command()
def rollback(
    kind: KindArgument, why: WhyOption = "", workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Return to the model that served before, again and again back to what is built in.

    Example: copilot models rollback encoder
    """
    settings = read_settings(workspace)
    with _desk(settings) as desk:
        switch = desk.roll_back(kind, why=why)
    _show_switch(switch, kind, settings, as_json=as_json)


@app.command()
def shadow(
    kind: Annotated[Kind, typer.Argument(help="ranker.")] = Kind.RANKER,
    version: Annotated[str, typer.Argument(help="A version, or `off`.")] = "",
    report: Annotated[bool, typer.Option("--report", help="Sum up what it would have done otherwise.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resamples that make the intervals.")] = 7,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a ranker order the same candidates silently; what it would have shown is recorded and shown to nobody.

    Example: copilot models shadow ranker 3f2a91bc04de
    """
    from copilot.errors import BadRequestError
    from copilot.switching import require_ranker

    settings = read_settings(workspace)
    require_ranker(kind)
    if report:
        _report(settings, version, seed, as_json=as_json)
        return
    if not version:
        raise BadRequestError("VERSION", version, "a version of the store, `off`, or the option --report")
    with _desk(settings) as desk:
        before = desk.store.end_shadow(kind) if version == "off" else desk.store.standing(kind).shadow
        after = None if version == "off" else desk.set_shadow(kind, version).version
    if as_json:
        print_json({"kind": kind.value, "before": before, "after": after})
        return
    typer.echo(f"{kind} {after} works silently." if after else f"No {kind} works silently any more.")
    _tell_servers()


@app.command()
def verify(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Read every byte of every model in the store; exit code 1 when something is damaged.

    Example: copilot models verify
    """
    from models.store.store import ModelStore

    verdicts = ModelStore.in_workspace(read_settings(workspace).workspace).verify()
    if as_json:
        print_json([{"kind": one.kind.value, "version": one.version, "problem": one.problem} for one in verdicts])
    else:
        for one in verdicts:
            typer.echo(f"{'BAD' if one.problem else 'ok '} {one.kind.value} {one.version} {one.problem}".rstrip())
    if any(one.problem for one in verdicts):
        raise typer.Exit(1)


@app.command()
def remove(
    kind: KindArgument, version: VersionArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Delete a model from the store, unless it serves, is what a rollback returns to, or is the shadow.

    Example: copilot models remove encoder 3f2a91bc04de
    """
    from models.store.store import ModelStore

    removed = ModelStore.in_workspace(read_settings(workspace).workspace).remove(kind, version)
    if as_json:
        print_json({"kind": kind.value, "removed": removed})
    else:
        typer.echo(f"{kind} {removed} is gone.")


@contextmanager
def _desk(settings: "Settings") -> "Iterator[ModelDesk]":
    from copilot.switching import ModelDesk
    from knowledge.workspace import utc_now

    with progress_bar("indexing") as advance:
        yield ModelDesk(settings, utc_now, advance)


def _standing_dict(store: "ModelStore", kind: Kind) -> dict[str, object]:
    standing = store.standing(kind)
    return {
        "serving": standing.serving,
        "line": list(standing.line),
        "shadow": standing.shadow,
        "history": [switch.to_dict() for switch in standing.history],
        "artefacts": [{**one.to_dict(), "folder": str(one.folder)} for one in store.artefacts(kind)],
    }


def _show_kind(store: "ModelStore", kind: Kind) -> None:
    standing, artefacts = store.standing(kind), store.artefacts(kind)
    typer.echo(f"{kind.value}: {standing.serving or 'built in'} serves")
    for one in artefacts:
        size = f"{one.n_bytes / 2**20:,.1f} MB"
        facts = f"{one.version}  {one.added_at:%Y-%m-%d %H:%M}  {size:>10}  {one.name} from {one.source}{_judged(one)}"
        typer.echo(f"  {_mark(standing, one.version)} {facts}{f'  {one.note}' if one.note else ''}")


def _mark(standing: "Standing", version: str) -> str:
    if version == standing.serving:
        return "*"
    if version == standing.shadow:
        return "~"
    return "<" if version in standing.line[-2:] else " "


def _judged(artefact: "Artefact") -> str:
    return {True: ", beats its baseline", False: ", does NOT beat its baseline", None: ""}[artefact.beats_baseline]


def _show_switch(switch: "Switch", kind: Kind, settings: "Settings", *, as_json: bool) -> None:
    overruled = _overruled(kind, settings)
    if as_json:
        print_json({"kind": kind.value, **switch.to_dict(), "changed": switch.changes, "overruled_by": overruled})
        return
    for version in switch.skipped:
        typer.echo(f"! {kind} {version} is damaged and was passed over", err=True)
    after = switch.after or "built in"
    typer.echo(f"{kind}: {after} serves, {'before' if switch.changes else 'as before'}: {switch.before or 'built in'}")
    if overruled:
        typer.echo(f"! {overruled} comes first; without it {after} serves", err=True)
    if switch.changes:
        _tell_servers()


def _overruled(kind: Kind, settings: "Settings") -> str | None:
    """What somebody named explicitly, which comes before anything that is promoted."""
    from copilot.engine.policy_file import POLICY_FILE

    if kind is Kind.ENCODER and settings.names_encoder:
        return f"COPILOT_ENCODER={settings.encoder}"
    if kind is Kind.RANKER and (settings.workspace / POLICY_FILE).is_file():
        return str(settings.workspace / POLICY_FILE)
    return None


def _tell_servers() -> None:
    typer.echo("A server that is running goes on as before; start it again to take this up.")


def _report(settings: "Settings", version: str, seed: int, *, as_json: bool) -> None:
    import numpy as np

    from copilot.evaluation.shadowing import latest_shadow, measure_shadow
    from eval.errors import NothingMeasuredError
    from knowledge.workspace import Workspace
    from models.store.store import ModelStore

    store = ModelStore.in_workspace(settings.workspace)
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        database, tenant_id = opened.database, settings.tenant
        wanted = version and store.get(Kind.RANKER, version).version
        wanted = wanted or store.standing(Kind.RANKER).shadow or latest_shadow(database, tenant_id) or ""
        if not wanted:
            raise NothingMeasuredError("no ranker has worked silently yet; run: copilot models shadow ranker VERSION")
        found = measure_shadow(database, tenant_id, wanted, np.random.default_rng(seed))
    finally:
        opened.close()
    if as_json:
        print_json(found.to_dict())
    else:
        _show_report(found)


def _show_report(report: "ShadowReport") -> None:
    served = ", ".join(report.served_policies)
    typer.echo(
        f"shadow {report.version} beside policy {served}, {report.first_at:%Y-%m-%d} to {report.last_at:%Y-%m-%d}"
    )
    typer.echo(f"{report.n:,} messages; 95 % intervals over {report.n_clusters:,} customers or conversations")
    for name, estimate in report.metrics.items():
        typer.echo(f"  {name:20} {estimate!s:>24}  n={estimate.n:,}")
