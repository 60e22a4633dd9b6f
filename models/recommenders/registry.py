"""The recommenders there are, by the names that users give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.recommenders.baselines import Frequency, Popularity
from models.recommenders.ease import Ease
from models.recommenders.item_knn import ItemKnn
from models.recommenders.learned.model import Learned
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags
from models.recommenders.recommender import Recommender
from models.recommenders.tifu_knn import TifuKnn


@dataclass(frozen=True)
class Registered:
    """How a kind of recommender is made from lines, and read from the folder that its `save` wrote.

    `fit_profiled` is for those that also learn from what is known of the customers of the lines.
    """

    fit: Callable[[PurchaseLines], Recommender]
    load: Callable[[Path], Recommender]
    fit_profiled: Callable[[PurchaseLines, ProfileTags], Recommender] | None = None

    def fit_with(self, lines: PurchaseLines, profiles: ProfileTags | None) -> Recommender:
        """The model of these lines, learned with profiles where there are any and this kind can."""
        if profiles is None or self.fit_profiled is None:
            return self.fit(lines)
        return self.fit_profiled(lines, profiles)


def _learned_with_profiles(lines: PurchaseLines, profiles: ProfileTags) -> Learned:
    return Learned.fit(lines, profiles=profiles)


RECOMMENDERS: Mapping[str, Registered] = {
    "popularity": Registered(Popularity.fit, Popularity.load),
    "frequency": Registered(Frequency.fit, Frequency.load),
    "item-knn": Registered(ItemKnn.fit, ItemKnn.load),
    "ease": Registered(Ease.fit, Ease.load),
    "tifu-knn": Registered(TifuKnn.fit, TifuKnn.load),
    "learned": Registered(Learned.fit, Learned.load, _learned_with_profiles),
}
"""The simplest first: of models that do equally well, the first is chosen."""
