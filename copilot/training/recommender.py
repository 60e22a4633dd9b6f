"""The recommender that wins on a shop's own orders, trained on all of them, as a folder.

The folder holds what `models.recommenders.trained` writes, beside it `affinity.npz` (what is bought together and how
long products last, from the same orders) and `training.json`, the report.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from copilot.errors import BadRequestError
from copilot.evaluation.order_history import OrderHistory, moment_of
from copilot.evaluation.profiles import tags_of
from copilot.evaluation.purchase_tasks import Progress
from copilot.training.recommender_comparison import Comparison, ComparisonSettings, compare_recommenders
from copilot.training.recommender_profiles import TagsAt
from copilot.training.workspace_tags import TagHistory
from eval.datasets.profiles import Profiles
from eval.memory import own_memory
from models.affinity import Affinity
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.trained import TrainedRecommender, is_recommender
from models.training.artefact import RECORD_FILE, beside, put_in_place


@dataclass(frozen=True)
class KnownProfiles:
    """What is known of customers and products beside their orders; `tags` are those of a workspace's customers."""

    customers: Profiles | None = None
    products: Profiles | None = None
    tags: TagHistory | None = None

    def tags_at(self, orders: OrderHistory) -> TagsAt | None:
        """The tags that the customers of the orders had on a day; profiles, which know no time, before others."""
        if self.customers is not None:
            tags = tags_of(self.customers, orders.customer_ids)
            return lambda _: tags
        history = self.tags
        if history is None or not history.held:
            return None
        return lambda day: history.at(orders.customer_ids, day)

    def missing(self, orders: OrderHistory) -> dict[str, int]:
        """How many customers and products of the orders have no profile, where there are any."""
        given = {"customers": (self.customers, orders.customer_ids), "products": (self.products, orders.skus)}
        return {name: len(set(ids) - set(one.ids)) for name, (one, ids) in given.items() if one is not None}


@dataclass(frozen=True)
class TrainingOutcome:
    """The chosen recommender, what speaks for it, and what it took."""

    orders: OrderHistory
    without_profile: dict[str, int]
    comparison: Comparison
    trained: TrainedRecommender
    affinity: Affinity
    seconds: float
    peak_memory_mb: float

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        first, last = self.trained.trained_on.first_day or 0.0, self.trained.trained_on.last_day or 0.0
        return {
            "data": {
                "name": self.orders.name,
                "sha256": self.orders.sha256,
                **asdict(self.trained.trained_on),
                "first_order": str(moment_of(first)),
                "last_order": str(moment_of(last)),
                "rows": self.orders.counts.to_dict(),
                "unknown_fields": list(self.orders.unknown_fields),
                "n_without_profile": self.without_profile,
            },
            "cut": str(moment_of(self.comparison.cut)),
            **self.comparison.to_dict(),
            "seconds": round(self.seconds, 1),
            "peak_memory_mb": round(self.peak_memory_mb),
        }


def train_recommender(
    orders: OrderHistory, profiles: KnownProfiles, settings: ComparisonSettings, progress: Progress
) -> TrainingOutcome:
    """Compare all recommenders on the last days of the orders, and fit the chosen one to all of them.

    Raises:
        BadRequestError: the orders are of too few days, or nobody came back.
    """
    start = perf_counter()
    tags_at = profiles.tags_at(orders)
    comparison = compare_recommenders(orders, settings, progress, tags_at)
    progress(len(RECOMMENDERS), len(RECOMMENDERS), f"fitting {comparison.chosen} to all orders")
    lines = orders.lines
    tags = tags_at(float(lines.days.max())) if tags_at is not None and comparison.with_profiles else None
    return TrainingOutcome(
        orders=orders,
        without_profile=profiles.missing(orders),
        comparison=comparison,
        trained=TrainedRecommender.fit(comparison.chosen, lines, orders.skus, tags),
        affinity=Affinity.fit(orders.skus, lines.baskets, lines.customers, lines.items, lines.days),
        seconds=perf_counter() - start,
        peak_memory_mb=own_memory().peak_mb,
    )


def require_free(out: Path) -> None:
    """Make sure that `out` may be written: not there, empty, or a recommender trained earlier.

    Raises:
        BadRequestError: something else lies there.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not is_recommender(out) or not (out / RECORD_FILE).is_file():
        raise BadRequestError("--out", str(out), "a new or empty folder, or one that `copilot train recommender` wrote")


def write_recommender(found: TrainingOutcome, out: Path) -> None:
    """Put recommender and report in their place; it is read again before anybody can see it.

    Raises:
        BadRequestError: something else lies there.
        OutOfRoomError: the disk is full.
    """
    require_free(out)
    with beside(out) as aside:
        found.trained.save(aside)
        found.affinity.save(aside)
        text = json.dumps(found.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
        (aside / RECORD_FILE).write_text(text + "\n", encoding="utf-8")
        TrainedRecommender.load(aside)
        put_in_place(aside, out)
