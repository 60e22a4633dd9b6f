"""Which models serve a workspace, and why: what somebody names, else what is promoted, else what is built in.

What was promoted and cannot be loaded never stops anything: what served before it, or what is built in, takes its place
with a warning that names it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.artefacts import load_stored_encoder
from copilot.encoding import NoEncoder, load_encoder
from copilot.engine.nextbest.models import LearnedProducts
from copilot.engine.policy_file import PolicyInUse, policy_beside, policy_in_use, stored_ranker
from copilot.engine.shadow import ShadowPolicy
from copilot.errors import BadRequestError
from copilot.settings import Settings
from knowledge.errors import SearchIndexError
from knowledge.index.snapshot import current_snapshot, tenant_folder
from knowledge.workspace import Workspace
from models.affinity import Affinity
from models.errors import EncoderError, ModelError
from models.recommenders.learned.model import Learned
from models.recommenders.trained import TrainedRecommender, is_recommender
from models.store.artefact import Artefact, Kind
from models.store.errors import DamagedArtefactError, StoreError, UnknownArtefactError
from models.store.store import ModelStore

if TYPE_CHECKING:
    from models.encoders.encoder import Encoder

logger = logging.getLogger(__name__)

BUILT_IN = "built in: nothing is promoted"
NAMED = "named by --encoder or COPILOT_ENCODER"


@dataclass(frozen=True)
class EncoderInUse:
    """The encoder, or why there is none; `version` is the store's, `warnings` say what should have served."""

    encoder: "Encoder | NoEncoder"
    version: str | None
    why: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelsInUse:
    """Which models an open workspace answers with and why, for whoever looks after it; no shadow is empty."""

    encoder: str
    ranker: str
    recommender: str
    shadow: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RecommenderInUse:
    """What is known of products bought together, and where from."""

    affinity: Affinity
    learned: LearnedProducts | None
    version: str | None
    why: str
    warnings: tuple[str, ...] = ()


def promoted_settings(settings: Settings) -> Settings:
    """The settings to build or measure with: the encoder that is promoted is named, unless another one was.

    Raises:
        StoreError: what is promoted is damaged; nothing else is taken in its place.
    """
    if settings.names_encoder:
        return settings
    store = ModelStore.in_workspace(settings.workspace)
    version = store.standing(Kind.ENCODER).serving
    if version is None:
        return settings
    artefact = store.get(Kind.ENCODER, version)
    artefact.check_sizes()
    return settings.model_copy(update={"encoder": str(artefact.folder)})


def policy_to_serve(settings: Settings) -> PolicyInUse:
    """The policy that answers in a workspace, with the encoder of the settings or the promoted one.

    What is wrong with an encoder is for those to say who load it.

    Raises:
        BadRequestError: a policy is not what it should be.
    """
    try:
        beside = policy_beside(Path(promoted_settings(settings).encoder))
    except StoreError:
        beside = None
    return policy_in_use(settings.workspace, beside)


def encoder_in_use(settings: Settings, index_folder: Path) -> EncoderInUse:
    """The encoder to answer with, whose vectors are those of the index.

    Of what the store holds that is what the index was built with, and as a rule what is promoted. While a promotion
    builds the index, or after it was killed, it may be another one; every moment has an encoder that fits.
    """
    if settings.names_encoder:
        return EncoderInUse(load_encoder(settings), None, NAMED)
    store = ModelStore.in_workspace(settings.workspace)
    warnings: list[str] = []
    promoted = _promoted(store, Kind.ENCODER, warnings)
    wanted = _index_fingerprint(index_folder, settings.tenant)
    for artefact in _fitting(store, promoted, wanted, warnings):
        try:
            encoder = load_stored_encoder(artefact.folder, threads=settings.threads)
        except EncoderError as error:
            warnings.append(f"encoder {artefact.version} cannot be loaded: {error}")
        else:
            return _from_store(encoder, artefact, promoted, warnings)
    return _built_in(settings, promoted, wanted, warnings)


def recommender_in_use(workspace: Workspace, learned: Path) -> RecommenderInUse:
    """What serves as recommender; what the workspace's own orders taught, in the folder `learned`, is built in.

    Raises:
        ModelError: what is built in cannot be read.
    """
    store = ModelStore.in_workspace(workspace.folder)
    warnings: list[str] = []
    for version in reversed(_promoted(store, Kind.RECOMMENDER, warnings)):
        try:
            artefact = store.get(Kind.RECOMMENDER, version)
            artefact.check_sizes()
            affinity, learned_products = Affinity.load(artefact.folder), _learned_products(artefact.folder)
        except ModelError as error:
            warnings.append(f"recommender {version} cannot be loaded: {error}")
        else:
            return RecommenderInUse(affinity, learned_products, version, f"promoted: {version}", tuple(warnings))
    why = "learned from the orders of the workspace"
    return RecommenderInUse(Affinity.load(learned), None, None, why, tuple(warnings))


