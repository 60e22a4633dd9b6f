"""Uploaded files on their way into the database: checked first, imported when somebody says so.

Files wait in the workspace under a random name; the state of each is kept in memory, so that after a restart a file is
uploaded again. Nothing is written to the database before the import is asked for.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import Final

from copilot.errors import UnknownIdError
from copilot.runtime import Runtime
from knowledge.audit import append_entry
from knowledge.errors import KnowledgeError
from knowledge.imports import ImportKind, ImportReport, import_file
from knowledge.imports.readers.opening import READERS
from knowledge.workspace import utc_now

logger = logging.getLogger(__name__)

FOLDER: Final = "uploads"
KEPT_S: Final = 24 * 3600.0
_UNSAFE: Final = re.compile(r"[^\w.\-]+")


class Phase(StrEnum):
    """How far a file is."""

    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"
    FAILED = "failed"


@dataclass(frozen=True)
class Upload:
    """A file that somebody wants to import; `error` says why it cannot be used."""

    token: str
    kind: ImportKind
    name: str
    path: Path
    actor: str
    phase: Phase
    at: float
    n_done: int = 0
    n_rows: int | None = None
    report: ImportReport | None = None
    error: str = ""

    @property
    def is_running(self) -> bool:
        return self.phase in (Phase.CHECKING, Phase.IMPORTING)

    @property
    def n_new(self) -> int:
        """How many rows importing it would write."""
        return self.report.n_added + self.report.n_changed if self.report else 0


class Uploads:
    """One file at a time is read; the others wait in line."""

    def __init__(self, runtime: Runtime, clock: Callable[[], float] = time.monotonic) -> None:
        self._runtime = runtime
        self._clock = clock
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="import")

    def add(self, kind: ImportKind, name: str, body: bytes, actor: str) -> Upload:
        """The file, put aside and being checked."""
        self._forget_old()
        token = token_hex(16)
        folder = self._runtime.workspace.folder / FOLDER / token
        folder.mkdir(parents=True)
        path = folder / _safe_name(name, kind)
        path.write_bytes(body)
        upload = Upload(token, kind, name, path, actor, Phase.CHECKING, self._clock())
        self._keep(upload)
        self._thread.submit(self._run, token, dry_run=True)
        return upload

    def get(self, token: str) -> Upload:
        """The file as it stands.

        Raises:
            UnknownIdError: nobody uploaded it, or it was forgotten.
        """
        with self._lock:
            found = self._uploads.get(token)
        if found is None:
            raise UnknownIdError("upload", token)
        return found

    def start_import(self, token: str, actor: str) -> Upload:
        """The file, being imported; as it stands when that was asked before, or when it cannot be.

        Raises:
            UnknownIdError: nobody uploaded it, or it was forgotten.
        """
        upload = self.get(token)
        with self._lock:
            upload = self._uploads[token]
            if upload.phase is not Phase.CHECKED:
                return upload
            upload = replace(upload, phase=Phase.IMPORTING, actor=actor, n_done=0, n_rows=None)
            self._uploads[token] = upload
        self._thread.submit(self._run, token, dry_run=False)
        return upload

    def settle(self) -> None:
        """Wait until every file in line has been read."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Finish the file being read, and read no other."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _run(self, token: str, *, dry_run: bool) -> None:
        upload = self.get(token)
        try:
            report = self._import(upload, dry_run=dry_run)
        except KnowledgeError as error:
            self._keep(replace(self.get(token), phase=Phase.FAILED, error=str(error)))
        except Exception:  # a thread's end: whatever happened has to reach the page
            logger.exception("an import failed")
            self._keep(replace(self.get(token), phase=Phase.FAILED, error="an error on our side; it has been logged"))
        else:
            phase = Phase.CHECKED if dry_run else Phase.IMPORTED
            self._keep(replace(self.get(token), phase=phase, report=report))

    def _import(self, upload: Upload, *, dry_run: bool) -> ImportReport:
        database, tenant_id = self._runtime.workspace.database, self._runtime.settings.tenant

        def tell(n_done: int, n_rows: int | None) -> None:
            self._keep(replace(self.get(upload.token), n_done=n_done, n_rows=n_rows))

        report = import_file(database, tenant_id, upload.kind, upload.path, now=utc_now, dry_run=dry_run, progress=tell)
        if not dry_run:
            counts = {name: getattr(report, f"n_{name}") for name in ("added", "changed", "unchanged", "rejected")}
            with database.write() as session:
                detail: dict[str, object] = {"kind": upload.kind.value, **counts}
                append_entry(
                    session,
                    tenant_id,
                    at=utc_now(),
                    actor=upload.actor,
                    action="import.run",
                    subject=upload.name[:200],
                    detail=detail,
                )
        return report

    def _keep(self, upload: Upload) -> None:
        with self._lock:
            self._uploads[upload.token] = upload

    def _forget_old(self) -> None:
        """Files of yesterday, and those that an earlier process left behind."""
        with self._lock:
            old = [one for one in self._uploads.values() if self._clock() - one.at > KEPT_S and not one.is_running]
            for upload in old:
                del self._uploads[upload.token]
            known = set(self._uploads)
        folder = self._runtime.workspace.folder / FOLDER
        for left in folder.iterdir() if folder.is_dir() else ():
            if left.name not in known:
                _remove(left)


def _safe_name(name: str, kind: ImportKind) -> str:
    """The file's own name without what a file system or a reader could misunderstand; its ending stays."""
    plain = _UNSAFE.sub("_", Path(name.replace("\\", "/")).name).strip("._")[-120:]
    suffix = Path(plain).suffix.lower()
    return plain if plain and suffix in READERS else f"{kind.value}{suffix if suffix in READERS else '.unknown'}"


def _remove(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink(missing_ok=True)
    folder.rmdir()
