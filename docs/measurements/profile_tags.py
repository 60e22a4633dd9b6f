"""Measures whether the learned recommender does better or worse with the tags of customers than without.

    python docs/measurements/profile_tags.py ORDERS TEST CUSTOMERS [--seed 7]

The files are those of `copilot eval products`. The model is fitted twice to the orders, with and without the profiles,
and asked the same. Printed is a Markdown table of nDCG@10 and the difference, paired by customer, with 95 % intervals:
of all customers, those with a profile, and the quarter of these with the fewest baskets.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copilot.evaluation.order_history import DAY, EPOCH, purchase_lines
from copilot.evaluation.profiles import tags_of
from copilot.evaluation.purchase_tasks import PurchaseTask, later_purchases, ranking_metrics, recommend
from eval.datasets.purchases import PurchaseData, read_purchases
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from models.recommenders.profile_tags import ProfileTags
from models.recommenders.recommender import Recommender
from models.recommenders.registry import RECOMMENDERS

METRIC = "nDCG@10"
HEADER = "| what is predicted | for whom | n | without | with | difference |\n|---|---|---:|---:|---:|---:|"
THIN_SHARE = 0.25


def tasks_of(data: PurchaseData) -> tuple[PurchaseTask, ProfileTags]:
    """What is to be predicted, and the tags of all customers."""
    if data.customers is None:
        raise SystemExit("expected a file of customers")
    n = len(data.customer_ids), len(data.skus)
    known, later = purchase_lines(data.train, *n), purchase_lines(data.test, *n)
    tags = tags_of(data.customers, data.customer_ids)
    return replace(later_purchases(known, later, float((data.cut - EPOCH) / DAY)), profiles=tags), tags


def values_of(model: Recommender, task: PurchaseTask) -> NDArray[np.float64]:
    """The metric for each customer of the task, shape (n,)."""
    return ranking_metrics(task, recommend(model, task, 10), [METRIC])[METRIC]


def groups_of(task: PurchaseTask, tags: ProfileTags) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Who is looked at, as masks over the customers of the task."""
    yield "all", np.ones(len(task), np.bool_)
    has_tags = tags.n_tags[task.customers] > 0
    yield "with a profile", has_tags
    _, first = np.unique(task.lines.baskets, return_index=True)
    n_baskets = np.bincount(task.lines.customers[first], minlength=task.lines.n_customers)[task.customers]
    if has_tags.any():
        few = int(np.quantile(n_baskets[has_tags], THIN_SHARE))
        yield f"of these, {few} baskets or fewer", has_tags & (n_baskets <= few)


def main() -> None:
    """Fit both models and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("orders", "test", "customers"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    task, tags = tasks_of(read_purchases(args.orders, args.test, args.customers))
    learned = RECOMMENDERS["learned"]
    models = [learned.fit_with(task.lines, profiles) for profiles in (None, tags)]
    sys.stdout.write(f"{HEADER}\n")
    for what, one in (("any", task), ("new", task.new_only())):
        without, with_tags = (values_of(model, one) for model in models)
        for whom, mask in groups_of(one, tags):
            cells = [_estimate(values[mask], args.seed) for values in (without, with_tags, with_tags - without)]
            shown = [f"{cell.mean:.4f}" for cell in cells[:2]]
            difference = f"{cells[2].mean:+.4f} ({cells[2].low:+.4f} to {cells[2].high:+.4f})"
            sys.stdout.write(f"| {' | '.join([what, whom, f'{int(mask.sum()):,}', *shown, difference])} |\n")


def _estimate(values: NDArray[np.float64], seed: int) -> Estimate:
    return mean_estimate(values, np.arange(len(values)), np.random.default_rng(seed))


if __name__ == "__main__":
    main()
