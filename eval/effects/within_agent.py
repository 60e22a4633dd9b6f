"""The second opinion: candidate against ordinary reply by the same agent in the same stratum, and nothing else."""

import numpy as np

from eval.effects.exposures import Exposures, Floats
from eval.effects.linear import ratio_estimate
from eval.statistics.estimate import Estimate


def within_agent(exposures: Exposures) -> Estimate | None:
    """The Mantel-Haenszel risk difference over cells of agent and stratum; None where no two cells have both replies.

    A cell of n1 treated and n0 comparison rows weighs n1 n0 / (n1 + n0). The sum over rows of (t - t̄)(y - ȳ) over that
    of (t - t̄)², the bars being means of the cell, is the same number and gives its error by cluster. It needs no model,
    but knows nothing of the customer either. `n` counts the rows of cells with both replies.
    """
    _, cells = np.unique(np.column_stack([exposures.agent, exposures.stratum]), axis=0, return_inverse=True)
    treated = exposures.treated.astype(np.float64)
    moved = treated - _cell_means(treated, cells)
    both = moved != 0
    n_cells = len(np.unique(cells[both]))
    if n_cells < 2:
        return None
    numerators = moved * (exposures.outcome - _cell_means(exposures.outcome, cells))
    return ratio_estimate(numerators, moved**2, exposures.cluster, n_fitted=n_cells).estimate


def _cell_means(values: Floats, cells: np.ndarray) -> Floats:
    counts = np.bincount(cells)
    return np.asarray((np.bincount(cells, values) / counts)[cells], np.float64)
