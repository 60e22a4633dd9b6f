"""Import one file, or a folder of them."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from knowledge.database import Database
from knowledge.errors import ImportFileError
from knowledge.imports.cells import CHINA_TIME, ReadingRules
from knowledge.imports.formats import FORMATS, FileFormat
from knowledge.imports.kinds import ImportKind
from knowledge.imports.progress import Progress, silent
from knowledge.imports.readers.opening import READERS
from knowledge.imports.reading import CheckedFile, check_file
from knowledge.imports.report import KEPT_REJECTIONS, ImportReport, Tally, in_file_order
from knowledge.imports.rows import Row
from knowledge.imports.staging import Group, Staging
from knowledge.imports.surroundings import Surroundings
from knowledge.tables import ImportRun

ROWS_PER_TRANSACTION = 5_000
DOCUMENTS_FOLDER = "documents"

Clock = Callable[[], datetime]


def import_file(  # noqa: PLR0913  # five of them are options with defaults
    database: Database,
    tenant_id: str,
    kind: ImportKind,
    path: Path,
    *,
    now: Clock,
    dry_run: bool = False,
    strict: bool = False,
    zone: tzinfo = CHINA_TIME,
    progress: Progress = silent,
) -> ImportReport:
    """What importing the file did, or with `dry_run` would do; with `strict` one bad row refuses the whole file.

    Times without a zone are taken in `zone`. Memory stays small whatever the size of the file.

    Raises:
        ImportFileError: the file as a whole cannot be used; nothing of it was kept.
    """
    importer = _Importer(database, tenant_id, now, zone, dry_run=dry_run)
    return importer.run({kind: path}, lambda _: progress, strict=strict)[0]


def import_folder(
    database: Database,
    tenant_id: str,
    folder: Path,
    *,
    now: Clock,
    dry_run: bool = False,
    strict: bool = False,
    zone: tzinfo = CHINA_TIME,
    progress: Callable[[ImportKind], Progress] = lambda _: silent,
) -> list[ImportReport]:
    """One report for each of products.*, scripts.*, customers.* … and documents/ that the folder holds, in that order.

    All files are read before any is written, so a file that cannot be used leaves everything as it was.

    Raises:
        ImportFileError: a file cannot be used, two files are of the same kind, or there is none.
    """
    importer = _Importer(database, tenant_id, now, zone, dry_run=dry_run)
    return importer.run(_files_in(folder), progress, strict=strict)


def _files_in(folder: Path) -> dict[ImportKind, Path]:
    if not folder.is_dir():
        raise ImportFileError(f"{folder}: no such folder")
    found: dict[ImportKind, Path] = {}
    for kind in FORMATS:
        files = sorted(path for path in folder.glob(f"{kind}.*") if path.suffix.lower() in READERS)
        if len(files) > 1:
            raise ImportFileError(f"{folder}: {' and '.join(path.name for path in files)} are both there, expected one")
        if files:
            found[kind] = files[0]
    if (folder / DOCUMENTS_FOLDER).is_dir():
        found[ImportKind.DOCUMENTS] = folder / DOCUMENTS_FOLDER
    if not found:
        names = ", ".join(f"{kind}.csv" for kind in FORMATS)
        raise ImportFileError(f"{folder}: nothing to import; expected some of {names} (or .xlsx, .jsonl), documents/")
    return found


@dataclass(frozen=True)
class _Importer:
    """What all files of one import share."""

    database: Database
    tenant_id: str
    now: Clock
    zone: tzinfo
    dry_run: bool

    def run(
        self, files: dict[ImportKind, Path], progress: Callable[[ImportKind], Progress], *, strict: bool
    ) -> list[ImportReport]:
        """The report of each file, in the order given; if `strict`, a rehearsal decides whether anything is written."""
        if strict:
            rehearsed = replace(self, dry_run=True)._import_all(files, lambda _: silent)
            if any(report.n_rejected for report in rehearsed):
                return [_refused(report, dry_run=self.dry_run) for report in rehearsed]
        return self._import_all(files, progress)

    def _import_all(
        self, files: dict[ImportKind, Path], progress: Callable[[ImportKind], Progress]
    ) -> list[ImportReport]:
        """Read all files, then write all; documents come last and are read one by one."""
        started_at = self.now()
        rules = ReadingRules(self.zone, started_at)
        with ExitStack() as stack:
            checked = {
                kind: stack.enter_context(closing(check_file(path, FORMATS[kind], rules, progress(kind))))
                for kind, path in files.items()
                if kind is not ImportKind.DOCUMENTS
            }
            siblings: dict[ImportKind, Staging[Any]] = {kind: file.staging for kind, file in checked.items()}
            reports = [
                self._import_checked(file, siblings, started_at, progress(kind)) for kind, file in checked.items()
            ]
        documents = files.get(ImportKind.DOCUMENTS)
        if documents is not None:
            reports.append(self._import_documents(documents, progress(ImportKind.DOCUMENTS)))
        return reports

    def _import_documents(self, path: Path, progress: Progress) -> ImportReport:
        from knowledge.documents.importing import import_documents

        return import_documents(
            self.database, self.tenant_id, path, now=self.now, dry_run=self.dry_run, progress=progress
        )

    def _import_checked(
        self,
        file: CheckedFile[Row],
        siblings: dict[ImportKind, Staging[Any]],
        started_at: datetime,
        progress: Progress,
    ) -> ImportReport:
        around = Surroundings(self.tenant_id, self.now(), file.path.name, siblings)
        run = _new_run(file, around)
        self._save(run)
        tally = Tally()
        tally.add(file.tally)
        total = len(file.staging) + file.tally.n_rejected
        for batch in _batches(file.staging.groups(), file.format):
            tally.add(self._write(batch, file.format, around))
            progress(_n_rows(tally), total)
        self._save(_finished(run, tally, self.now()))
        return _report(file, tally, dry_run=self.dry_run, seconds=(self.now() - started_at).total_seconds())

    def _write(self, batch: Sequence[Group[Row]], file_format: FileFormat[Row], around: Surroundings) -> Tally:
        if self.dry_run:
            with self.database.read() as session:
                return file_format.plan(session, batch, around).tally
        with self.database.write() as session:
            plan = file_format.plan(session, batch, around)
            plan.apply(session, self.tenant_id)
            return plan.tally

    def _save(self, run: ImportRun) -> None:
        if not self.dry_run:
            with self.database.write() as session:
                session.merge(run)


def _batches(groups: Iterator[Group[Row]], file_format: FileFormat[Row]) -> Iterator[list[Group[Row]]]:
    batch: list[Group[Row]] = []
    weight = 0
    for group in groups:
        batch.append(group)
        weight += sum(file_format.weight(staged.row) for staged in group.rows)
        if weight >= ROWS_PER_TRANSACTION:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _refused(report: ImportReport, *, dry_run: bool) -> ImportReport:
    return replace(report, n_added=0, n_changed=0, n_unchanged=0, refused=True, dry_run=dry_run)


def _n_rows(tally: Tally) -> int:
    return tally.n_added + tally.n_changed + tally.n_unchanged + tally.n_rejected


def _new_run(file: CheckedFile[Row], around: Surroundings) -> ImportRun:
    return ImportRun(
        tenant_id=around.tenant_id,
        id=uuid.uuid4().hex,
        kind=file.format.kind.value,
        file_name=around.file,
        sha256=file.sha256,
        started_at=around.now,
    )


def _finished(run: ImportRun, tally: Tally, now: datetime) -> ImportRun:
    counts = {
        "n_added": tally.n_added,
        "n_changed": tally.n_changed,
        "n_unchanged": tally.n_unchanged,
        "n_rejected": tally.n_rejected,
    }
    return ImportRun(**{**run.model_dump(), **counts, "finished_at": now})


def _report(file: CheckedFile[Row], tally: Tally, *, dry_run: bool, seconds: float) -> ImportReport:
    return ImportReport(
        kind=file.format.kind,
        file=str(file.path),
        n_added=tally.n_added,
        n_changed=tally.n_changed,
        n_unchanged=tally.n_unchanged,
        n_rejected=tally.n_rejected,
        rejected=in_file_order(tally.rejected[:KEPT_REJECTIONS]),
        unknown_columns=tuple(file.unknown_columns),
        warnings=tally.to_warnings(),
        encoding=file.encoding,
        dry_run=dry_run,
        seconds=seconds,
    )
