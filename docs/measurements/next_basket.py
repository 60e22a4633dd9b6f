"""Measures how well each recommender predicts the next basket of Ta-Feng's customers, product by product.

    python docs/measurements/next_basket.py NOV_JAN ORDERS [--tune 3000] [--seed 7]

NOV_JAN is the Parquet file of Ta-Feng's purchases from November to January; ORDERS is the Parquet file to write, as
`copilot eval products --orders ORDERS --next-basket` reads it: one order is what a customer bought on a day. Printed is
a Markdown table with 95 % intervals over customers, and the ratio to TIFU-kNN. A further row has TIFU-kNN with the α
that does best on the baskets before the last ones, of `--tune` customers drawn by chance.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from copilot.evaluation.order_history import read_history
from copilot.evaluation.purchase_tasks import PurchaseTask, last_baskets, ranking_metrics, recommend
from eval.statistics.bootstrap import mean_estimate
from models.recommenders.recommender import Recommender
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.tifu_knn import TifuKnn, TifuSettings

METRICS = ("R@10", "nDCG@10")
BASELINE = "tifu-knn"
HEADER = "| | R@10 | to TIFU-kNN | nDCG@10 | to TIFU-kNN |\n|---|---:|---:|---:|---:|"
ALPHAS = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Line:
    """One model's values by metric, shape (n_customers,) each."""

    name: str
    values: dict[str, NDArray[np.float64]]

    def shown(self, baseline: "Line", rng: np.random.Generator) -> str:
        """A row of the table."""
        cells = [self.name]
        for metric in METRICS:
            own = self.values[metric]
            one = mean_estimate(own, np.arange(len(own)), rng, limits=(0.0, 1.0))
            cells.append(f"{one.mean:.4f} ({one.low:.4f}–{one.high:.4f})")
            cells.append(f"{one.mean / baseline.values[metric].mean():.3f}")
        return f"| {' | '.join(cells)} |"


def write_orders(purchases: Path, orders: Path) -> None:
    """The orders file: order_id, customer_id, sku (the product), ordered_at, quantity, amount."""
    table = pq.read_table(purchases)
    customer, date = table["CUSTOMER_ID"].cast(pa.string()), table["date"].cast(pa.string())
    columns = {
        "order_id": pc.binary_join_element_wise(customer, date, "@"),
        "customer_id": customer,
        "sku": table["PRODUCT_ID"].cast(pa.string()),
        "ordered_at": date,
        "quantity": table["AMOUNT"],
        "amount": table["SALES_PRICE"],
    }
    orders.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), orders)


def measure(name: str, model: Recommender, task: PurchaseTask) -> Line:
    """What a fitted model says to a task, judged."""
    return Line(name, ranking_metrics(task, recommend(model, task, 10), METRICS))


def tuned_alpha(lines_before: PurchaseTask, most: int, rng: np.random.Generator) -> float:
    """The α with the best nDCG@10 on the baskets before the last ones."""
    task = last_baskets(lines_before.lines).sample(most, rng)
    fitted = TifuKnn.fit(task.lines)
    means = {}
    for alpha in ALPHAS:
        model = replace(fitted, settings=TifuSettings(alpha=alpha))
        means[alpha] = float(measure("", model, task).values["nDCG@10"].mean())
    return max(means, key=lambda alpha: means[alpha])


def main() -> None:
    """Write the orders and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("purchases", type=Path)
    parser.add_argument("orders", type=Path)
    parser.add_argument("--tune", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    write_orders(args.purchases, args.orders)
    task = last_baskets(read_history(args.orders).lines)
    found = [measure(name, registered.fit(task.lines), task) for name, registered in RECOMMENDERS.items()]
    alpha = tuned_alpha(task, args.tune, np.random.default_rng(args.seed))
    tuned = TifuKnn.fit(task.lines, TifuSettings(alpha=alpha))
    found.append(measure(f"{BASELINE}, α = {alpha:g} as tuned", tuned, task))
    baseline = next(line for line in found if line.name == BASELINE)
    sys.stdout.write(f"n = {len(task):,} customers, {task.lines.n_items:,} products\n\n{HEADER}\n")
    for line in found:
        sys.stdout.write(line.shown(baseline, np.random.default_rng(args.seed)) + "\n")


if __name__ == "__main__":
    main()
