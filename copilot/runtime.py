"""Opens a workspace for serving: database, encoder, index, learned models, rules, engine."""

from dataclasses import dataclass
from pathlib import Path

from copilot.encoding import NoEncoder, WordsOnlyEncoder, load_encoder
from copilot.engine.compliance import RuleBook
from copilot.engine.decisions import DecisionDesk
from copilot.engine.engine import Engine
from copilot.engine.experiments import read_experiments
from copilot.engine.policy_file import workspace_policy
from copilot.engine.products import ProductModels
from copilot.engine.setup import EngineSetup, ShopProfile
from copilot.settings import Settings
from copilot.shop import Shop
from knowledge.index.library_index import LibraryIndex
from knowledge.workspace import Workspace, utc_now
from models.affinity import Affinity

RULES_FILE = "rules.toml"


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
            BadRequestError: rules, policy or experiments of the workspace are not what they should be.
        """
        policy = workspace_policy(settings.workspace)
        experiments = read_experiments(settings.workspace, policy)
        workspace = Workspace.open(settings.workspace, settings.database_url)
        loaded = load_encoder(settings)
        known = None if isinstance(loaded, NoEncoder) else loaded
        index = LibraryIndex.open(workspace.index_folder, workspace.database, settings.tenant, known)
        encoder = known or WordsOnlyEncoder(index.dim)
        shop = Shop.read(workspace.folder)
        own_rules = workspace.folder / RULES_FILE
        rules = RuleBook.load(own_rules if own_rules.is_file() else None)
        engine = Engine(
            workspace.database,
            index,
            encoder,
            EngineSetup(
                tenant_id=settings.tenant,
                policy=policy,
                rules=rules,
                models=ProductModels.of(Affinity.load(affinity_folder(workspace, settings.tenant))),
                shop=ShopProfile(shop.name, shop.language),
                experiments=experiments,
            ),
            clock=utc_now,
        )
        desk = DecisionDesk(workspace.database, tenant_id=settings.tenant, rules=rules, clock=utc_now)
        degraded = loaded.reason if isinstance(loaded, NoEncoder) else ""
        return cls(workspace, settings, shop, index, engine, desk, degraded)

    def close(self) -> None:
        """Stop following changes and give everything back."""
        self.index.close()
        self.engine.close()
        self.workspace.close()


def affinity_folder(workspace: Workspace, tenant_id: str) -> Path:
    """Where what was learned from a tenant's orders is kept."""
    return workspace.models_folder / "affinity" / tenant_id
