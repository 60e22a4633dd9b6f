"""Everything derived from the database, made anew: the search index and what orders teach."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import numpy as np
from sqlalchemy import select
from sqlmodel import col

from copilot.encoding import NoEncoder, load_encoder
from copilot.engine.nextbest.wishes import catalogue_file, store_catalogue
from copilot.errors import NotReadyError
from copilot.numbering import Numbering
from copilot.runtime import affinity_folder
from copilot.segments import learn_segments
from copilot.serving import kept_encoders, promoted_settings
from copilot.settings import Settings
from knowledge.database import Database
from knowledge.index.build import BuildReport, build_index
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import Order, OrderLine
from knowledge.workspace import Workspace
from models.affinity import Affinity

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Built:
    """What was built, and how long it took."""

    index: BuildReport
    n_order_lines: int
    seconds: float


def build_all(settings: Settings, workspace: Workspace, progress: Progress | None = None) -> Built:
    """Build the index snapshot and learn from orders, with the encoder that is named or else promoted.

    Raises:
        NotReadyError: no encoder can be loaded.
        StoreError: the encoder that is promoted is damaged.
    """
    start = perf_counter()
    settings = promoted_settings(settings)
    encoder = load_encoder(settings.model_copy(update={"threads": os.cpu_count() or 1}))
    if isinstance(encoder, NoEncoder):
        raise NotReadyError(f"the index needs the encoder {settings.encoder!r}: {encoder.reason}")
    report = build_index(
        workspace.database,
        workspace.index_folder,
        settings.tenant,
        encoder,
        progress,
        keep=kept_encoders(settings),
    )
    store_catalogue(workspace.database, settings.tenant, catalogue_file(workspace.index_folder, settings.tenant))
    affinity, n_lines = learn_affinity(workspace.database, settings.tenant)
    affinity.save(affinity_folder(workspace, settings.tenant))
    learn_segments(workspace.database, settings.tenant).save(affinity_folder(workspace, settings.tenant))
    return Built(report, n_lines, perf_counter() - start)


def learn_affinity(database: Database, tenant_id: str, before: datetime | None = None) -> tuple[Affinity, int]:
    """What is bought together and how long it lasts, and from how many order lines; `before` leaves later ones out."""
    query = (
        select(col(Order.id), col(Order.customer_id), col(OrderLine.sku), col(Order.ordered_at))
        .join(
            OrderLine, (col(OrderLine.tenant_id) == col(Order.tenant_id)) & (col(OrderLine.order_id) == col(Order.id))
        )
        .where(
            col(Order.tenant_id) == tenant_id,
            col(Order.status).not_in(sorted(UNDONE_STATUSES)),
            col(OrderLine.quantity) > 0,
        )
        .execution_options(yield_per=10_000)
    )
    if before is not None:
        query = query.where(col(Order.ordered_at) < before)
    baskets, customers, items = Numbering(), Numbering(), Numbering()
    days: list[float] = []
    with database.read() as session:
        for order_id, customer_id, sku, ordered_at in session.execute(query):
            baskets.add(order_id)
            customers.add(customer_id)
            items.add(sku)
            days.append(ordered_at.timestamp() / 86_400)
    model = Affinity.fit(tuple(items.known), baskets.array(), customers.array(), items.array(), np.array(days))
    return model, len(days)
