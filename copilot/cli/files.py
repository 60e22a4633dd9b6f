"""`copilot init` and `copilot load`: a workspace, and files into it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import EncoderOption, JsonOption, WorkspaceOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from copilot.settings import Settings
    from knowledge.imports.kinds import ImportKind
    from knowledge.imports.report import ImportReport
    from knowledge.workspace import Workspace

SHOWN_REJECTIONS = 20
KINDS = "products, scripts, documents, customers, orders, events or conversations"


def init(
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace, or bring an older one up to date; nothing in it is lost.

    A `shop.json` in it (name, language, teams, agents) says what slots show and who may see whose scripts.

    Example: copilot init --workspace shop
    """
    from copilot.shop import Shop
    from knowledge.workspace import Workspace

    settings = read_settings(workspace)
    made = Workspace.create(settings.workspace, settings.database_url)
    Shop.read(made.folder).register_staff(made.database, settings.tenant)
    revision = made.database.revision()
    made.close()
    if as_json:
        print_json({"workspace": str(settings.workspace), "schema": revision})
    else:
        typer.echo(f"The workspace {settings.workspace} is ready (schema {revision}). Next: copilot load FOLDER")


def convert(
    source: Annotated[str, typer.Argument(help="banking77, dstc11, jddc, risawoz, salesbot, stc3-en, stc3-zh or uss.")],
    folder: Annotated[Path, typer.Argument(help="Where its files are.")],
    out: Annotated[Path, typer.Argument(help="Where to write the files.")],
    as_json: JsonOption = False,
) -> None:
    """Turn a public research data set into files that `copilot load` or `copilot eval` reads.

    Example: copilot convert jddc data/jddc files && copilot load files
    """
    from knowledge.adapters import convert as convert_source

    made = convert_source(source, folder, out)
    if as_json:
        print_json(dict(made.files))
    else:
        for name, n_rows in made.files.items():
            typer.echo(f"{out / name}: {n_rows}")


def load(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of files named after what they hold.")],
    kind: Annotated[str | None, typer.Option("--kind", "-k", help=f"What a single file holds: {KINDS}.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count; write nothing.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a file as a whole when any of its rows is bad.")
    ] = False,
    no_index: Annotated[bool, typer.Option("--no-index", help="Leave building the index for later.")] = False,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load files into the workspace; good rows are kept, bad ones are reported with line, column and reason.

    Loading the same file again changes nothing. Exit code 2 when any row was rejected.

    Example: copilot load products.xlsx --dry-run
    """
    from knowledge.workspace import Workspace

    settings = read_settings(workspace, encoder)
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        with progress_bar("loading") as advance:
            reports = _import(opened, settings, path, kind, dry_run=dry_run, strict=strict, advance=advance)
        changed = any(report.n_added + report.n_changed for report in reports)
        if changed and not dry_run and not no_index:
            _build(settings, opened)
    finally:
        opened.close()
    if as_json:
        print_json([report.to_dict() for report in reports])
    else:
        for report in reports:
            _show(report)
    if any(report.n_rejected for report in reports):
        raise typer.Exit(2)


def _build(settings: "Settings", opened: "Workspace") -> None:
    from copilot.building import build_all

    with progress_bar("indexing") as advance:
        build_all(settings, opened, advance)


def _import(
    opened: "Workspace",
    settings: "Settings",
    path: Path,
    kind: str | None,
    *,
    dry_run: bool,
    strict: bool,
    advance: Callable[[int, int | None, str], None],
) -> list["ImportReport"]:
    from knowledge.imports import ImportKind, import_file, import_folder
    from knowledge.workspace import utc_now

    def progress(kind: ImportKind) -> Callable[[int, int | None], None]:
        return lambda done, total: advance(done, total, kind.value)

    if path.is_dir() and kind is None:
        return import_folder(
            opened.database, settings.tenant, path, now=utc_now, dry_run=dry_run, strict=strict, progress=progress
        )
    wanted = _kind(path, kind)
    report = import_file(
        opened.database,
        settings.tenant,
        wanted,
        path,
        now=utc_now,
        dry_run=dry_run,
        strict=strict,
        progress=progress(wanted),
    )
    return [report]


def _kind(path: Path, kind: str | None) -> "ImportKind":
    """What a file holds: as said, or as its name says."""
    from copilot.errors import BadRequestError
    from knowledge.imports import ImportKind

    wanted = kind or path.name.split(".")[0].lower()
    if wanted not in list(ImportKind):
        raise BadRequestError("--kind" if kind else f"the name of {path}", wanted, KINDS)
    return ImportKind(wanted)


def _show(report: "ImportReport") -> None:
    counts = f"{report.n_added} added, {report.n_changed} changed, {report.n_unchanged} unchanged"
    typer.echo(f"{report.file}: {counts}, {report.n_rejected} rejected ({report.seconds:.1f} s)")
    for column in report.unknown_columns:
        typer.echo(f"  unknown column, left out: {column}")
    for notice in report.warnings:
        examples = f" ({', '.join(notice.examples[:5])})" if notice.examples else ""
        typer.echo(f"  {notice.count} × {notice.name}{examples}")
    for row in report.rejected[:SHOWN_REJECTIONS]:
        typer.echo(f"  {report.file}, {row}", err=True)
    if report.n_rejected > SHOWN_REJECTIONS:
        typer.echo(f"  … and {report.n_rejected - SHOWN_REJECTIONS} more (up to a thousand with --json)", err=True)
    if report.refused:
        typer.echo("  --strict: the file was refused as a whole, nothing was written", err=True)
