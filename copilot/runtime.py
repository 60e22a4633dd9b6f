"""Opens a workspace for serving: database, encoder, index, learned models, rules, engine."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copilot.engine.compliance import RuleBook
from copilot.engine.decisions import DecisionDesk
from copilot.engine.engine import Engine
from copilot.engine.policy import Policy
from copilot.engine.products import ProductModels
from copilot.engine.setup import EngineSetup, ShopProfile
from copilot.settings import Settings
from copilot.shop import Shop
from knowledge.index.library_index import LibraryIndex, TextEncoder
from knowledge.workspace import Workspace, utc_now
from models.affinity import Affinity
from models.errors import ModelError

logger = logging.getLogger(__name__)

RULES_FILE = "rules.toml"


@dataclass(frozen=True)
class WordsOnlyEncoder:
    """Stands in when no encoder can be loaded: every vector is zero, so only words find and rank."""

    reason: str
    fingerprint: str = "words-only"
    dim: int = 1

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Zeros of shape (n, dim)."""
        return np.zeros((len(texts), self.dim), np.float32)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Zeros of shape (n, dim)."""
        return self.encode_queries(texts)


@dataclass(frozen=True)
class Runtime:
    """An open workspace with its engine."""

    workspace: Workspace
    settings: Settings
    shop: Shop
    index: LibraryIndex
    engine: Engine
    desk: DecisionDesk
    degraded: str = ""

    @classmethod
    def open(cls, settings: Settings) -> "Runtime":
        """The engine of a workspace, ready to answer.

        An encoder that cannot be loaded leaves suggestions by words working; `degraded` says why.

        Raises:
            WorkspaceError: there is no such workspace.
            SearchIndexError: the index cannot serve; the message says what to run.
        """
        workspace = Workspace.open(settings.workspace, settings.database_url)
        encoder = load_encoder(settings)
        is_degraded = isinstance(encoder, WordsOnlyEncoder)
        index = LibraryIndex.open(
            workspace.index_folder, workspace.database, settings.tenant, None if is_degraded else encoder
        )
        shop = Shop.read(workspace.folder)
        own_rules = workspace.folder / RULES_FILE
        rules = RuleBook.load(own_rules if own_rules.is_file() else None)
        engine = Engine(
            workspace.database,
            index,
            encoder,
            EngineSetup(
                tenant_id=settings.tenant,
                policy=Policy(),
                rules=rules,
                models=ProductModels.of(Affinity.load(affinity_folder(workspace, settings.tenant))),
                shop=ShopProfile(shop.name, shop.language),
            ),
            clock=utc_now,
        )
        desk = DecisionDesk(workspace.database, tenant_id=settings.tenant, rules=rules, clock=utc_now)
        degraded = encoder.reason if isinstance(encoder, WordsOnlyEncoder) else ""
        return cls(workspace, settings, shop, index, engine, desk, degraded)

    def close(self) -> None:
        """Stop following changes and give everything back."""
        self.index.close()
        self.engine.close()
        self.workspace.close()


def affinity_folder(workspace: Workspace, tenant_id: str) -> Path:
    """Where what was learned from a tenant's orders is kept."""
    return workspace.models_folder / "affinity" / tenant_id


def load_encoder(settings: Settings) -> TextEncoder:
    """The encoder of the settings, or one that only lets words through."""
    from models.encoders.registry import open_encoder

    try:
        return open_encoder(settings.encoder, folder=settings.models_folder, threads=settings.threads)
    except (ModelError, OSError) as error:
        logger.warning("suggestions by words only: the encoder %r cannot be loaded: %s", settings.encoder, error)
        return WordsOnlyEncoder(str(error))
