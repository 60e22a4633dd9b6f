"""What every recommender does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags


class Recommender(Protocol):
    """Scores items for customers, by what they bought."""

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:
        """Scores of all items for each customer of `histories`, shape (histories.n_customers, n_items).

        -inf is never recommended. No line of a history is later than `today`, a day on the clock of the lines the model
        learned from.
        """

    def save(self, folder: Path) -> None:
        """Write what was learned into a folder."""


@runtime_checkable
class ProfileReader(Protocol):
    """A recommender that can look at the tags of customers beside their histories."""

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The tags that change what it recommends."""

    def scores(
        self, histories: PurchaseLines, today: float, profiles: ProfileTags | None = None
    ) -> NDArray[np.float32]:
        """As `Recommender.scores`, with the tags of the customers of the histories where these are known."""


def scores_with(
    model: Recommender, histories: PurchaseLines, today: float, profiles: ProfileTags | None
) -> NDArray[np.float32]:
    """The scores of a model, which gets to see profiles if it looks at any."""
    if profiles is not None and isinstance(model, ProfileReader):
        return model.scores(histories, today, profiles)
    return model.scores(histories, today)


def best_items(scores: NDArray[np.float32], k: int) -> list[NDArray[np.int64]]:
    """The `k` best items of each row, best first, ties by number; fewer where fewer have a score."""
    k = min(k, scores.shape[1])
    if not k:
        return [np.zeros(0, np.int64) for _ in scores]
    nearly = np.partition(scores, -k, axis=1)[:, -k] if k < scores.shape[1] else np.full(len(scores), -np.inf)
    return [_best(row, least, k) for row, least in zip(scores, nearly, strict=True)]


def without(scores: NDArray[np.float32], owned: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """The scores with each row's owned items taken out."""
    left = scores.copy()
    for row, items in zip(left, owned, strict=True):
        row[items] = -np.inf
    return left


def _best(row: NDArray[np.float32], least: np.float32, k: int) -> NDArray[np.int64]:
    candidates = np.flatnonzero((row >= least) & np.isfinite(row))
    order = np.lexsort((candidates, -row[candidates]))
    best: NDArray[np.int64] = candidates[order][:k]
    return best
