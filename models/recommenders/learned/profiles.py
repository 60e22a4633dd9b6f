"""What customers with a tag buy more of than others do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.errors import ModelError
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags

PROFILE_FEATURES = ("tag_lift", "tag_lift_most")
FEWEST_CUSTOMERS, MOST_TAGS = 20, 300
"""A tag of fewer customers says nothing; of more tags the rarest are left out."""
FIRM = 10.0
"""How many expected buyers the belief that a tag makes no difference is worth."""
Z = 1.96
THIN_BASKETS = 10
"""Who has fewer baskets is also offered what suits the tags."""
N_TAGGED = 20


@dataclass(frozen=True)
class TagLifts:
    """By how much a tag surely raises or lowers what is bought of each item, in logarithms.

    That is ln((n + F) / (e + F)), brought nearer to 0 by Z / sqrt(n + F), and 0 where that is more: its end of the 95 %
    interval that lies nearest to 0. n are the customers with the tag who bought the item; e, how many these would be
    had they chosen like all customers who have any tag, given how many different items the tag's customers bought:
    buying more of everything is no liking. A tag that tells nothing is 0 nearly everywhere, so that there is nothing
    to learn by heart.

    Attributes:
        tags: names, in alphabetical order; none where profiles are not used.
        items: those that take part, ascending, shape (n_modelled,).
        values: shape (n_tags, n_modelled).
        liked: of each item, the logarithm of the share of all that customers with a tag bought, shape (n_modelled,).
    """

    tags: tuple[str, ...]
    items: NDArray[np.int64]
    values: NDArray[np.float32]
    liked: NDArray[np.float32]

    @classmethod
    def fit(cls, lines: PurchaseLines, profiles: ProfileTags, items: NDArray[np.int64]) -> "TagLifts":
        """The lifts of these items in everybody's lines; `profiles` are of the customers of the lines."""
        require_one_each(lines, profiles)
        n, n_items = lines.n_customers, len(items)
        place = np.full(lines.n_items, -1, np.int64)
        place[items] = np.arange(n_items)
        counted = (place[lines.items] >= 0) & (profiles.n_tags[lines.customers] > 0)
        pairs = np.unique(lines.customers[counted] * max(1, n_items) + place[lines.items[counted]])
        cells = (np.ones(len(pairs), np.float32), (pairs // max(1, n_items), pairs % max(1, n_items)))
        bought = csr_matrix(cells, shape=(n, n_items))
        both = np.asarray((profiles.matrix.T @ bought).toarray(), np.float64)
        buyers = np.asarray(bought.sum(axis=0), np.float64).ravel()
        share = buyers / max(1.0, float(buyers.sum()))
        expected = both.sum(axis=1, keepdims=True) * share
        lifts = np.log((both + FIRM) / (expected + FIRM))
        lifts = np.sign(lifts) * np.maximum(0.0, np.abs(lifts) - Z / np.sqrt(both + FIRM))
        liked = np.log((buyers + 1.0) / (float(buyers.sum()) + n_items))
        return cls(profiles.names, items, lifts.astype(np.float32), liked.astype(np.float32))

    def of(self, profiles: ProfileTags, thin_baskets: int = THIN_BASKETS) -> "Tagged":
        """What the tags of some customers say."""
        return Tagged(self, profiles.named(self.tags), thin_baskets)


@dataclass(frozen=True)
class Tagged:
    """Customers with their tags, as lifts know them; who has fewer than `thin_baskets` is offered what suits these."""

    lifts: TagLifts
    profiles: ProfileTags
    thin_baskets: int = THIN_BASKETS

    def rows(self, customers: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.float32]:
        """The features of pairs of customer and item, shape (n_pairs, 2): the mean and the largest of the tags' lifts.

        0 where nothing is known of the customer, or of the item.
        """
        found = np.zeros((len(items), len(PROFILE_FEATURES)), np.float32)
        modelled, n_tags = self.lifts.items, self.profiles.n_tags
        if not len(modelled) or not n_tags.any():
            return found
        places = np.minimum(np.searchsorted(modelled, items), len(modelled) - 1)
        known = np.flatnonzero((modelled[places] == items) & (n_tags[customers] > 0))
        customers, places = customers[known], places[known]
        total, most = np.zeros(len(known), np.float32), np.full(len(known), -np.inf, np.float32)
        starts, numbers = self.profiles.matrix.indptr, self.profiles.matrix.indices
        for nth in range(int(n_tags.max())):
            has = np.flatnonzero(n_tags[customers] > nth)
            lifts = self.lifts.values[numbers[starts[customers[has]] + nth], places[has]]
            total[has] += lifts
            most[has] = np.maximum(most[has], lifts)
        found[known] = np.column_stack([total / n_tags[customers], most])
        return found

    def suited(self, customers: NDArray[np.int64]) -> NDArray[np.float32]:
        """How much each item that takes part is liked by the tags of these customers, shape (n, n_modelled).

        -inf where they do not raise it on the whole.
        """
        own = self.profiles.of(customers)
        means = np.asarray(own.matrix @ self.lifts.values, np.float32) / np.maximum(1, own.n_tags)[:, None]
        return np.where(means > 0.0, means + self.lifts.liked, -np.inf).astype(np.float32)

    def thin(self, n_baskets: NDArray[np.float32]) -> NDArray[np.int64]:
        """The customers who have a tag and few baskets, given how many each has."""
        return np.flatnonzero((n_baskets < self.thin_baskets) & (self.profiles.n_tags > 0))


def require_one_each(lines: PurchaseLines, profiles: ProfileTags) -> None:
    """Make sure that profiles are of the customers of the lines.

    Raises:
        ModelError: there are more or fewer.
    """
    if profiles.n_customers != lines.n_customers:
        raise ModelError(f"profiles of {profiles.n_customers} customers; expected one for each of {lines.n_customers}")
