"""Which recommender predicts a shop's own later orders best."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from copilot.errors import BadRequestError
from copilot.evaluation.order_history import OrderHistory
from copilot.evaluation.purchase_tasks import Progress, PurchaseTask, later_purchases, ranking_metrics, recommend
from copilot.evaluation.purchases import ProductMode
from copilot.training.recommender_profiles import (
    ProfileVerdict,
    TagsAt,
    Values,
    judge_profiles,
    signed,
    without_tags,
)
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from models.errors import ModelError
from models.recommenders.learned.profiles import FEWEST_CUSTOMERS
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags
from models.recommenders.recommender import ProfileReader
from models.recommenders.registry import RECOMMENDERS

SHORT_SHARE = 0.2
"""Of orders over so few days that the horizon would leave little to learn from, this share is held back."""


@dataclass(frozen=True)
class ComparisonSettings:
    """How models are compared: on what is bought in the last days, by so many customers drawn by chance at most."""

    mode: ProductMode = ProductMode.ANY
    k: int = 10
    horizon_days: float = 28.0
    most_customers: int = 5_000
    seed: int = 0

    @property
    def metric(self) -> str:
        return f"nDCG@{self.k}"


@dataclass(frozen=True)
class ModelResult:
    """How well one model did; what nobody could be measured on is empty.

    `behind` is by how much the best model is ahead of it, paired by customer, in the mode that decides.
    """

    metrics: Mapping[ProductMode, Estimate]
    behind: Estimate
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        measured = {mode.value: one.to_dict() for mode, one in self.metrics.items()}
        return {**measured, "behind_best": self.behind.to_dict(), "seconds": round(self.seconds, 2)}


@dataclass(frozen=True)
class Comparison:
    """All models by name, the simplest first, and which one is chosen; `cut` is a day as lines count it.

    `left_out` says why a model could not take part; `profiles`, whether the one that can looks at profiles, where there
    are any.
    """

    settings: ComparisonSettings
    cut: float
    horizon_days: float
    n_customers: Mapping[ProductMode, int]
    models: Mapping[str, ModelResult]
    left_out: Mapping[str, str]
    best: str
    chosen: str
    profiles: ProfileVerdict | None = None

    @property
    def with_profiles(self) -> bool:
        """Whether the chosen model is one that looks at profiles, and does better with them."""
        can = RECOMMENDERS[self.chosen].fit_profiled is not None
        return can and self.profiles is not None and self.profiles.helps

    @property
    def why(self) -> str:
        """The reason for the choice, in one sentence."""
        metric, mode = self.settings.metric, self.settings.mode
        chosen, best = self.models[self.chosen], self.models[self.best]
        what = "later purchases" if mode is ProductMode.ANY else "first purchases of a product"
        on = f"on the {what} of {self.n_customers[mode]:,} customers within {self.horizon_days:.3g} days"
        if self.chosen != self.best:
            return (
                f"{self.chosen} is the simplest that the best, {self.best}, does not significantly beat: {metric} "
                f"{chosen.metrics[mode].mean:.3f} and {best.metrics[mode].mean:.3f}, a difference of "
                f"{signed(chosen.behind)}, {on}."
            )
        others = [name for name in self.models if name != self.chosen]
        if not others:
            return f"{self.chosen} is the only model that could be measured: {metric} {best.metrics[mode]}, {on}."
        second = max(others, key=lambda name: self.models[name].metrics[mode].mean)
        return (
            f"{self.chosen} is best: {metric} {best.metrics[mode].mean:.3f} {on}, ahead of {second} with "
            f"{self.models[second].metrics[mode].mean:.3f} by {signed(self.models[second].behind)}."
        )

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "settings": asdict(self.settings),
            "metric": self.settings.metric,
            "horizon_days": self.horizon_days,
            "n_customers": {mode.value: n for mode, n in self.n_customers.items()},
            "models": {name: result.to_dict() for name, result in self.models.items()},
            "left_out": dict(self.left_out),
            "best": self.best,
            "chosen": self.chosen,
            "why": self.why,
            "profiles": {"used": self.with_profiles, **self.profiles.to_dict()} if self.profiles else None,
        }


def compare_recommenders(
    orders: OrderHistory, settings: ComparisonSettings, progress: Progress, tags_at: TagsAt | None = None
) -> Comparison:
    """Fit every registered model on the orders before the last days, and measure it on those.

    The best is the one with the highest mean; chosen is the simplest that it does not beat with a 95 % interval above
    zero, paired by customer. A model that can look at profiles is also fitted with the tags that customers had before
    the last days, and takes part with them where they are found to be of use.

    Raises:
        BadRequestError: no customer bought both before the last days and in them.
        ModelError: no model could be fitted.
    """
    known, later, cut, horizon = split_by_time(orders.lines, settings.horizon_days)
    any_task = later_purchases(known, later, cut).sample(settings.most_customers, np.random.default_rng(settings.seed))
    tasks = {ProductMode.ANY: any_task, ProductMode.NEW: any_task.new_only()}
    if not len(tasks[settings.mode]):
        expected = f"customers who bought before the last {horizon:.3g} days and, then, something that counts"
        raise BadRequestError("orders", orders.name, expected)
    measured, left_out = _measure_all(tasks, settings, progress)
    if not measured:
        raise ModelError(f"no recommender could be fitted to {orders.name}: {'; '.join(left_out.values())}")
    verdict = None if tags_at is None else _try_profiles(measured, tasks, tags_at(cut), settings, progress)
    values = {name: one.values[settings.mode] for name, one in measured.items()}
    best = max(values, key=lambda name: float(values[name].mean()))
    customers = tasks[settings.mode].customers
    behind = {name: _estimate(values[best] - own, customers, settings) for name, own in values.items()}
    return Comparison(
        settings=settings,
        cut=cut,
        horizon_days=horizon,
        n_customers={mode: len(task) for mode, task in tasks.items()},
        models={name: one.result(tasks, behind[name], settings) for name, one in measured.items()},
        left_out=left_out,
        best=best,
        chosen=next(name for name in values if name == best or not behind[name].low > 0.0),
        profiles=verdict,
    )


def split_by_time(lines: PurchaseLines, horizon_days: float) -> tuple[PurchaseLines, PurchaseLines, float, float]:
    """The baskets up to a cut, those after it, the cut, and how many days lie after it.

    That is `horizon_days`, or a fifth of all days where that is less.
    """
    first, last = float(lines.days.min()), float(lines.days.max())
    horizon = min(horizon_days, SHORT_SHARE * (last - first))
    cut = last - horizon
    _, basket_of_line = np.unique(lines.baskets, return_inverse=True)
    begun = np.full(int(basket_of_line.max()) + 1, np.inf)
    np.minimum.at(begun, basket_of_line, lines.days)
    is_known = begun[basket_of_line] <= cut
    return lines.take(is_known), lines.take(~is_known), cut, horizon


@dataclass(frozen=True)
class _Measured:
    values: Values
    seconds: float
    tag_names: tuple[str, ...] = ()

    def result(
        self, tasks: Mapping[ProductMode, PurchaseTask], behind: Estimate, settings: ComparisonSettings
    ) -> ModelResult:
        metrics = {
            mode: _estimate(own, tasks[mode].customers, settings, limits=(0.0, 1.0))
            for mode, own in self.values.items()
        }
        return ModelResult(metrics, behind, self.seconds)


def _measure_all(
    tasks: Mapping[ProductMode, PurchaseTask], settings: ComparisonSettings, progress: Progress
) -> tuple[dict[str, _Measured], dict[str, str]]:
    measured: dict[str, _Measured] = {}
    left_out: dict[str, str] = {}
    for n_done, name in enumerate(RECOMMENDERS):
        progress(n_done, len(RECOMMENDERS), f"measuring {name}")
        try:
            measured[name] = _measure_one(name, tasks, settings)
        except ModelError as error:
            left_out[name] = str(error)
    return measured, left_out


def _try_profiles(
    measured: dict[str, _Measured],
    tasks: Mapping[ProductMode, PurchaseTask],
    tags: ProfileTags,
    settings: ComparisonSettings,
    progress: Progress,
) -> ProfileVerdict | None:
    """Whether profiles are of use to the model that can look at them, which then takes part with them."""
    name = next((name for name in measured if RECOMMENDERS[name].fit_profiled is not None), None)
    if name is None:
        return None
    progress(len(RECOMMENDERS) - 1, len(RECOMMENDERS), f"measuring {name} with profiles")
    tagged = {mode: replace(task, profiles=tags) for mode, task in tasks.items()}
    found = _measure_one(name, tagged, settings)
    if not found.tag_names:
        return without_tags(FEWEST_CUSTOMERS)
    verdict = judge_profiles(
        measured[name].values,
        found.values,
        tasks,
        tags.named(found.tag_names),
        decides=settings.mode,
        seed=settings.seed,
    )
    if verdict.helps:
        measured[name] = found
    return verdict


def _measure_one(name: str, tasks: Mapping[ProductMode, PurchaseTask], settings: ComparisonSettings) -> _Measured:
    start = perf_counter()
    known = tasks[ProductMode.ANY]
    model = RECOMMENDERS[name].fit_with(known.lines, known.profiles)
    values = {
        mode: ranking_metrics(task, recommend(model, task, settings.k), [settings.metric])[settings.metric]
        for mode, task in tasks.items()
        if len(task)
    }
    tag_names = model.tag_names if isinstance(model, ProfileReader) else ()
    return _Measured(values, perf_counter() - start, tag_names)


def _estimate(
    values: NDArray[np.float64],
    customers: NDArray[np.int64],
    settings: ComparisonSettings,
    limits: tuple[float, float] | None = None,
) -> Estimate:
    return mean_estimate(values, customers, np.random.default_rng(settings.seed), limits=limits)
