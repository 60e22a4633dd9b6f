"""Switching what serves a workspace, the search index with it: promote, roll back, put in the shadow.

The vectors of an index are those of one encoder, so an encoder is promoted in two steps: the index is built with it
while the old one serves, then both change hands. In between, and wherever a kill may stop it, whoever opens the
workspace takes the encoder that the index was built with (`copilot.serving`). A server that is running goes on with
what it opened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from copilot.artefacts import CHECKS
from copilot.building import build_all
from copilot.encoding import NoEncoder, load_encoder
from copilot.errors import BadRequestError, NotReadyError
from copilot.serving import stored_fingerprint
from copilot.settings import Settings
from knowledge.index.going_back import use_kept_snapshot
from knowledge.index.snapshot import current_snapshot, tenant_folder
from knowledge.tables import Tenant
from knowledge.workspace import Workspace
from models.encoders.preparation import BUNDLED
from models.store.artefact import Artefact, Kind
from models.store.standing import Switch
from models.store.store import ModelStore

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ModelDesk:
    """The model store of a workspace, in the hands of whoever decides what serves.

    `tell` hears how far an index is built that a switch has to wait for.
    """

    settings: Settings
    clock: Callable[[], datetime]
    tell: Progress

    @property
    def store(self) -> ModelStore:
        return ModelStore.in_workspace(self.settings.workspace)

    def promote(self, kind: Kind, version: str, *, why: str, accept_worse: bool) -> Switch:
        """Let an artefact serve; whatever fails, the one that serves goes on.

        Raises:
            StoreError: it is unknown, damaged, cannot be loaded, or does not beat its baseline.
            NotReadyError: the index cannot be built with it.
            SearchIndexError: an index is being built by somebody else.
            WorkspaceError: an encoder is promoted where there is no workspace to index.
        """
        return self.store.promote(
            kind,
            version,
            check=CHECKS[kind],
            at=self.clock(),
            why=why,
            accept_worse=accept_worse,
            prepare=lambda artefact: self._prepare(kind, artefact),
        )

    def roll_back(self, kind: Kind, *, why: str) -> Switch:
        """Let what served before serve again.

        Raises:
            NothingBeforeError: what is built in serves already.
            NotReadyError, SearchIndexError, WorkspaceError: as for `promote`.
        """
        return self.store.roll_back(
            kind,
            check=CHECKS[kind],
            at=self.clock(),
            why=why,
            prepare=lambda artefact: self._prepare(kind, artefact),
        )

    def set_shadow(self, kind: Kind, version: str) -> Artefact:
        """Let a ranker work silently.

        Raises:
            BadRequestError: the kind is another one.
            StoreError: it is unknown, damaged, or cannot be loaded.
        """
        require_ranker(kind)
        return self.store.set_shadow(kind, version, check=CHECKS[kind])

    def _prepare(self, kind: Kind, artefact: Artefact | None) -> None:
        """Have every index of the workspace built with an encoder that is about to serve."""
        if kind is not Kind.ENCODER:
            return
        workspace = Workspace.open(self.settings.workspace, self.settings.database_url)
        try:
            for tenant_id in _indexed_tenants(workspace, self.settings.tenant):
                self._index(workspace, tenant_id, artefact)
        finally:
            workspace.close()

    def _index(self, workspace: Workspace, tenant_id: str, artefact: Artefact | None) -> None:
        """A kept generation of the encoder is taken up again; only without one is the index built."""
        spec = str(artefact.folder) if artefact else BUNDLED
        settings = self.settings.model_copy(update={"encoder": spec, "tenant": tenant_id})
        fingerprint, dim = stored_fingerprint(artefact) if artefact else _built_in_fingerprint(settings)
        kept = use_kept_snapshot(
            workspace.database, workspace.index_folder, tenant_id, fingerprint=fingerprint, dim=dim
        )
        if kept is None:
            build_all(settings, workspace, self.tell)


def require_ranker(kind: Kind) -> None:
    """Check that this kind can work silently.

    Raises:
        BadRequestError: it cannot.
    """
    if kind is not Kind.RANKER:
        raise BadRequestError("KIND", kind.value, "ranker; a shadow ranks what was found, so only a ranker can be one")


def _built_in_fingerprint(settings: Settings) -> tuple[str, int]:
    loaded = load_encoder(settings)
    if isinstance(loaded, NoEncoder):
        raise NotReadyError(f"the encoder built in cannot be loaded: {loaded.reason}")
    return loaded.fingerprint, loaded.dim


def _indexed_tenants(workspace: Workspace, tenant_id: str) -> list[str]:
    """The tenant of the settings, and every other that has an index."""
    with workspace.database.read() as session:
        others = session.execute(select(col(Tenant.id)).where(col(Tenant.id) != tenant_id).order_by(col(Tenant.id)))
        found = others.scalars().all()
    folder = workspace.index_folder
    return [tenant_id, *(one for one in found if current_snapshot(tenant_folder(folder, one)) is not None)]
