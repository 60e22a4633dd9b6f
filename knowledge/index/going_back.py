"""Going back to a kept generation that another encoder made, without building anything."""

from pathlib import Path

from knowledge.database import Database
from knowledge.errors import IndexCorruptError, SearchIndexError
from knowledge.index.build import LOCK_FILE
from knowledge.index.files import locked_at_once
from knowledge.index.follower import last_seq
from knowledge.index.library_state import LibraryState
from knowledge.index.snapshot import Snapshot, kept_snapshots, point_at, tenant_folder


def use_kept_snapshot(
    database: Database, folder: Path, tenant_id: str, *, fingerprint: str, dim: int
) -> Snapshot | None:
    """Make the newest whole generation of an encoder the one in use; nothing when none is kept that can be opened.

    What has changed since it was built is followed by whoever opens it.

    Raises:
        SearchIndexError: a build of this tenant is under way.
    """
    tenant = tenant_folder(folder, tenant_id)
    with locked_at_once(tenant / LOCK_FILE) as is_mine:
        if not is_mine:
            raise SearchIndexError(f"a build of the index in {tenant} is under way; wait for it to end")
        with database.read() as session:
            head = last_seq(session, tenant_id)
        for snapshot in reversed(kept_snapshots(tenant)):
            contents = snapshot.contents
            fits = (contents.fingerprint, contents.dim) == (fingerprint, dim) and contents.seq <= head
            if fits and not snapshot.damaged_files() and _can_be_opened(snapshot):
                point_at(tenant, snapshot)
                return snapshot
    return None


def _can_be_opened(snapshot: Snapshot) -> bool:
    """Whether this version of the program can search it; an earlier one may have built it."""
    try:
        LibraryState.of_snapshot(snapshot, snapshot.contents.dim)
    except IndexCorruptError:
        return False
    return True
