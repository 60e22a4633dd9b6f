"""The learned recommender."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recommenders.files import ARRAYS_FILE, read_arrays, unreadable, write_arrays
from models.recommenders.learned.profiles import (
    FEWEST_CUSTOMERS,
    MOST_TAGS,
    Tagged,
    TagLifts,
    require_one_each,
)
from models.recommenders.learned.pulls import Equations, Pulls, most_frequent
from models.recommenders.learned.stages import with_profile_stage
from models.recommenders.learned.table import FEATURES, GROUPS, Table, candidate_table
from models.recommenders.learned.trees import BoostedTrees, TreeSettings
from models.recommenders.learned.trends import TREND_FEATURES, Trends
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags

TREE_ARRAYS = ("features", "thresholds", "left", "right", "values", "roots")
PROFILE_COLUMNS = np.array([FEATURES.index(name) for name in GROUPS["profile"]], np.int32)
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
    """Log-odds that a customer buys an item within the horizon: boosted trees over habits, trends, pulls and profiles.

    `lifts` are what the tags of profiles say; none where it was learned without, or no tag is common enough.
    """

    trends: Trends
    pulls: Pulls
    trees: BoostedTrees
    lifts: TagLifts | None = None

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The tags that change what is recommended."""
        return self.lifts.tags if self.lifts is not None else ()

    @classmethod
    def fit(
        cls, lines: PurchaseLines, settings: LearnedSettings | None = None, *, profiles: ProfileTags | None = None
    ) -> "Learned":
        """Learn from what came after past moments, each seen with what was known then.

        `profiles` are of the customers of the lines, and taken as known all along.

        Raises:
            ModelError: there are more or fewer profiles than customers.
        """
        settings = settings or LearnedSettings()
        past = _Past.of(lines, settings, profiles)
        rng = np.random.default_rng(settings.seed)
        pulls = past.pulls(past.end)
        lessons = [past.lesson(moment, rng) for moment in past.moments]
        rows = np.concatenate([np.zeros((0, len(FEATURES)), np.float32), *(rows for rows, _ in lessons)])
        wanted = np.concatenate([np.zeros(0, np.bool_), *(wanted for _, wanted in lessons)])
        return cls(Trends.of(lines, past.end), pulls, _grown(rows, wanted, settings), past.lifts(past.end))

    @classmethod
    def load(cls, folder: Path) -> "Learned":
        """What `save` wrote.

        Raises:
            ModelError: the file is missing or damaged, or its features are others than this version computes.
        """
        names = (
            *("trends", "usual_days", "pull_items", "pull_weights", "pull_kind_weights", "pull_together"),
            *("base", "tags", "tag_lifts", "tag_liked"),
        )
        features, *arrays = read_arrays(folder, "features", *names, *(f"tree_{name}" for name in TREE_ARRAYS))
        if tuple(features.tolist()) != FEATURES:
            raise unreadable(folder / ARRAYS_FILE, "it was learned from other features than this version has")
        values, usual, items, weights, kind_weights, together, base, tags, of_tags, liked, *trees = arrays
        pulls = Pulls(items, weights, kind_weights, together)
        lifts = TagLifts(tuple(tags.tolist()), items, of_tags, liked) if len(tags) else None
        return cls(Trends(values, usual), pulls, BoostedTrees(float(base), *trees), lifts)

    def scores(
        self, histories: PurchaseLines, today: float, profiles: ProfileTags | None = None
    ) -> NDArray[np.float32]:
        """The log-odds of candidates; what is none comes after them.

        Raises:
            ModelError: there are more or fewer profiles than histories.
        """
        selling = self.trends.values[:, TREND_FEATURES.index("sold")]
        scores = np.tile(selling / max(1e-9, float(selling.max(initial=0.0))) - TAIL, (histories.n_customers, 1))
        for start in range(0, histories.n_customers, BATCH):
            customers = np.arange(start, min(start + BATCH, histories.n_customers))
            table = self.candidates(histories.of(customers), today, profiles=profiles and profiles.of(customers))
            scores[start + table.customers, table.items] = self.trees.scores(table.rows)
        return scores.astype(np.float32)

    def candidates(
        self,
        histories: PurchaseLines,
        today: float,
        profiles: ProfileTags | None = None,
    ) -> Table:
        """What is worth scoring, with its features.

        Raises:
            ModelError: there are more or fewer profiles than histories.
        """
        tagged = _tagged(histories, self.lifts, profiles)
        return candidate_table(histories, today, self.trends, self.pulls, tagged)

    def parts(self, rows: NDArray[np.float32]) -> tuple[Mapping[str, NDArray[np.float64]], float]:
        """What each group of features adds to the log-odds of each row, shape (n_rows,), and what every row has before.

        They sum to the score.
        """
        added, start = self.trees.contributions(rows)
        groups = {name: added[:, [FEATURES.index(one) for one in names]] for name, names in GROUPS.items()}
        return {name: columns.sum(axis=1) for name, columns in groups.items()}, start

    def save(self, folder: Path) -> None:
        """Write trends, pulls, trees and lifts."""
        trees, lifts = self.trees, self.lifts
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
                "tags": np.array(self.tag_names, np.str_),
                "tag_lifts": lifts.values if lifts is not None else np.zeros((0, 0), np.float32),
                "tag_liked": lifts.liked if lifts is not None else np.zeros(0, np.float32),
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
    profiles: ProfileTags | None = None
    kept: dict[tuple[float, float], Equations] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: PurchaseLines, settings: LearnedSettings, profiles: ProfileTags | None = None) -> "_Past":
        items = most_frequent(lines, settings.max_items)
        known = _common(lines, profiles)
        if not len(lines):
            return cls(lines, 0.0, 0.0, 1.0, items, settings, known)
        begin, end = float(lines.days.min()), float(np.nextafter(lines.days.max(), np.inf))
        horizon = min(settings.horizon_days, max(1.0, (end - begin) / 3.0))
        return cls(lines, begin, end, horizon, items, settings, known)

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
        trends, pulls, lifts = Trends.of(before, moment), self.pulls(moment), self.lifts(moment)
        rows, wanted, n_rows = [], [], 0
        for start in range(0, len(active), BATCH):
            customers = active[start : start + BATCH]
            histories = before.of(customers)
            tagged = lifts.of(self.profiles.of(customers), thin_baskets=0) if lifts and self.profiles else None
            table = candidate_table(histories, moment, trends, pulls, tagged)
            bought = after.of(customers)
            keys = np.unique(bought.customers * lines.n_items + bought.items)
            rows.append(table.rows)
            wanted.append(np.isin(table.customers * lines.n_items + table.items, keys))
            n_rows += len(table)
            if n_rows >= settings.max_rows // max(1, len(self.moments)):
                break
        none = np.zeros((0, len(FEATURES)), np.float32)
        return np.concatenate([none, *rows]), np.concatenate([np.zeros(0, np.bool_), *wanted])

    def lifts(self, moment: float) -> TagLifts | None:
        """What customers with each tag bought more of, before a moment; nothing without tags."""
        if self.profiles is None:
            return None
        return TagLifts.fit(self.lines.before(moment), self.profiles, self.items)

    def pulls(self, moment: float) -> Pulls:
        """Pulls learned from what came after earlier moments, all of it before this one.

        Neighbouring moments share most of their equations; those that only later ones need are let go.
        """
        length = min(self.horizon, max(0.5, (moment - self.begin) / 2.0))
        earlier = [moment - length * step for step in range(1, self.settings.n_pull_moments + 1)]
        for key in [key for key in self.kept if key[0] > _key(earlier[0], length)[0]]:
            del self.kept[key]
        equations = [self._equations(one, length) for one in earlier if one > self.begin]
        return Pulls.fit(self.lines.before(moment), equations, self.items)

    def _equations(self, moment: float, length: float) -> Equations:
        key = _key(moment, length)
        if key not in self.kept:
            self.kept[key] = Equations.of(self.lines, moment, length, self.items)
        return self.kept[key]


