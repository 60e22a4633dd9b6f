"""A learned recommender of the synthetic shop, so that what is timed is what a shop with orders runs."""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlmodel import col

from copilot.artefacts import check_recommender
from copilot.settings import Settings
from copilot.training.workspace_orders import workspace_history
from knowledge.tables import Product
from knowledge.workspace import Workspace, utc_now
from models.affinity import Affinity
from models.recommenders.learned.model import Learned, LearnedSettings
from models.recommenders.lines import PurchaseLines
from models.recommenders.trained import TrainedOn, TrainedRecommender
from models.store.artefact import Kind
from models.store.store import ModelStore

N_MOMENTS = 2
"""Lessons enough for trees and pulls of the usual size; how good they are is not measured here."""


def ensure_recommender(settings: Settings, seed: int) -> str:
    """The version of the recommender that serves the workspace; learned from its orders if there is none yet.

    It knows every product of the catalogue, as that of a shop does which has sold all of them.
    """
    store = ModelStore.in_workspace(settings.workspace)
    serving = store.standing(Kind.RECOMMENDER).serving
    if serving is not None:
        return serving
    with closing(Workspace.open(settings.workspace)) as workspace, TemporaryDirectory(prefix="recommender-") as folder:
        _learn(workspace, settings, seed, Path(folder))
        artefact, _ = store.add(Kind.RECOMMENDER, Path(folder), check=check_recommender, at=utc_now())
    store.promote(Kind.RECOMMENDER, artefact.version, check=check_recommender, at=utc_now(), why="benchmark")
    return artefact.version


def _learn(workspace: Workspace, settings: Settings, seed: int, folder: Path) -> None:
    history = workspace_history(workspace.database, settings.tenant, workspace.folder.name)
    skus = _all_skus(workspace, settings.tenant)
    lines = _renumbered(history.lines, history.skus, skus)
    model = Learned.fit(lines, LearnedSettings(n_moments=N_MOMENTS, n_pull_moments=1, seed=seed))
    TrainedRecommender("learned", skus, TrainedOn.of(lines), model).save(folder)
    Affinity.fit(skus, lines.baskets, lines.customers, lines.items, lines.days).save(folder)


def _all_skus(workspace: Workspace, tenant_id: str) -> tuple[str, ...]:
    with workspace.database.read() as session:
        query = select(col(Product.sku)).where(col(Product.tenant_id) == tenant_id).order_by(col(Product.sku))
        return tuple(session.execute(query).scalars())


def _renumbered(lines: PurchaseLines, known: tuple[str, ...], skus: tuple[str, ...]) -> PurchaseLines:
    numbers = {sku: number for number, sku in enumerate(skus)}
    own: NDArray[np.int64] = np.array([numbers[sku] for sku in known], np.int64)
    return PurchaseLines(lines.baskets, lines.customers, own[lines.items], lines.days, lines.n_customers, len(skus))
