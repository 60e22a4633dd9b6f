"""What customers wanted, told by what agents answer.

Two messages may share words and want different things, or share none and want the same. But agents know: messages that
get the same answers want the same. So moves are grouped by the cells in which they are used; moves that are used in
the cells of many other groups are ordinary; and a linear discriminant over the messages' vectors, learned from turns
that were answered by a move of some group, says what every message wants.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.mining.cells import Cells

APART = 0.5
"""Groups of moves whose cells overlap by less than half (1 - Bhattacharyya coefficient, mean link) stay apart."""
MAX_GROUPED = 3_000
MAX_LEARNED_FROM = 60_000
SHRINKAGE = 0.1
LEAST_PER_GROUP = 20
LEAST_PER_CLASS = 2
"""A class of one turn has no spread to learn from; where turns are drawn, a small group may be left with one."""
BROAD, BROAD_SHARE = 5.0, 0.2
"""Effective number of needs from which a move says nothing about any: five, or a fifth of all where there are few."""
LEAST_BROAD = 1.9
"""Where there are two needs only: just below the two that would take exactly as many uses for either."""
OWN_SHARE = 0.6
"""A move that is used for its own need more than this is never ordinary, however many others it is used for too."""
OTHER = -1


@dataclass(frozen=True)
class Needs:
    """What every message wants, and which moves are ordinary.

    Attributes:
        of_text: The need of each distinct message, shape (n_texts,); OTHER where nothing can be told.
        of_move: The need that each move's group is for, shape (n_moves,).
        breadth: Effective number of needs (perplexity) that each move is used for, shape (n_moves,).
        is_ordinary: Whether a move is used alike for everything, shape (n_moves,).
    """

    of_text: NDArray[np.int32]
    of_move: NDArray[np.int32]
    breadth: NDArray[np.float64]
    is_ordinary: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """How many needs messages have."""
        return len(np.unique(self.of_text[self.of_text != OTHER]))


def find_needs(
    vectors: NDArray[np.float32],
    cells: Cells,
    message: NDArray[np.int32],
    move: NDArray[np.int32],
    *,
    n_moves: int,
    seed: int,
) -> Needs:
    """The needs behind replies.

    Args:
        vectors: Of the distinct messages, shape (n_texts, dim).
        cells: Of the distinct messages.
        message: The distinct message that each reply answers, shape (n_rows,).
        move: The move of each reply, shape (n_rows,).
        n_moves: Moves from this number on, and those below 0, are used too rarely to tell anything.
        seed: Of the turns to learn from, where there are very many.
    """
    if n_moves == 0:
        return Needs(np.full(len(vectors), OTHER, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.bool_))
    uses = _uses(cells.of_text[message], move, cells.n, n_moves)
    groups = _groups(uses)
    ordinary, _ = _ordinary(uses, _labels(uses, groups), groups)
    of_text = _learned(vectors, message, _group_of_row(move, groups, ordinary), seed)
    if of_text is None:
        of_text = _labels(uses, groups)[cells.of_text]
    shares = _uses(of_text[message].clip(min=0), move, int(max(of_text.max(), groups.max())) + 1, n_moves)
    ordinary, breadth = _ordinary(shares, np.arange(len(shares)), groups)
    return Needs(of_text.astype(np.int32), groups.astype(np.int32), breadth, ordinary)


def _uses(cell: NDArray[np.int32], move: NDArray[np.int32], n_cells: int, n_moves: int) -> NDArray[np.float64]:
    """How often each move is used in each cell, shape (n_cells, n_moves)."""
    known = (move >= 0) & (move < n_moves)
    flat = cell[known].astype(np.int64) * n_moves + move[known]
    return np.bincount(flat, minlength=n_cells * n_moves).reshape(n_cells, n_moves).astype(np.float64)


def _groups(uses: NDArray[np.float64]) -> NDArray[np.int64]:
    """Moves that are used in the same cells, shape (n_moves,); beyond the most used ones each stands alone."""
    from scipy.cluster.hierarchy import fcluster, linkage

    n_moves = uses.shape[1]
    n_compared = min(n_moves, MAX_GROUPED)
    if n_compared < 2:
        return np.arange(n_moves)
    roots = np.sqrt(uses[:, :n_compared] / uses[:, :n_compared].sum(axis=0))
    apart = 1.0 - (roots.T @ roots).clip(0.0, 1.0)
    tree = linkage(apart[np.triu_indices(n_compared, 1)], "average")
    compared = fcluster(tree, APART, "distance").astype(np.int64) - 1
    return np.concatenate([compared, np.arange(n_moves - n_compared) + compared.max() + 1])


def _labels(uses: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The group that each cell is answered by, a narrow one before a broad one of equal use."""
    by_group = np.zeros((len(uses), int(groups.max()) + 1))
    np.add.at(by_group.T, groups, uses.T)
    breadth = np.exp(_entropy((by_group / by_group.sum(axis=0)).T))
    n_answered = max(2, int(np.count_nonzero(uses.sum(axis=1))))
    weighed = by_group * (np.log(n_answered / breadth).clip(min=0.0) + 1e-9)
    return np.where(weighed.max(axis=1) > 0, weighed.argmax(axis=1), OTHER)


def _ordinary(
    uses: NDArray[np.float64], labels: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which moves are used alike for everything, and for how many needs, by the need each cell is labelled with."""
    n_needs = int(max(labels.max(), groups.max())) + 1
    by_need = np.zeros((n_needs, uses.shape[1]))
    answered = labels != OTHER
    np.add.at(by_need, labels[answered], uses[answered])
    shares = (by_need / np.maximum(by_need.sum(axis=0), 1.0)).T
    breadth = np.exp(_entropy(shares))
    own = shares[np.arange(len(shares)), groups]
    broad = max(LEAST_BROAD, min(BROAD, BROAD_SHARE * len(np.unique(labels[answered]))))
    return (breadth >= broad) & (own < OWN_SHARE), breadth


def _group_of_row(move: NDArray[np.int32], groups: NDArray[np.int64], ordinary: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The group of the move of each row; OTHER for ordinary and rare ones, and for groups of hardly any rows."""
    known = (move >= 0) & (move < len(groups))
    known[known] = ~ordinary[move[known]]
    found = np.full(len(move), OTHER, np.int64)
    found[known] = groups[move[known]]
    n_rows = np.bincount(found[known], minlength=int(groups.max()) + 1)
    found[known & (n_rows[found.clip(min=0)] < LEAST_PER_GROUP)] = OTHER
    return found


def _learned(
    vectors: NDArray[np.float32], message: NDArray[np.int32], group: NDArray[np.int64], seed: int
) -> NDArray[np.int64] | None:
    """The group that answers each distinct message; nothing when fewer than two groups are known."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rows = np.flatnonzero(group != OTHER)
    if len(rows) > MAX_LEARNED_FROM:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_LEARNED_FROM, replace=False))
    rows = rows[np.bincount(group[rows])[group[rows]] >= LEAST_PER_CLASS]
    if len(np.unique(group[rows])) < 2:
        return None
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
    model.fit(vectors[message[rows]], group[rows])
    return np.asarray(model.predict(vectors), np.int64)


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """In nats, of each row."""
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy: NDArray[np.float64] = -(shares * logs).sum(axis=1)
    return entropy
