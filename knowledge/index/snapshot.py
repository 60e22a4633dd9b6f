"""Snapshots: a folder per generation, its manifest, and the pointer to the one in use.

    TENANT/CURRENT            the name of the generation in use and the sha256 of its manifest
    TENANT/gen-000012/        the files of one generation; never changed once named so
    TENANT/building/          a generation being written; whatever is left there by a killed build is thrown away
    TENANT/cache/             vectors by text, see `knowledge.index.cache`

A generation is written aside, synced and renamed before the pointer moves, so a reader sees a whole one or the one
before. Removing an old generation is safe while somebody still reads it: the system keeps mapped files until then.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from knowledge.errors import IndexCorruptError
from knowledge.index.files import replace_file, sha256_of, sync
from knowledge.index.schema import CollectionSchema
from knowledge.index.segment import Segment

FORMAT = 1
KEPT_GENERATIONS = 2
MANIFEST_FILE = "manifest.json"
POINTER_FILE = "CURRENT"
BUILDING_FOLDER = "building"
CACHE_FOLDER = "cache"

_GENERATION = re.compile(r"gen-(\d{6,})")
_REBUILD = "run: copilot index build"


@dataclass(frozen=True)
class FileFacts:
    """What a file must be."""

    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """What a generation holds; `seq` is the last change it is sure to include."""

    tenant_id: str
    seq: int
    fingerprint: str
    dim: int
    n_items: Mapping[str, int]
    n_rows: Mapping[str, int]
    created_at: datetime


@dataclass(frozen=True)
class Snapshot:
    """One generation on disk."""

    folder: Path
    contents: Contents
    files: Mapping[str, FileFacts]

    @property
    def name(self) -> str:
        return self.folder.name

    def load(self, schema: CollectionSchema) -> Segment:
        """One collection of it, memory-mapped.

        Raises:
            IndexCorruptError: a file is missing or unreadable.
        """
        try:
            return Segment.load(self.folder / schema.name, schema)
        except (OSError, ValueError, KeyError) as error:
            raise IndexCorruptError(f"{self.folder}: {error}; {_REBUILD}") from error

    def check_sizes(self) -> None:
        """Check that every file is there in its full length.

        Raises:
            IndexCorruptError: one is not.
        """
        for name, facts in self.files.items():
            path = self.folder / name
            found = path.stat().st_size if path.is_file() else None
            if found != facts.n_bytes:
                raise IndexCorruptError(f"{path} has {found} bytes, its manifest says {facts.n_bytes}; {_REBUILD}")

    def damaged_files(self) -> list[str]:
        """The names of files whose content is not what was written; reads all of them."""
        return [
            name
            for name, facts in self.files.items()
            if not (self.folder / name).is_file() or sha256_of(self.folder / name) != facts.sha256
        ]


def tenant_folder(folder: Path, tenant_id: str) -> Path:
    """Where the index of one tenant is; made if missing."""
    own = folder / quote(tenant_id, safe="").replace(".", "%2E")
    own.mkdir(parents=True, exist_ok=True)
    return own


def current_pointer(tenant: Path) -> str | None:
    """What `CURRENT` says; changes with every generation. Nothing before the first."""
    path = tenant / POINTER_FILE
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def current_snapshot(tenant: Path) -> Snapshot | None:
    """The generation in use, its sizes checked; nothing before the first.

    Raises:
        IndexCorruptError: it is incomplete or its manifest is not the one written.
    """
    pointer = current_pointer(tenant)
    while pointer is not None:
        try:
            snapshot = _read_snapshot(tenant, pointer)
            snapshot.check_sizes()
        except IndexCorruptError:
            # A slow reader may find its generation gone; then the pointer has moved on.
            if (newer := current_pointer(tenant)) == pointer:
                raise
            pointer = newer
        else:
            return snapshot
    return None


def publish(tenant: Path, written: Path, contents: Contents) -> Snapshot:
    """Make the finished folder `written` the generation in use; only the holder of the build lock may."""
    files = {}
    for path in sorted(written.rglob("*")):
        sync(path)
        if path.is_file():
            files[str(path.relative_to(written))] = FileFacts(path.stat().st_size, sha256_of(path))
    manifest = _manifest_text(contents, files)
    (written / MANIFEST_FILE).write_text(manifest, encoding="utf-8")
    sync(written / MANIFEST_FILE)
    sync(written)
    folder = tenant / f"gen-{_last_generation(tenant) + 1:06d}"
    written.rename(folder)
    sync(tenant)
    snapshot = Snapshot(folder, contents, files)
    point_at(tenant, snapshot)
    return snapshot


def point_at(tenant: Path, snapshot: Snapshot) -> None:
    """Make a generation on disk the one in use; only the holder of the build lock may."""
    digest = sha256_of(snapshot.folder / MANIFEST_FILE)
    replace_file(tenant / POINTER_FILE, f"{snapshot.name} {digest}\n")


def kept_snapshots(tenant: Path) -> list[Snapshot]:
    """All readable generations, oldest first."""
    paths = (tenant / f"gen-{number:06d}" / MANIFEST_FILE for number in sorted(_generations(tenant)))
    return [_parsed(path) for path in paths if path.is_file()]


def remove_old_generations(tenant: Path) -> list[str]:
    """Delete all but the newest two generations; gives the names of those deleted."""
    old = sorted(_generations(tenant))[:-KEPT_GENERATIONS]
    for number in old:
        shutil.rmtree(tenant / f"gen-{number:06d}")
    return [f"gen-{number:06d}" for number in old]


def _read_snapshot(tenant: Path, pointer: str) -> Snapshot:
    name, _, expected = pointer.partition(" ")
    path = tenant / name / MANIFEST_FILE
    if not _GENERATION.fullmatch(name):
        raise IndexCorruptError(f"{tenant / POINTER_FILE} says {pointer!r}, expected a generation; {_REBUILD}")
    if not path.is_file() or sha256_of(path) != expected:
        raise IndexCorruptError(f"{path} is missing or not what was written; {_REBUILD}")
    return _parsed(path)


def _parsed(path: Path) -> Snapshot:
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["format"] != FORMAT:
        raise IndexCorruptError(f"{path} has format {manifest['format']}, this version reads {FORMAT}; {_REBUILD}")
    contents = manifest["contents"] | {"created_at": datetime.fromisoformat(manifest["contents"]["created_at"])}
    files = {name: FileFacts(**facts) for name, facts in manifest["files"].items()}
    return Snapshot(path.parent, Contents(**contents), files)


def _manifest_text(contents: Contents, files: Mapping[str, FileFacts]) -> str:
    return json.dumps(
        {
            "format": FORMAT,
            "contents": asdict(contents) | {"created_at": contents.created_at.isoformat()},
            "files": {name: asdict(facts) for name, facts in files.items()},
        },
        indent=1,
        ensure_ascii=False,
    )


def _generations(tenant: Path) -> list[int]:
    found = (_GENERATION.fullmatch(path.name) for path in tenant.iterdir())
    return [int(match.group(1)) for match in found if match]


def _last_generation(tenant: Path) -> int:
    return max(_generations(tenant), default=0)
