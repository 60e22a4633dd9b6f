"""Decided sets as arrays, whatever they were read from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from copilot.engine.policy import REPLY_FEATURES, Performance, ReplyWeights
from models.rankers.slates import Floats, Slates


@dataclass(frozen=True, eq=False)
class DecisionLog:
    """Decided sets in the order of time; the features of each row are those of `REPLY_FEATURES`.

    Attributes:
        set_ids: The id of each set, shape (n_sets,).
        item_ids: The item of each row, shape (n_rows,).
        propensities: How likely each row was shown at each place, shape (n_rows, n_places).
        groups: The conversation of each set, as a number.
        uses: How often each row's item had been shown and taken before, shape (n_rows, 2); None where unknown.
        left_out: How many sets could not be read, by reason.
    """

    source: str
    data_hash: str
    slates: Slates
    set_ids: Sequence[str]
    item_ids: Sequence[str]
    propensities: Floats
    groups: NDArray[np.intp]
    uses: Floats | None
    left_out: Mapping[str, int]

    @property
    def n(self) -> int:
        return self.slates.n

    @property
    def n_taken(self) -> int:
        return int(self.slates.taken.sum())

    @property
    def n_places(self) -> int:
        return int(self.propensities.shape[1])

    @property
    def n_swappable(self) -> int:
        """The sets of which something could have stood elsewhere."""
        movable = (self.propensities > 0).sum(axis=1) > 1
        return len(np.unique(self.slates.slate[movable]))

    def only(self, kept: NDArray[np.bool_]) -> "DecisionLog":
        """Some of the sets, chosen by a mask of shape (n,)."""
        rows = kept[self.slates.slate]
        return replace(
            self,
            slates=self.slates.only(kept),
            set_ids=[one for one, keep in zip(self.set_ids, kept.tolist(), strict=True) if keep],
            item_ids=[one for one, keep in zip(self.item_ids, rows.tolist(), strict=True) if keep],
            propensities=self.propensities[rows],
            groups=self.groups[kept],
            uses=None if self.uses is None else self.uses[rows],
        )

    def believing(self, performance: Performance) -> "DecisionLog":
        """The same with the feature `performance` as another belief makes it, where uses are known."""
        if self.uses is None:
            return self
        shown, taken = self.uses.T
        usual, strength = performance.usual, performance.strength
        features = self.slates.features.copy()
        is_script = features[:, _EXTRACTS].max(axis=1) == 0
        column = (taken + usual * strength) / (shown + strength) - usual
        features[:, REPLY_FEATURES.index("performance")] = np.where(is_script, column, 0.0)
        return replace(self, slates=replace(self.slates, features=features))

    def scores(self, weights: ReplyWeights) -> Floats:
        """The score of each row, shape (n_rows,)."""
        return np.asarray(self.slates.features @ weight_array(weights), np.float64)


_EXTRACTS = [place for place, name in enumerate(REPLY_FEATURES) if name.startswith("extract_")]
"""An extract of a document has no past as scripts do."""


def weight_array(weights: ReplyWeights) -> Floats:
    """The weights in the order of `REPLY_FEATURES`."""
    return np.array([getattr(weights, name) for name in REPLY_FEATURES], np.float64)