def _key(moment: float, length: float) -> tuple[float, float]:
    """The same for moments that only rounding tells apart."""
    return round(moment, 6), round(length, 6)


def _grown(rows: NDArray[np.float32], wanted: NDArray[np.bool_], settings: LearnedSettings) -> BoostedTrees:
    """Trees that see everything but profiles, and where these tell anything, the few that see only them.

    Of the rows what profiles tell is taken out, in place, since there may be millions.
    """
    told = np.ascontiguousarray(rows[:, PROFILE_COLUMNS])
    rows[:, PROFILE_COLUMNS] = 0.0
    seed, threads = settings.seed, settings.threads
    trees = BoostedTrees.fit(rows, wanted, seed=seed, threads=threads, settings=settings.trees)
    if not told.any():
        return trees
    start = trees.scores(rows)
    return with_profile_stage(trees, start, told, wanted, columns=PROFILE_COLUMNS, seed=seed, threads=threads)


def _common(lines: PurchaseLines, profiles: ProfileTags | None) -> ProfileTags | None:
    """The profiles with only the tags that enough customers have; nothing where there is none."""
    if profiles is None:
        return None
    require_one_each(lines, profiles)
    names = profiles.common(FEWEST_CUSTOMERS, MOST_TAGS)
    return profiles.named(names) if names else None


def _tagged(histories: PurchaseLines, lifts: TagLifts | None, profiles: ProfileTags | None) -> Tagged | None:
    if profiles is None:
        return None
    require_one_each(histories, profiles)
    return None if lifts is None else lifts.of(profiles)
