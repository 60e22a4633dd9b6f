"""`copilot eval products`: predict what customers buy after a cut, or their last baskets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from copilot.errors import BadRequestError
from copilot.evaluation.order_history import DAY, EPOCH, OrderHistory, moment_of, purchase_lines
from copilot.evaluation.profiles import tags_of
from copilot.evaluation.purchase_tasks import (
    Progress,
    PurchaseTask,
    Recommended,
    last_baskets,
    later_purchases,
    ranking_metrics,
    recommend,
)
from copilot.evaluation.systems import Ranking
from copilot.evaluation.table import RankedQuery, run_of
from eval.datasets.profiles import Profiles
from eval.datasets.purchases import PurchaseData
from eval.metrics.beyond import Popularity as ShownPopularity
from eval.runs.run import Run
from models.recommenders.recommender import Recommender
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.trained import TrainedRecommender, is_recommender


class ProductMode(StrEnum):
    """What counts: any later purchase, or only what the customer never bought before."""

    ANY = "any"
    NEW = "new"


@dataclass(frozen=True)
class ProductOptions:
    """Which recommender is measured, and how deep; a name, or the folder of a trained one."""

    model: str = "frequency"
    mode: ProductMode = ProductMode.ANY
    k: int = 10


def measure_products(data: PurchaseData, options: ProductOptions, progress: Progress) -> Run:
    """A run with one query for each customer who bought something that counts after the cut, and had bought before.

    Profiles of customers are shown to models that look at them.

    Raises:
        BadRequestError: there is no such model, it knows what is to be predicted, or there is no such customer.
    """
    n = len(data.customer_ids), len(data.skus)
    known, later = purchase_lines(data.train, *n), purchase_lines(data.test, *n)
    task = later_purchases(known, later, float((data.cut - EPOCH) / DAY))
    if data.customers is not None:
        task = replace(task, profiles=tags_of(data.customers, data.customer_ids))
    asked = _Asked(task, data.customer_ids, data.skus, "--test", data.name)
    facts = {"kind": "purchases", "sha256": data.sha256}
    return _measure(asked, options, facts, progress, cut=str(data.cut))


def measure_next_basket(
    data: OrderHistory, options: ProductOptions, progress: Progress, customers: Profiles | None = None
) -> Run:
    """A run with one query for each customer of three baskets or more: the last one from all the others.

    All that is not in such a last basket is known to the model, also what others bought later. Profiles of customers
    are shown to models that look at them.

    Raises:
        BadRequestError: there is no such model, it is a trained one, or there is no such customer.
    """
    if options.model not in RECOMMENDERS and is_recommender(Path(options.model)):
        expected = f"one of {', '.join(RECOMMENDERS)}; a trained model may know the baskets to be predicted"
        raise BadRequestError("--model", options.model, expected)
    task = last_baskets(data.lines)
    if customers is not None:
        task = replace(task, profiles=tags_of(customers, data.customer_ids))
    asked = _Asked(task, data.customer_ids, data.skus, "--orders", data.name)
    return _measure(asked, options, {"kind": "baskets", "sha256": data.sha256}, progress)


@dataclass(frozen=True)
class _Asked:
    """A task with the ids behind its numbers; `option` gave the data of this name."""

    task: PurchaseTask
    customer_ids: Sequence[str]
    skus: Sequence[str]
    option: str
    name: str


def _measure(
    asked: _Asked, options: ProductOptions, data_facts: Mapping[str, str], progress: Progress, **facts: str
) -> Run:
    if options.mode is ProductMode.NEW:
        asked = replace(asked, task=asked.task.new_only())
    if not len(asked.task):
        raise BadRequestError(asked.option, asked.name, _NOBODY[asked.option, options.mode])
    model = _recommender(options.model, asked)
    found = recommend(model, asked.task, options.k, progress)
    queries = [_query(asked, place, one) for place, one in enumerate(found)]
    whole = {
        "kind": "products",
        "data": {"name": asked.name, **data_facts, "n_turns": len(found)},
        **facts,
        "system": options.model,
        "mode": options.mode.value,
        "k": options.k,
        "versions": {"model": options.model, "policy": ""},
    }
    return run_of(whole, queries, _metrics(asked, found, options.k))


_NOBODY = {
    ("--test", ProductMode.ANY): "a customer of the orders who bought something later",
    ("--test", ProductMode.NEW): "a customer of the orders who later bought something for the first time",
    ("--orders", ProductMode.ANY): "a customer with three baskets or more",
    ("--orders", ProductMode.NEW): "a customer with three baskets or more and something new in the last",
}


def _recommender(name: str, asked: _Asked) -> Recommender:
    if name in RECOMMENDERS:
        return RECOMMENDERS[name].fit_with(asked.task.lines, asked.task.profiles)
    if not is_recommender(Path(name)):
        expected = f"one of {', '.join(RECOMMENDERS)}, or a folder that `copilot train recommender` wrote"
        raise BadRequestError("--model", name, expected)
    trained = TrainedRecommender.load(Path(name))
    today, last_day = float(asked.task.todays.min()), trained.trained_on.last_day
    if last_day is not None and last_day > today:
        expected = f"a model trained on orders up to {moment_of(today)}; this one knows orders of {moment_of(last_day)}"
        raise BadRequestError("--model", name, expected)
    return trained.for_items(asked.skus)


def _query(asked: _Asked, place: int, found: Recommended) -> RankedQuery:
    skus = [asked.skus[item] for item in found.items.tolist()]
    relevant = [asked.skus[item] for item in asked.task.wanted[place].tolist()]
    customer = asked.customer_ids[int(asked.task.customers[place])]
    return RankedQuery(customer, "", relevant, skus, skus, Ranking(found.items.astype(np.int32), found.scores))


def _metrics(asked: _Asked, found: Sequence[Recommended], k: int) -> dict[str, list[float]]:
    names = (f"nDCG@{k}", f"R@{k}", f"P@{k}", f"Success@{k}", f"RR@{k}")
    counts = np.asarray(asked.task.lines.counts().sum(axis=0)).ravel()
    popularity = ShownPopularity(dict(zip(asked.skus, counts.astype(int).tolist(), strict=True)))
    shown = [[asked.skus[item] for item in one.items.tolist()] for one in found]
    return {
        **{name: values.tolist() for name, values in ranking_metrics(asked.task, found, names).items()},
        "novelty": [popularity.novelty(skus) for skus in shown],
    }
