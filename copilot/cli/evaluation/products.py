"""`copilot eval products`: how well the next purchases are predicted."""

from pathlib import Path
from typing import Annotated

import typer

from copilot.cli.evaluation.printing import show_summaries, summary_dict
from copilot.cli.options import JsonOption, print_json, progress_bar


def products(
    orders: Annotated[Path, typer.Option("--orders", help="Orders up to the cut: CSV, JSON Lines or Parquet.")],
    test: Annotated[Path, typer.Option("--test", help="Orders after the cut.")],
    customers: Annotated[Path | None, typer.Option("--customers", help="What is known of customers.")] = None,
    products: Annotated[Path | None, typer.Option("--products", help="What is known of products.")] = None,
    mode: Annotated[str, typer.Option("--mode", help="any: every later purchase; new: never bought before.")] = "any",
    model: Annotated[
        list[str] | None, typer.Option("--model", help="popularity, frequency, co-purchase, or all.")
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="How many products are recommended.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Of the resamples that make the intervals.")] = 7,
    save: Annotated[Path | None, typer.Option("--save", help="Keep the runs in this folder.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend products from orders up to a cut, and look at what was bought after it; intervals over customers.

    Example: copilot eval products --orders orders.parquet --test later.parquet --mode new
    """
    import numpy as np

    from copilot.errors import BadRequestError
    from copilot.evaluation.purchases import ProductMode, ProductOptions, measure_products
    from copilot.evaluation.table import save_run
    from eval.datasets.purchases import read_purchases
    from eval.runs.summary import summarise
    from models.recommenders.baselines import BASELINES

    if mode not in list(ProductMode):
        raise BadRequestError("--mode", mode, f"one of {', '.join(ProductMode)}")
    wanted = list(BASELINES) if model and "all" in model else model or ["frequency"]
    data = read_purchases(orders, test, customers, products)
    measured = {}
    with progress_bar("products") as advance:
        for name in wanted:
            run = measure_products(data, ProductOptions(name, ProductMode(mode), k), advance)
            measured[name] = run, summarise(run, by="query", rng=np.random.default_rng(seed))
    if save is not None:
        for name, (run, summary) in measured.items():
            save_run(run, summary.to_dict(), save if len(measured) == 1 else save / name)
    if as_json:
        found = {name: summary_dict(run, summary) for name, (run, summary) in measured.items()}
        print_json(next(iter(found.values())) if len(found) == 1 else {"models": found})
    else:
        show_summaries({name: summary for name, (_, summary) in measured.items()})
