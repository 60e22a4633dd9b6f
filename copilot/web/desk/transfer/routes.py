"""Bringing files in, after a look at what they would do, and taking them out."""

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, UploadFile
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from copilot.errors import BadRequestError, UnknownIdError
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.pages.translation import Words
from copilot.web.schemas.common import Id
from copilot.web.services import Services, ServicesDep
from copilot.web.uploads import Upload
from knowledge.audit import append_entry
from knowledge.exports import ENDINGS, EXPORTABLE, MEDIA_TYPES, exported_rows, sample_rows, write_table
from knowledge.formulas import defused
from knowledge.imports import ImportKind, RejectedRow
from knowledge.imports.formats import FORMATS
from knowledge.imports.readers.opening import READERS
from knowledge.tables import ImportRun
from knowledge.workspace import utc_now

router = APIRouter(prefix="/desk/transfer", include_in_schema=False)
CHECK_PATH = "/desk/transfer/check"
N_RUNS = 12
N_REJECTED = 50
Ending = Literal["xlsx", "csv", "jsonl"]


@router.get("")
def page(services: ServicesDep, visitor: VisitorDep) -> Response:
    """Both directions, and what was imported lately."""
    with services.database.read() as session:
        runs = _latest_runs(session, services.tenant_id)
    return visitor.draw_page(
        "desk/transfer/page.html",
        place_key="transfer",
        kinds=list(FORMATS),
        exportable=EXPORTABLE,
        endings=ENDINGS,
        formats=FORMATS,
        accepted=",".join(READERS),
        runs=runs,
    )


@router.post("/check")
async def check(
    kind: Annotated[ImportKind, Form()],
    file: Annotated[UploadFile, File()],
    services: ServicesDep,
    visitor: VisitorDep,
) -> Response:
    """Take a file and see what importing it would do; nothing is written."""
    if kind not in FORMATS:
        raise BadRequestError("kind", kind.value, f"one of {', '.join(FORMATS)}")
    body = await file.read()
    if not body:
        raise BadRequestError("file", file.filename or "", "a file that is not empty")
    upload = await run_in_threadpool(services.uploads.add, kind, file.filename or kind.value, body, visitor.actor)
    return _draw(visitor, upload)


@router.get("/uploads/{token}")
def progress(token: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """How far a file is."""
    return _draw(visitor, services.uploads.get(token))


@router.post("/uploads/{token}/import")
def start_import(token: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """Write what the check has promised."""
    return _draw(visitor, services.uploads.start_import(token, visitor.actor))


@router.get("/uploads/{token}/rejected.csv")
def rejected(token: Id, services: ServicesDep) -> Response:
    """The rows that were not taken, with their reasons."""
    report = services.uploads.get(token).report
    if report is None:
        raise UnknownIdError("report of upload", token)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["line", "column", "value", "reason", "expected"])
    for row in report.rejected:
        writer.writerow([row.line, *(defused(text) for text in (row.column, row.value, row.reason, row.expected))])
    return Response(
        "\ufeff" + written.getvalue(),
        media_type=MEDIA_TYPES["csv"],
        headers={"Content-Disposition": 'attachment; filename="rejected.csv"'},
    )


@router.get("/samples/{kind}.{ending}")
def sample(kind: ImportKind, ending: Ending) -> Response:
    """A small file of a kind to look at."""
    rows = sample_rows(kind)
    if not rows:
        raise UnknownIdError("sample", kind.value)
    return _file(f"{kind.value}-sample.{ending}", ending, lambda path: write_table(path, FORMATS[kind].columns, rows))


@router.get("/export/{kind}.{ending}")
def export(kind: ImportKind, ending: Ending, services: ServicesDep, visitor: VisitorDep) -> Response:
    """Everything of a kind as a file that can be imported again."""
    if kind not in EXPORTABLE:
        raise UnknownIdError("export", kind.value)

    def write(path: Path) -> int:
        with services.database.read() as session:
            rows = exported_rows(session, services.tenant_id, kind)
            n_rows = write_table(path, FORMATS[kind].columns, rows)
        _note_export(services, visitor.actor, kind, n_rows)
        return n_rows

    return _file(f"{kind.value}.{ending}", ending, write)


def _draw(visitor: Visitor, upload: Upload) -> Response:
    rejected = upload.report.rejected[:N_REJECTED] if upload.report else ()
    return visitor.draw(
        "desk/transfer/upload.html",
        upload=upload,
        report=upload.report,
        rejected=[(row, _why(row, visitor.words)) for row in rejected],
    )


def _why(row: RejectedRow, words: Words) -> str:
    """Why a row was not taken, without what its column and value say already."""
    if not row.expected:
        return row.reason
    expected = words("transfer.expected", what=row.expected)
    is_plain = row.reason in (f"{row.column}: got {row.value!r}", f"{row.column}: nothing there")
    return expected if is_plain else f"{row.reason} — {expected}"


def _latest_runs(session: Session, tenant_id: str) -> list[ImportRun]:
    query = select(ImportRun).where(col(ImportRun.tenant_id) == tenant_id)
    return list(session.execute(query.order_by(col(ImportRun.started_at).desc()).limit(N_RUNS)).scalars())


def _note_export(services: Services, actor: str, kind: ImportKind, n_rows: int) -> None:
    with services.database.write() as session:
        detail: dict[str, object] = {"n_rows": n_rows}
        append_entry(
            session,
            services.tenant_id,
            at=utc_now(),
            actor=actor,
            action="export.run",
            subject=kind.value,
            detail=detail,
        )


def _file(name: str, ending: Ending, write: Callable[[Path], int]) -> Response:
    """A file made for this request, and removed when it has been sent."""
    folder = tempfile.TemporaryDirectory(prefix="copilot-export-")
    path = Path(folder.name) / name
    try:
        write(path)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(path, media_type=MEDIA_TYPES[ending], filename=name, background=BackgroundTask(folder.cleanup))
