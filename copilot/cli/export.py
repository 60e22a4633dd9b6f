"""`copilot export`: scripts and products as files that can be loaded again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import JsonOption, WorkspaceOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from sqlmodel import Session

    from knowledge.exports import ExportedRow
    from knowledge.imports import ImportKind

TOLD_EVERY = 500


def export(
    kind: Annotated[str, typer.Argument(help="What to write: scripts or products.")],
    out: Annotated[Path, typer.Option("--out", help="The file; its ending (.xlsx, .csv or .jsonl) says the format.")],
    ids: Annotated[
        list[str] | None, typer.Option("--ids", help="Only these, with commas between; can be given several times.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file when there is one.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write scripts or products to a file with the columns that `copilot load` reads; loaded again, nothing changes.

    A script is written as it is live, or as it was last written while it is not.

    Example: copilot export scripts --out scripts.xlsx
    """
    wanted = _kind(kind)
    _check_file(out, force=force)
    from knowledge.workspace import Workspace

    settings = read_settings(workspace)
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        with opened.database.read() as session, progress_bar("exporting") as advance:
            rows = _rows(session, settings.tenant, wanted, _separate(ids or []))
            n_rows = _write(out, wanted, _telling(rows, advance))
    finally:
        opened.close()
    if as_json:
        print_json({"kind": wanted.value, "file": str(out), "n_rows": n_rows})
    else:
        typer.echo(f"{out}: {n_rows:,} {wanted.value}")


def _kind(text: str) -> "ImportKind":
    from copilot.errors import BadRequestError
    from knowledge.exports import EXPORTABLE

    named = {kind.value: kind for kind in EXPORTABLE}
    if text not in named:
        raise BadRequestError("KIND", text, " or ".join(sorted(named, reverse=True)))
    return named[text]


def _check_file(out: Path, *, force: bool) -> None:
    """Whether the file can be made, before anything is read."""
    from copilot.errors import BadRequestError
    from knowledge.exports import ENDINGS

    if out.suffix.lower().removeprefix(".") not in ENDINGS:
        raise BadRequestError("--out", str(out), f"a name that ends with .{', .'.join(ENDINGS)}")
    if not out.parent.is_dir():
        raise BadRequestError("--out", str(out), f"a file in a folder that exists; {out.parent} does not")
    if out.is_dir():
        raise BadRequestError("--out", str(out), "a file; this is a folder")
    if out.exists() and not force:
        raise BadRequestError("--out", str(out), "a file that does not exist yet, or --force to replace it")


def _separate(ids: Sequence[str]) -> list[str]:
    return [one.strip() for listed in ids for one in listed.split(",") if one.strip()]


def _rows(session: "Session", tenant_id: str, kind: "ImportKind", ids: Sequence[str]) -> "Iterable[ExportedRow]":
    """All rows, or those with these ids, of which each must be there."""
    from knowledge.errors import NotFoundError
    from knowledge.exports import exported_rows
    from knowledge.imports.formats import FORMATS

    if not ids:
        return exported_rows(session, tenant_id, kind)
    rows = list(exported_rows(session, tenant_id, kind, ids))
    id_column = FORMATS[kind].columns[0]
    found = {row[id_column] for row in rows}
    for one in ids:
        if one not in found:
            raise NotFoundError(kind.value.removesuffix("s"), one)
    return rows


def _telling(rows: "Iterable[ExportedRow]", advance: Callable[[int, int | None, str], None]) -> "Iterator[ExportedRow]":
    for n_done, row in enumerate(rows):
        if n_done % TOLD_EVERY == 0:
            advance(n_done, None, "")
        yield row


def _write(out: Path, kind: "ImportKind", rows: "Iterable[ExportedRow]") -> int:
    """How many rows the file has, which is there whole or not at all."""
    from knowledge.exports import write_table
    from knowledge.imports.formats import FORMATS

    unfinished = out.with_name(f".unfinished-{out.name}")
    try:
        n_rows = write_table(unfinished, FORMATS[kind].columns, rows)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return n_rows