def _learned_products(folder: Path) -> LearnedProducts | None:
    """The trained model of a recommender's folder, where it is one that tells what speaks for each product."""
    if not is_recommender(folder):
        return None
    trained = TrainedRecommender.load(folder)
    return LearnedProducts.of(trained.model, trained.skus) if isinstance(trained.model, Learned) else None


def shadow_in_use(workspace: Workspace) -> tuple[ShadowPolicy | None, tuple[str, ...]]:
    """The ranker that works silently, and what is wrong with it when it cannot."""
    store = ModelStore.in_workspace(workspace.folder)
    try:
        version = store.standing(Kind.RANKER).shadow
    except StoreError:
        return None, ()  # what serves has told already
    if version is None:
        return None, ()
    try:
        return ShadowPolicy(version, stored_ranker(store, version)), ()
    except (StoreError, BadRequestError) as error:
        return None, (f"shadow ranker {version} cannot be loaded: {error}",)


def stored_fingerprint(artefact: Artefact) -> tuple[str, int]:
    """The fingerprint and dimension of an encoder in the store.

    Raises:
        EncoderError: its own manifest cannot be read.
    """
    from models.encoders.manifest import read_manifest

    manifest = read_manifest(artefact.folder)
    return manifest.fingerprint, manifest.dim


def kept_encoders(settings: Settings) -> list[tuple[str, int]]:
    """Fingerprint and dimension of the encoders that a rollback may return to, so that their vectors stay.

    After the first promotion that is whatever was prepared on this machine before.
    """
    from models.encoders.manifest import MANIFEST_FILE, read_manifest

    store = ModelStore.in_workspace(settings.workspace)
    try:
        line = store.standing(Kind.ENCODER).line
        kept = [stored_fingerprint(store.get(Kind.ENCODER, version)) for version in line[-2:]]
        prepared = settings.models_folder.glob(f"*/{MANIFEST_FILE}") if len(line) == 1 else ()
        manifests = [read_manifest(path.parent) for path in prepared]
    except ModelError as error:
        logger.warning("vectors of an earlier encoder may have to be computed again: %s", error)
        return []
    return kept + [(one.fingerprint, one.dim) for one in manifests]


def _promoted(store: ModelStore, kind: Kind, warnings: list[str]) -> tuple[str, ...]:
    try:
        return store.standing(kind).line
    except StoreError as error:
        warnings.append(str(error))
        return ()


def _index_fingerprint(index_folder: Path, tenant_id: str) -> str | None:
    """What the index was built with; nothing when there is none to say so."""
    if not index_folder.is_dir():
        return None
    try:
        snapshot = current_snapshot(tenant_folder(index_folder, tenant_id))
    except SearchIndexError:
        return None  # opening it will say what is wrong
    return snapshot.contents.fingerprint if snapshot else None


def _fitting(store: ModelStore, line: tuple[str, ...], wanted: str | None, warnings: list[str]) -> Iterator[Artefact]:
    """The encoders to try: those of the line, the last first, then others that the index may have been built with."""
    others = [one.version for one in store.artefacts(Kind.ENCODER) if one.version not in line] if wanted else []
    for version in dict.fromkeys([*reversed(line), *reversed(others)]):
        try:
            artefact = store.get(Kind.ENCODER, version)
            artefact.check_sizes()
            fingerprint, _ = stored_fingerprint(artefact)
        except (UnknownArtefactError, DamagedArtefactError, EncoderError) as error:
            if version in line:
                warnings.append(f"encoder {version} cannot be loaded: {error}")
            continue
        if wanted in (None, fingerprint):
            yield artefact


def _from_store(encoder: "Encoder", artefact: Artefact, line: tuple[str, ...], warnings: list[str]) -> EncoderInUse:
    version = artefact.version
    if line and line[-1] == version:
        return EncoderInUse(encoder, version, f"promoted: {version}", tuple(warnings))
    expected = f"encoder {line[-1]} is promoted" if line else "no encoder is promoted"
    warnings.append(f"{expected}, but {version} serves; to index with what is promoted: copilot index build")
    return EncoderInUse(encoder, version, f"{version}, in place of what is promoted", tuple(warnings))


def _built_in(settings: Settings, line: tuple[str, ...], wanted: str | None, warnings: list[str]) -> EncoderInUse:
    """What is built in, where its vectors are those of the index; else words only, or the error of the index."""
    loaded = load_encoder(settings)
    if not line:
        return EncoderInUse(loaded, None, BUILT_IN, tuple(warnings))
    if not isinstance(loaded, NoEncoder) and wanted in (None, loaded.fingerprint):
        warnings.append(f"encoder {line[-1]} is promoted, but the one built in serves")
        return EncoderInUse(loaded, None, "built in, in place of what is promoted", tuple(warnings))
    because = "; ".join(warnings) or "the index was built with another one; run: copilot index build"
    reason = f"encoder {line[-1]} is promoted and cannot serve: {because}"
    return EncoderInUse(NoEncoder(reason), None, "none: only words are searched", (*warnings, reason))
