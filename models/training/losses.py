"""What training makes small: the right reply should be likelier than the other replies of the batch."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

_NEVER = -1e4


def both_ways(queries: "Tensor", passages: "Tensor", masked: NDArray[np.bool_], scale: "float | Tensor") -> "Tensor":
    """Mean cross-entropy of the right passage for each query and of the right query for each passage.

    InfoNCE (van den Oord et al. 2018) over a batch: row i of `queries` (n, dim) belongs to row i of `passages`.
    `masked` (n, n) marks what is no negative. The second direction sees the other contexts of the batch as negatives.
    """
    from torch import arange, from_numpy
    from torch.nn.functional import cross_entropy

    scores = (scale * queries @ passages.T).masked_fill(from_numpy(masked).to(queries.device), _NEVER)
    right = arange(len(queries), device=queries.device)
    loss: Tensor = (cross_entropy(scores, right) + cross_entropy(scores.T, right)) / 2
    return loss


def one_way(queries: "Tensor", passages: "Tensor", masked: NDArray[np.bool_], scale: "float | Tensor") -> "Tensor":
    """Mean cross-entropy of passage i for query i among all passages (n_passages >= n_queries)."""
    from torch import arange, from_numpy
    from torch.nn.functional import cross_entropy

    scores = (scale * queries @ passages.T).masked_fill(from_numpy(masked).to(queries.device), _NEVER)
    loss: Tensor = cross_entropy(scores, arange(len(queries), device=queries.device))
    return loss
