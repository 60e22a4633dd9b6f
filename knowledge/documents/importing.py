"""Import a folder of documents."""

import hashlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from knowledge.database import Database
from knowledge.documents.passages import PassageText, split_passages
from knowledge.documents.reading import read_document
from knowledge.errors import ImportFileError
from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import Plan, Stored, differs, stored_by_id, stored_rows
from knowledge.imports.progress import Progress, silent
from knowledge.imports.report import ImportReport, RejectedRow, Tally
from knowledge.tables import Document, ImportRun, IndexKind, Passage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _ReadDocument:
    """A document ready to be written."""

    id: str
    title: str
    sha256: str
    passages: list[PassageText]


def import_documents(
    database: Database,
    tenant_id: str,
    path: Path,
    *,
    now: Callable[[], datetime],
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """What importing a folder of documents (or one) did; the counts are documents, a bad one is a rejected row.

    A document is known by its path within the folder, and unchanged while its bytes are.

    Raises:
        ImportFileError: there is no such folder, or no document in it.
    """
    paths = _documents_in(path)
    root = path if path.is_dir() else path.parent
    importer = _Importer(database, tenant_id, root, now(), dry_run=dry_run)
    run = importer.start(path)
    tally = importer.run(paths, progress)
    importer.finish(run, tally, now())
    return _report(path, tally, importer, now())


def _documents_in(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ImportFileError(f"{path}: no such folder or document")
    visible = (
        each for each in path.rglob("*") if not any(part.startswith(".") for part in each.relative_to(path).parts)
    )
    files = sorted(each for each in visible if each.is_file())
    if not files:
        raise ImportFileError(f"{path}: there is no document in this folder")
    return files


@dataclass(frozen=True)
class _Importer:
    """What all documents of one import share."""

    database: Database
    tenant_id: str
    root: Path
    now: datetime
    dry_run: bool

    def start(self, path: Path) -> ImportRun:
        """Note that an import has begun."""
        run = ImportRun(
            tenant_id=self.tenant_id,
            id=uuid.uuid4().hex,
            kind=ImportKind.DOCUMENTS.value,
            file_name=path.name,
            started_at=self.now,
        )
        self._save(run)
        return run

    def finish(self, run: ImportRun, tally: Tally, now: datetime) -> None:
        """Note how it ended."""
        counts = {"n_added": tally.n_added, "n_changed": tally.n_changed}
        counts |= {"n_unchanged": tally.n_unchanged, "n_rejected": tally.n_rejected}
        self._save(ImportRun(**{**run.model_dump(), **counts, "finished_at": now}))

    def run(self, paths: list[Path], progress: Progress) -> Tally:
        """Import each document by itself."""
        tally = Tally()
        for number, path in enumerate(paths, start=1):
            document = self._read(path, number, tally)
            if document is not None:
                tally.add(self._write(document))
            progress(number, len(paths))
        return tally

    def _read(self, path: Path, number: int, tally: Tally) -> _ReadDocument | None:
        document_id = path.relative_to(self.root).as_posix()
        try:
            parsed = read_document(path)
        except ImportFileError as error:
            tally.reject(RejectedRow(number, "document", document_id, str(error)))
            return None
        except Exception as error:  # parsers of damaged files fail in any way; the others go on
            logger.warning("document %s cannot be read", document_id, exc_info=error)
            reason = f"{path.name}: damaged ({type(error).__name__})"
            tally.reject(RejectedRow(number, "document", document_id, reason, "a file that other programs open"))
            return None
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return _ReadDocument(document_id, parsed.title or path.stem, sha256, split_passages(parsed.blocks))

    def _write(self, document: _ReadDocument) -> Tally:
        if self.dry_run:
            with self.database.read() as session:
                return self._plan(session, document).tally
        with self.database.write() as session:
            plan = self._plan(session, document)
            plan.apply(session, self.tenant_id)
            return plan.tally

    def _plan(self, session: Session, document: _ReadDocument) -> Plan:
        plan = Plan()
        before = stored_by_id(session, Document, self.tenant_id, "id", [document.id]).get(document.id)
        if before is not None and before["sha256"] == document.sha256:
            plan.tally.n_unchanged += 1
            return plan
        stored = {row["id"]: row for row in stored_rows(session, Passage, self.tenant_id, "document_id", [document.id])}
        plan.upsert(
            Document,
            {
                "tenant_id": self.tenant_id,
                "id": document.id,
                "title": document.title,
                "source": document.id,
                "sha256": document.sha256,
                "updated_at": self.now,
            },
        )
        self._plan_passages(plan, document, stored)
        plan.tally.n_added += before is None
        plan.tally.n_changed += before is not None
        return plan

    def _plan_passages(self, plan: Plan, document: _ReadDocument, stored: dict[str, Stored]) -> None:
        kept = set()
        for position, passage in enumerate(document.passages, start=1):
            values: dict[str, object] = {
                "tenant_id": self.tenant_id,
                "id": f"{document.id}#{position}",
                "document_id": document.id,
                "position": position,
                "heading": passage.heading,
                "text": passage.text,
            }
            passage_id = str(values["id"])
            kept.add(passage_id)
            if passage_id not in stored or differs(values, stored[passage_id]):
                plan.upsert(Passage, values)
                plan.announce(IndexKind.PASSAGE, passage_id)
        for passage_id in sorted(set(stored) - kept):
            plan.delete(Passage, {"tenant_id": self.tenant_id, "id": passage_id})
            plan.announce(IndexKind.PASSAGE, passage_id)

    def _save(self, run: ImportRun) -> None:
        if not self.dry_run:
            with self.database.write() as session:
                session.merge(run)


def _report(path: Path, tally: Tally, importer: _Importer, now: datetime) -> ImportReport:
    return ImportReport(
        kind=ImportKind.DOCUMENTS,
        file=str(path),
        n_added=tally.n_added,
        n_changed=tally.n_changed,
        n_unchanged=tally.n_unchanged,
        n_rejected=tally.n_rejected,
        rejected=tuple(tally.rejected),
        warnings=tally.to_warnings(),
        dry_run=importer.dry_run,
        seconds=(now - importer.now).total_seconds(),
    )
