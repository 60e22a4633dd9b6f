"""`copilot train recommender`: learn what customers buy next from orders, with the model that does it best."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import JsonOption, WorkspaceOption, print_json, progress_bar, read_settings

if TYPE_CHECKING:
    from copilot.evaluation.order_history import OrderHistory
    from copilot.training.recommender import TrainingOutcome
    from copilot.training.recommender_profiles import ProfileVerdict
    from copilot.training.workspace_tags import TagHistory

SURE = 0.05


def recommender(
    out: Annotated[Path, typer.Option("--out", help="The folder to write.", show_default=False)],
    orders: Annotated[
        Path | None,
        typer.Option("--orders", help="Orders: CSV, JSON Lines or Parquet (default: those of the workspace)."),
    ] = None,
    customers: Annotated[Path | None, typer.Option("--customers", help="What is known of customers.")] = None,
    products: Annotated[Path | None, typer.Option("--products", help="What is known of products.")] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="What decides. any: every later purchase; new: never bought before.")
    ] = "any",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the customers drawn and of the resamples.")] = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare all recommenders on the last weeks of the orders, and train the one that wins on all of them.

    Example: copilot train recommender --orders orders.parquet --out models/recommender
    """
    from copilot.errors import BadRequestError
    from copilot.evaluation.purchases import ProductMode
    from copilot.training.recommender import KnownProfiles, require_free, train_recommender, write_recommender
    from copilot.training.recommender_comparison import ComparisonSettings
    from eval.datasets.profiles import read_profiles

    if mode not in list(ProductMode):
        raise BadRequestError("--mode", mode, f"one of {', '.join(ProductMode)}")
    if orders is not None and workspace is not None:
        raise BadRequestError("--workspace", str(workspace), "either --orders or --workspace")
    require_free(out)
    known = read_profiles(customers, "id") if customers else None
    of_products = read_profiles(products, "sku") if products else None
    history, tags = _read(orders, workspace)
    profiles = KnownProfiles(known, of_products, tags)
    with progress_bar("training") as advance:
        found = train_recommender(history, profiles, ComparisonSettings(ProductMode(mode), seed=seed), advance)
    write_recommender(found, out)
    if as_json:
        n = found.comparison.n_customers[ProductMode(mode)]
        print_json({"out": str(out), "n": n, **found.to_dict()})
    else:
        _print(found, out)


def _read(orders: Path | None, workspace: Path | None) -> "tuple[OrderHistory, TagHistory | None]":
    """The orders, and where they are those of a workspace the tags of its customers."""
    from copilot.evaluation.order_history import read_history
    from copilot.training.workspace_orders import workspace_history
    from copilot.training.workspace_tags import workspace_tags
    from knowledge.workspace import Workspace, utc_now

    if orders is not None:
        return read_history(orders, is_strict=False, now=utc_now()), None
    settings = read_settings(workspace)
    opened = Workspace.open(settings.workspace, settings.database_url)
    try:
        history = workspace_history(opened.database, settings.tenant, opened.folder.resolve().name)
        return history, workspace_tags(opened.database, settings.tenant)
    finally:
        opened.close()


def _print(found: "TrainingOutcome", out: Path) -> None:
    comparison, data, counts = found.comparison, found.trained.trained_on, found.orders.counts
    typer.echo(
        f"{data.n_lines:,} order lines of {data.n_customers:,} customers and {data.n_items:,} products; "
        f"left out: {counts.n_nothing:,} that came to nothing, {counts.n_repeated:,} repeated, "
        f"{counts.n_future:,} from the future, {counts.n_rejected:,} that are wrong"
    )
    for example in counts.examples:
        typer.echo(f"  {example}")
    if found.orders.unknown_fields:
        typer.echo(f"fields not used: {', '.join(found.orders.unknown_fields)}")
    for name, n in found.without_profile.items():
        typer.echo(f"{n:,} {name} of the orders have no profile")
    asked = ", ".join(f"{mode}: {n:,} customers" for mode, n in comparison.n_customers.items())
    typer.echo(f"{comparison.settings.metric} on the last {comparison.horizon_days:.3g} days ({asked})")
    typer.echo(f"{'':14}" + "".join(f"{mode:>24}" for mode in comparison.n_customers) + f"{'seconds':>10}")
    for name, result in comparison.models.items():
        cells = (result.metrics.get(mode) for mode in comparison.n_customers)
        shown = "".join(f"{cell!s:>24}" if cell else f"{'–':>24}" for cell in cells)
        typer.echo(f"{name:14}{shown}{result.seconds:>10.1f}")
    for name, reason in comparison.left_out.items():
        typer.echo(f"{name:14} left out: {reason}")
    if comparison.profiles is not None:
        _print_profiles(comparison.profiles)
    typer.echo(comparison.why)
    typer.echo(f"{comparison.chosen} is trained on all orders; measure or serve {out}")


def _print_profiles(verdict: "ProfileVerdict") -> None:
    typer.echo(verdict.why)
    for mode, gains in verdict.by_tag.items():
        for one in gains:
            if one.p <= SURE:
                typer.echo(
                    f"  {mode}: {one.gain.mean:+.3f} for {one.gain.n:,} customers with {one.tag} (p = {one.p:.3f})"
                )
