"""Values summed within the conversation, customer or agent they belong to, so that whole clusters can be resampled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.errors import EvalError


@dataclass(frozen=True)
class ClusterSums:
    """Sum and number of the values of each column in each cluster, both of shape (n_clusters, n_columns).

    NaN values are left out; clusters stand in the order of their sorted names.
    """

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]

    @property
    def n_clusters(self) -> NDArray[np.intp]:
        """How many clusters have a value, shape (n_columns,)."""
        return np.asarray(np.count_nonzero(self.counts, axis=0), np.intp)


def cluster_sums(values: ArrayLike, clusters: ArrayLike) -> ClusterSums:
    """The sums of values of shape (n_rows, n_columns) over the clusters that the rows belong to.

    Raises:
        EvalError: rows and clusters differ in number, or a value is infinite.
    """
    columns, names = np.asarray(values, np.float64), np.asarray(clusters)
    if columns.ndim != 2 or names.shape != columns.shape[:1]:
        raise EvalError(f"values of shape {columns.shape} in clusters of shape {names.shape}; expected one a row")
    if np.isinf(columns).any():
        row, column = (int(place[0]) for place in np.nonzero(np.isinf(columns)))
        raise EvalError(f"value {row} of column {column} is {columns[row, column]}; expected a finite number or NaN")
    known, members = np.unique(names, return_inverse=True)
    present = ~np.isnan(columns)
    return ClusterSums(
        sums=_sum_by(members, np.where(present, columns, 0.0), len(known)),
        counts=_sum_by(members, present.astype(np.float64), len(known)),
    )


def _sum_by(members: NDArray[np.intp], columns: NDArray[np.float64], n_clusters: int) -> NDArray[np.float64]:
    totals = np.zeros((n_clusters, columns.shape[1]))
    np.add.at(totals, members, columns)
    return totals
