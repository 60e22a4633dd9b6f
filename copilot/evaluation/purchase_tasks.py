"""What there is to predict of customers' purchases, and what a recommender says to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eval.metrics.ranking import as_run, measure_rankings
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags
from models.recommenders.recommender import Recommender, best_items, scores_with, without

MOST_AT_ONCE = 512
CELLS_AT_ONCE = 16_000_000
"""Scores held at once, which limits memory whatever the number of products."""
FEWEST_BASKETS = 3

Progress = Callable[[int, int, str], None]
Items = NDArray[np.int64]


@dataclass(frozen=True)
class PurchaseTask:
    """Customers whose next purchases are to be predicted from known lines.

    Attributes:
        lines: all that is known; the histories of the customers are among them.
        customers: shape (n,), each once.
        todays: shape (n,), the moment from which each customer's purchases are predicted.
        wanted: for each customer the distinct items bought that count, at least one.
        only_new: what a customer has bought before is neither wanted nor recommended.
        profiles: what is known of the customers of the lines beside these, if anything.
    """

    lines: PurchaseLines
    customers: Items
    todays: NDArray[np.float64]
    wanted: Sequence[Items]
    only_new: bool = False
    profiles: ProfileTags | None = None

    def __len__(self) -> int:
        return len(self.customers)

    def new_only(self) -> "PurchaseTask":
        """The same for what the customers never bought before; those who bought no such thing are left out."""
        owned = items_by_customer(self.lines)
        wanted = [
            np.setdiff1d(items, owned[customer])
            for customer, items in zip(self.customers.tolist(), self.wanted, strict=True)
        ]
        kept = np.array([len(items) > 0 for items in wanted], np.bool_)
        return replace(replace(self, wanted=wanted)._at(np.flatnonzero(kept)), only_new=True)

    def sample(self, most: int, rng: np.random.Generator) -> "PurchaseTask":
        """At most so many of the customers, drawn by chance, in their order."""
        if len(self) <= most:
            return self
        return self._at(np.sort(rng.choice(len(self), most, replace=False)))

    def _at(self, places: NDArray[np.intp]) -> "PurchaseTask":
        wanted = [self.wanted[place] for place in places.tolist()]
        return replace(self, customers=self.customers[places], todays=self.todays[places], wanted=wanted)


@dataclass(frozen=True)
class Recommended:
    """The best items for a customer, best first, and their scores."""

    items: Items
    scores: NDArray[np.float64]


def later_purchases(known: PurchaseLines, later: PurchaseLines, today: float) -> PurchaseTask:
    """Everything bought later, by customers who are known."""
    before, after = items_by_customer(known), items_by_customer(later)
    wanted = {customer: items for customer, items in after.items() if customer in before}
    customers = np.array(list(wanted), np.int64)
    return PurchaseTask(known, customers, np.full(len(customers), today), list(wanted.values()))


def last_baskets(lines: PurchaseLines, fewest: int = FEWEST_BASKETS) -> PurchaseTask:
    """The last basket of each customer who has `fewest` or more, from all lines that are not in such a basket.

    Of baskets of the same moment the one with the highest number is the last.
    """
    baskets, first, basket_of_line = np.unique(lines.baskets, return_index=True, return_inverse=True)
    customers, days = lines.customers[first], lines.days[first]
    order = np.lexsort((baskets, days, customers))
    found, starts, n_own = np.unique(customers[order], return_index=True, return_counts=True)
    asked = n_own >= fewest
    last = order[(starts + n_own - 1)[asked]]
    held_out = np.isin(basket_of_line, last)
    wanted = items_by_customer(lines.take(held_out))
    return PurchaseTask(lines.take(~held_out), found[asked], days[last], [wanted[one] for one in found[asked].tolist()])


def items_by_customer(lines: PurchaseLines) -> Mapping[int, Items]:
    """The distinct items of each customer who has any, in rising order."""
    pairs = np.unique(lines.customers * lines.n_items + lines.items)
    customers, starts = np.unique(pairs // max(1, lines.n_items), return_index=True)
    items = np.split(pairs % max(1, lines.n_items), starts[1:]) if len(starts) else []
    return dict(zip(customers.tolist(), items, strict=True))


def recommend(model: Recommender, task: PurchaseTask, k: int, progress: Progress | None = None) -> list[Recommended]:
    """The `k` best items for each customer of a task, in its order."""
    found: list[Recommended | None] = [None] * len(task)
    owned = items_by_customer(task.lines) if task.only_new else {}
    n_done = 0
    for places, histories in _batches(task):
        profiles = task.profiles and task.profiles.of(task.customers[places])
        scores = scores_with(model, histories, float(task.todays[places[0]]), profiles)
        if task.only_new:
            scores = without(scores, [owned[customer] for customer in task.customers[places].tolist()])
        for place, row, best in zip(places.tolist(), scores, best_items(scores, k), strict=True):
            found[place] = Recommended(best, row[best].astype(np.float64))
        n_done += len(places)
        if progress is not None:
            progress(n_done, len(task), "recommending")
    return [one for one in found if one is not None]


def ranking_metrics(
    task: PurchaseTask, found: Sequence[Recommended], names: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Each metric for each customer of the task, shape (n,)."""
    qrels = {str(place): {str(item): 1 for item in items.tolist()} for place, items in enumerate(task.wanted)}
    runs = {str(place): as_run([str(item) for item in one.items.tolist()]) for place, one in enumerate(found)}
    return measure_rankings(qrels, runs, names)


def _batches(task: PurchaseTask) -> Iterator[tuple[NDArray[np.intp], PurchaseLines]]:
    """Places of customers who are asked about at the same moment, and their histories."""
    order = np.argsort(task.todays, kind="stable")
    lines = task.lines.of(task.customers[order])
    by_customer = np.argsort(lines.customers, kind="stable")
    lines = lines.take(by_customer)
    starts = np.flatnonzero(np.diff(task.todays[order], prepend=-np.inf))
    n_at_once = max(1, min(MOST_AT_ONCE, CELLS_AT_ONCE // max(1, lines.n_items)))
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        for first in range(start, end, n_at_once):
            last = min(first + n_at_once, end)
            begin, stop = np.searchsorted(lines.customers, [first, last])
            batch = lines.take(slice(begin, stop))
            yield order[first:last], replace(batch, customers=batch.customers - first, n_customers=last - first)
