"""The learned recommender."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recommenders.files import ARRAYS_FILE, read_arrays, unreadable, write_arrays
from models.recommenders.learned.pulls import Lesson, Pulls, most_frequent
from models.recommenders.learned.table import FEATURES, GROUPS, Table, candidate_table
from models.recommenders.learned.trees import BoostedTrees, TreeSettings
from models.recommenders.learned.trends import Trends
from models.recommenders.lines import PurchaseLines

TREE_ARRAYS = ("features", "thresholds", "left", "right", "values", "roots")
BATCH = 512
TAIL = 1_000.0
"""What is no candidate comes after all candidates, in the order of what sells."""


@dataclass(frozen=True)
class LearnedSettings:
    """How the past is cut into lessons.

    Attributes:
        horizon_days: for how long purchases count as what came next; less where the lines span less than three times
            as much.
        n_moments: lessons, one horizon apart, the last one ending with the lines.
        n_pull_moments: moments before each lesson that its pulls are learned from.
        max_items: the most frequent items, which the pulls are for.
        max_rows: candidates to learn from; of more, some customers are drawn.
    """

    horizon_days: float = 28.0
    n_moments: int = 5
    n_pull_moments: int = 4
    max_items: int = 2_000
    max_rows: int = 1_500_000
    trees: TreeSettings = field(default_factory=TreeSettings)
    seed: int = 0
    threads: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))


@dataclass(frozen=True)
class Learned:
    """Log-odds that a customer buys an item within the horizon: boosted trees over habits, trends and pulls."""

    trends: Trends
    pulls: Pulls
    trees: BoostedTrees

    @classmethod
    def fit(cls, lines: PurchaseLines, settings: LearnedSettings | None = None) -> "Learned":
        """Learn from what came after past moments, each seen with what was known then."""
        settings = settings or LearnedSettings()
        past = _Past.of(lines, settings)
        rng = np.random.default_rng(settings.seed)
        pulls = past.pulls(past.end)
        lessons = [past.lesson(moment, rng) for moment in past.moments]
        trees = BoostedTrees.fit(
            np.concatenate([np.zeros((0, len(FEATURES)), np.float32), *(rows for rows, _ in lessons)]),
            np.concatenate([np.zeros(0, np.bool_), *(wanted for _, wanted in lessons)]),
            seed=settings.seed,
            threads=settings.threads,
            settings=settings.trees,
        )
        return cls(Trends.of(lines, past.end), pulls, trees)

    @classmethod
    def load(cls, folder: Path) -> "Learned":
        """What `save` wrote.

        Raises:
            ModelError: the file is missing or damaged, or its features are others than this version computes.
        """
        names = (
            *("trends", "usual_days", "pull_items", "pull_weights", "pull_kind_weights", "pull_together"),
            "base",
        )
        features, *arrays = read_arrays(folder, "features", *names, *(f"tree_{name}" for name in TREE_ARRAYS))
        if tuple(features.tolist()) != FEATURES:
            raise unreadable(folder / ARRAYS_FILE, "it was learned from other features than this version has")
        values, usual, items, weights, kind_weights, together, base, *trees = arrays
        pulls = Pulls(items, weights, kind_weights, together)
        return cls(Trends(values, usual), pulls, BoostedTrees(float(base), *trees))

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:
        """The log-odds of candidates; what is none comes after them."""
        selling = self.trends.values[:, 2]
        scores = np.tile(selling / max(1e-9, float(selling.max(initial=0.0))) - TAIL, (histories.n_customers, 1))
        for start in range(0, histories.n_customers, BATCH):
            customers = np.arange(start, min(start + BATCH, histories.n_customers))
            table = self.candidates(histories.of(customers), today)
            scores[start + table.customers, table.items] = self.trees.scores(table.rows)
        return scores.astype(np.float32)

    def candidates(self, histories: PurchaseLines, today: float, allowed: NDArray[np.bool_] | None = None) -> Table:
        """What is worth scoring, with its features; with `allowed`, shape (n_items,), only among these items."""
        return candidate_table(histories, today, self.trends, self.pulls, allowed)

    def parts(self, rows: NDArray[np.float32]) -> tuple[Mapping[str, NDArray[np.float64]], float]:
        """What each group of features adds to the log-odds of each row, shape (n_rows,), and what every row has before.

        They sum to the score.
        """
        added, start = self.trees.contributions(rows)
        groups = {name: added[:, [FEATURES.index(one) for one in names]] for name, names in GROUPS.items()}
        return {name: columns.sum(axis=1) for name, columns in groups.items()}, start

    def save(self, folder: Path) -> None:
        """Write trends, pulls and trees."""
        trees = self.trees
        arrays = {name: getattr(trees, name) for name in TREE_ARRAYS}
        write_arrays(
            folder,
            {
                "features": np.array(FEATURES, np.str_),
                "trends": self.trends.values,
                "usual_days": self.trends.usual_days,
                "pull_items": self.pulls.items,
                "pull_weights": self.pulls.weights,
                "pull_kind_weights": self.pulls.kind_weights,
                "pull_together": self.pulls.together,
                "base": np.array(trees.base),
                **{f"tree_{name}": array for name, array in arrays.items()},
            },
        )


@dataclass(frozen=True)
class _Past:
    """Lines, and the moments that lessons are taken at."""

    lines: PurchaseLines
    begin: float
    end: float
    horizon: float
    items: NDArray[np.int64]
    settings: LearnedSettings
    kept: dict[tuple[float, float], Lesson] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: PurchaseLines, settings: LearnedSettings) -> "_Past":
        items = most_frequent(lines, settings.max_items)
        if not len(lines):
            return cls(lines, 0.0, 0.0, 1.0, items, settings)
        begin, end = float(lines.days.min()), float(np.nextafter(lines.days.max(), np.inf))
        return cls(lines, begin, end, min(settings.horizon_days, max(1.0, (end - begin) / 3.0)), items, settings)

    @property
    def moments(self) -> Sequence[float]:
        """The moments of lessons, the latest first; before each lies at least a horizon."""
        steps = (self.end - self.horizon * (1 + step) for step in range(self.settings.n_moments))
        return [moment for moment in steps if moment >= self.begin + self.horizon]

    def lesson(self, moment: float, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Candidates as they were at a moment, and which of them were bought within the horizon.

        Of customers who bought something then, since the order of items is what is to be learned.
        """
        lines, settings = self.lines, self.settings
        before, after = lines.before(moment), lines.take((lines.days >= moment) & (lines.days < moment + self.horizon))
        active = rng.permutation(np.intersect1d(before.customers, after.customers))
        trends, pulls = Trends.of(before, moment), self.pulls(moment)
        rows, wanted, n_rows = [], [], 0
        for start in range(0, len(active), BATCH):
            customers = active[start : start + BATCH]
            table = candidate_table(before.of(customers), moment, trends, pulls)
            bought = after.of(customers)
            keys = np.unique(bought.customers * lines.n_items + bought.items)
            rows.append(table.rows)
            wanted.append(np.isin(table.customers * lines.n_items + table.items, keys))
            n_rows += len(table)
            if n_rows >= settings.max_rows // max(1, len(self.moments)):
                break
        none = np.zeros((0, len(FEATURES)), np.float32)
        return np.concatenate([none, *rows]), np.concatenate([np.zeros(0, np.bool_), *wanted])

    def pulls(self, moment: float) -> Pulls:
        """Pulls learned from what came after earlier moments, all of it before this one.

        Lessons of neighbouring moments are the same; those kept from later ones are let go.
        """
        length = min(self.horizon, max(0.5, (moment - self.begin) / 2.0))
        earlier = [moment - length * step for step in range(1, self.settings.n_pull_moments + 1)]
        for key in [key for key in self.kept if key[0] > earlier[0]]:
            del self.kept[key]
        lessons = [self._pull_lesson(one, length) for one in earlier if one > self.begin]
        return Pulls.fit(self.lines.before(moment), lessons, self.items)

    def _pull_lesson(self, moment: float, length: float) -> Lesson:
        key = (round(moment, 6), round(length, 6))
        if key not in self.kept:
            self.kept[key] = Lesson.of(self.lines, moment, length, self.items)
        return self.kept[key]
