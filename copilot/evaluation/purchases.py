"""`copilot eval products`: predict what customers buy after the cut."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from copilot.errors import BadRequestError
from copilot.evaluation.systems import Ranking
from copilot.evaluation.table import RankedQuery, run_of
from eval.datasets.order_lines import OrderLines
from eval.datasets.purchases import PurchaseData
from eval.metrics.beyond import Popularity as ShownPopularity
from eval.metrics.ranking import as_run, measure_rankings
from eval.runs.run import Run
from models.recommenders.baselines import BASELINES
from models.recommenders.lines import PurchaseLines
from models.recommenders.recommender import Recommender, best_items, without

BATCH = 512
DAY = np.timedelta64(1, "D")
Progress = Callable[[int, int, str], None]


class ProductMode(StrEnum):
    """What counts: any later purchase, or only what the customer never bought before."""

    ANY = "any"
    NEW = "new"


@dataclass(frozen=True)
class ProductOptions:
    """Which recommender is measured, and how deep."""

    model: str = "frequency"
    mode: ProductMode = ProductMode.ANY
    k: int = 10


def measure_products(data: PurchaseData, options: ProductOptions, progress: Progress) -> Run:
    """A run with one query for each customer who bought something that counts after the cut, and had bought before.

    Raises:
        BadRequestError: there is no such model, or no such customer.
    """
    fit = BASELINES.get(options.model)
    if fit is None:
        raise BadRequestError("--model", options.model, f"one of {', '.join(BASELINES)}")
    lines = _lines(data)
    recommender: Recommender = fit(lines)
    owned, later = _items_of(data.train), _items_of(data.test)
    wanted = _wanted(owned, later, options.mode)
    if not wanted:
        raise BadRequestError("--test", data.name, "a customer of the orders who bought something later")
    ranked = []
    for start in range(0, len(wanted), BATCH):
        customers = list(wanted)[start : start + BATCH]
        scores = recommender.scores(np.array(customers, np.int64))
        if options.mode is ProductMode.NEW:
            scores = without(scores, [owned[customer] for customer in customers])
        for customer, row, best in zip(customers, scores, best_items(scores, options.k), strict=True):
            ranked.append(_query(data, customer, wanted[customer], best, row))
        progress(min(start + BATCH, len(wanted)), len(wanted), "recommending")
    return run_of(_facts(data, options, len(ranked)), ranked, _metrics(ranked, lines, data, options.k))


def _lines(data: PurchaseData) -> PurchaseLines:
    train = data.train
    days = (train.ordered_at - train.ordered_at[0]) / DAY
    return PurchaseLines(
        baskets=train.order.astype(np.int64),
        customers=train.customer.astype(np.int64),
        items=train.sku.astype(np.int64),
        days=days.astype(np.float64),
        n_customers=len(data.customer_ids),
        n_items=len(data.skus),
    )


def _items_of(lines: OrderLines) -> dict[int, NDArray[np.int64]]:
    """The distinct items of each customer."""
    pairs = np.unique(np.column_stack([lines.customer, lines.sku]).astype(np.int64), axis=0)
    customers, starts = np.unique(pairs[:, 0], return_index=True)
    return dict(zip(customers.tolist(), np.split(pairs[:, 1], starts[1:]), strict=True))


def _wanted(
    owned: dict[int, NDArray[np.int64]], later: dict[int, NDArray[np.int64]], mode: ProductMode
) -> dict[int, NDArray[np.int64]]:
    """What each customer bought later that counts; customers without any are left out."""
    known = {customer: items for customer, items in later.items() if customer in owned}
    if mode is ProductMode.NEW:
        known = {customer: np.setdiff1d(items, owned[customer]) for customer, items in known.items()}
    return {customer: items for customer, items in known.items() if len(items)}


def _query(
    data: PurchaseData,
    customer: int,
    wanted: NDArray[np.int64],
    best: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> RankedQuery:
    skus = [data.skus[item] for item in best.tolist()]
    ranking = Ranking(best.astype(np.int32), scores[best].astype(np.float64))
    relevant = [data.skus[item] for item in wanted.tolist()]
    return RankedQuery(data.customer_ids[customer], "", relevant, skus, skus, ranking)


def _metrics(ranked: list[RankedQuery], lines: PurchaseLines, data: PurchaseData, k: int) -> dict[str, list[float]]:
    names = (f"nDCG@{k}", f"R@{k}", f"P@{k}", f"Success@{k}", f"RR@{k}")
    qrels = {one.query_id: dict.fromkeys(one.relevant, 1) for one in ranked}
    measured = measure_rankings(qrels, {one.query_id: as_run(one.ids) for one in ranked}, names)
    counts = np.asarray(lines.counts().sum(axis=0)).ravel()
    popularity = ShownPopularity({sku: int(n) for sku, n in zip(data.skus, counts.tolist(), strict=True) if n})
    return {
        **{name: values.tolist() for name, values in measured.items()},
        "novelty": [popularity.novelty(one.ids) for one in ranked],
    }


def _facts(data: PurchaseData, options: ProductOptions, n_customers: int) -> dict[str, object]:
    return {
        "kind": "products",
        "data": {"name": data.name, "kind": "purchases", "sha256": data.sha256, "n_turns": n_customers},
        "cut": str(data.cut),
        "system": options.model,
        "mode": options.mode.value,
        "k": options.k,
        "versions": {"model": options.model, "policy": ""},
    }
