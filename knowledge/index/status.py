"""What is on disk and how far it is behind, without loading it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlmodel import col

from knowledge.database import Database
from knowledge.index.follower import last_seq
from knowledge.index.library_index import REBUILD_AFTER
from knowledge.index.snapshot import Snapshot, current_snapshot, tenant_folder
from knowledge.tables import IndexChange


@dataclass(frozen=True)
class IndexStatus:
    """The snapshot in use, if there is one, and the things that changed since."""

    snapshot: Snapshot | None
    head_seq: int
    n_waiting: int

    @property
    def rebuild_recommended(self) -> bool:
        """Whether a build would make opening or searching noticeably faster."""
        return self.snapshot is None or self.n_waiting > REBUILD_AFTER


def index_status(folder: Path, database: Database, tenant_id: str) -> IndexStatus:
    """How the index of a tenant stands.

    Raises:
        IndexCorruptError: the snapshot is incomplete.
    """
    snapshot = current_snapshot(tenant_folder(folder, tenant_id))
    seq = 0 if snapshot is None else snapshot.contents.seq
    waiting = (
        select(col(IndexChange.kind), col(IndexChange.item_id))
        .where(col(IndexChange.tenant_id) == tenant_id, col(IndexChange.seq) > seq)
        .distinct()
        .subquery()
    )
    with database.read() as session:
        n_waiting = session.execute(select(func.count()).select_from(waiting)).scalar_one()
        return IndexStatus(snapshot, last_seq(session, tenant_id), n_waiting)
