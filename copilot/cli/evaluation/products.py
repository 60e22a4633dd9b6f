"""`copilot eval products`: how well the next purchases are predicted."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.evaluation.printing import show_summaries, summary_dict
from copilot.cli.options import JsonOption, print_json, progress_bar

if TYPE_CHECKING:
    from copilot.evaluation.purchase_tasks import Progress
    from copilot.evaluation.purchases import ProductOptions
    from eval.runs.run import Run

    Measure = Callable[[ProductOptions, Progress], Run]


def products(
    orders: Annotated[Path, typer.Option("--orders", help="Orders up to the cut: CSV, JSON Lines or Parquet.")],
    test: Annotated[Path | None, typer.Option("--test", help="Orders after the cut.")] = None,
    customers: Annotated[Path | None, typer.Option("--customers", help="What is known of customers.")] = None,
    products: Annotated[Path | None, typer.Option("--products", help="What is known of products.")] = None,
    mode: Annotated[str, typer.Option("--mode", help="any: every later purchase; new: never bought before.")] = "any",
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="popularity, frequency, item-knn, ease, tifu-knn, learned, a folder with a trained one, or all.",
        ),
    ] = None,
    next_basket: Annotated[
        bool, typer.Option("--next-basket", help="Predict each customer's last basket; without --test.")
    ] = False,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="How many products are recommended.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Of the resamples that make the intervals.")] = 7,
    save: Annotated[Path | None, typer.Option("--save", help="Keep the runs in this folder.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend products from orders up to a cut, and look at what was bought after it; intervals over customers.

    Example: copilot eval products --orders orders.parquet --test later.parquet --mode new --model all
    """
    import numpy as np

    from copilot.errors import BadRequestError
    from copilot.evaluation.purchases import ProductMode, ProductOptions
    from copilot.evaluation.table import save_run
    from eval.runs.summary import summarise
    from models.recommenders.registry import RECOMMENDERS

    if mode not in list(ProductMode):
        raise BadRequestError("--mode", mode, f"one of {', '.join(ProductMode)}")
    if next_basket is (test is not None):
        raise BadRequestError("--test", test, "a file of later orders, or else the option --next-basket")
    wanted = list(RECOMMENDERS) if model and "all" in model else model or ["frequency"]
    if save is not None and len({Path(name).name for name in wanted}) < len(wanted):
        expected = "models of different names: with --save each run is kept under its own"
        raise BadRequestError("--model", ", ".join(wanted), expected)
    measure = _next_basket(orders, customers) if test is None else _later(orders, test, customers, products)
    measured = {}
    with progress_bar("products") as advance:
        for name in wanted:
            run = measure(ProductOptions(name, ProductMode(mode), k), advance)
            measured[name] = run, summarise(run, by="query", rng=np.random.default_rng(seed))
    if save is not None:
        for name, (run, summary) in measured.items():
            save_run(run, summary.to_dict(), save if len(measured) == 1 else save / Path(name).name)
    if as_json:
        found = {name: summary_dict(run, summary) for name, (run, summary) in measured.items()}
        print_json(next(iter(found.values())) if len(found) == 1 else {"models": found})
    else:
        show_summaries({name: summary for name, (_, summary) in measured.items()})


def _later(orders: Path, test: Path, customers: Path | None, products: Path | None) -> "Measure":
    from copilot.evaluation.purchases import measure_products
    from eval.datasets.purchases import read_purchases

    data = read_purchases(orders, test, customers, products)
    return lambda options, progress: measure_products(data, options, progress)


def _next_basket(orders: Path, customers: Path | None) -> "Measure":
    from copilot.evaluation.order_history import read_history
    from copilot.evaluation.purchases import measure_next_basket
    from eval.datasets.profiles import read_profiles

    data, known = read_history(orders), read_profiles(customers, "id") if customers else None
    return lambda options, progress: measure_next_basket(data, options, progress, known)
