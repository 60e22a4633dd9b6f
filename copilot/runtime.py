"""Opens a workspace for serving: database, encoder, index, learned models, rules, engine."""

import logging
from dataclasses import dataclass
from pathlib import Path

from copilot.encoding import NoEncoder, WordsOnlyEncoder
from copilot.engine.compliance import RuleBook
from copilot.engine.decisions import DecisionDesk
from copilot.engine.engine import Engine
from copilot.engine.experiments import read_experiments
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.nextbest.wishes import catalogue_file
from copilot.engine.policy_file import policy_in_use, policy_of_encoder
from copilot.engine.setup import EngineSetup, ShopProfile
from copilot.engine.small_talk import SmallTalk
from copilot.product_settings import read_product_rules
from copilot.serving import EncoderInUse, ModelsInUse, encoder_in_use, recommender_in_use, shadow_in_use
from copilot.settings import Settings
from copilot.shop import Shop
from knowledge.errors import SearchIndexError
from knowledge.index.library_index import LibraryIndex
from knowledge.workspace import Workspace, utc_now
from models.segments import SegmentAffinity

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """An open workspace with its engine."""

    workspace: Workspace
    settings: Settings
    shop: Shop
    index: LibraryIndex
    engine: Engine
    desk: DecisionDesk
    in_use: ModelsInUse
    degraded: str = ""

    @classmethod
    def open(cls, settings: Settings) -> "Runtime":
        """The engine of a workspace, ready to answer.

        An encoder that cannot be loaded leaves suggestions by words working; `degraded` says why. What the model store
        has promoted serves unless something else is named; `in_use` tells.

        Raises:
            WorkspaceError: there is no such workspace.
            SearchIndexError: the index cannot serve; the message says what to run.
            BadRequestError: rules, policy or experiments of the workspace are not what they should be.
        """
        workspace = Workspace.open(settings.workspace, settings.database_url)
        found, index = _open_index(settings, workspace)
        policy = policy_in_use(settings.workspace, policy_of_encoder(found.encoder))
        experiments = read_experiments(settings.workspace, policy.policy)
        recommender = recommender_in_use(workspace, affinity_folder(workspace, settings.tenant))
        segments = SegmentAffinity.load(affinity_folder(workspace, settings.tenant))
        shadow, shadow_warnings = shadow_in_use(workspace)
        warnings = (*found.warnings, *policy.warnings, *recommender.warnings, *shadow_warnings)
        for warning in warnings:
            logger.warning("%s", warning)
        known = None if isinstance(found.encoder, NoEncoder) else found.encoder
        encoder = known or WordsOnlyEncoder(index.dim)
        shop = Shop.read(workspace.folder)
        rules = RuleBook.of_workspace(workspace.folder)
        engine = Engine(
            workspace.database,
            index,
            encoder,
            EngineSetup(
                tenant_id=settings.tenant,
                policy=policy.policy,
                rules=rules,
                models=ProductModels.of(recommender.affinity, segments, recommender.learned),
                shop=ShopProfile(shop.name, shop.language),
                product_rules=read_product_rules(workspace.folder),
                small_talk=SmallTalk.of_workspace(workspace.folder),
                experiments=experiments,
                shadow=shadow,
                catalogue_file=catalogue_file(workspace.index_folder, settings.tenant),
            ),
            clock=utc_now,
        )
        desk = DecisionDesk(workspace.database, tenant_id=settings.tenant, rules=rules, clock=utc_now)
        in_use = ModelsInUse(
            encoder=found.why,
            ranker=policy.why,
            recommender=recommender.why,
            shadow=shadow.version if shadow else "",
            warnings=warnings,
        )
        degraded = found.encoder.reason if isinstance(found.encoder, NoEncoder) else ""
        return cls(workspace, settings, shop, index, engine, desk, in_use, degraded)

    def close(self) -> None:
        """Stop following changes and give everything back."""
        self.index.close()
        self.engine.close()
        self.workspace.close()


def _open_index(settings: Settings, workspace: Workspace) -> tuple[EncoderInUse, LibraryIndex]:
    """The encoder and the index that was built with it; a promotion may exchange both while one of them is opened."""
    found = encoder_in_use(settings, workspace.index_folder)
    try:
        return found, _index_for(found, settings, workspace)
    except SearchIndexError:
        again = encoder_in_use(settings, workspace.index_folder)
        if again.version == found.version:
            raise
        return again, _index_for(again, settings, workspace)


def _index_for(found: EncoderInUse, settings: Settings, workspace: Workspace) -> LibraryIndex:
    encoder = None if isinstance(found.encoder, NoEncoder) else found.encoder
    return LibraryIndex.open(workspace.index_folder, workspace.database, settings.tenant, encoder)


def affinity_folder(workspace: Workspace, tenant_id: str) -> Path:
    """Where what was learned from a tenant's orders is kept."""
    return workspace.models_folder / "affinity" / tenant_id
