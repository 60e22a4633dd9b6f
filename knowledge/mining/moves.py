"""Group replies that say the same thing in near the same words.

Star clusters: the most frequent wording becomes a centre and takes all that are similar enough to it; of the rest,
the most frequent becomes the next centre. Unlike single links, stars cannot drift from one script to another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from knowledge.archive.table import Words
from knowledge.mining.skeletons import skeleton

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

THRESHOLD = 0.6
"""Cosine of weighted character n-grams from which two replies are wordings of one move."""
N_GRAMS = (1, 3)
MAX_CENTRES = 30_000
"""Of the wordings, the most used may become centres; the others can only join them."""
BLOCK = 2_000
BLOCK_OF_MANY = 500
NONE = -1


@dataclass(frozen=True)
class Moves:
    """Which move each distinct reply and each row of the table is of; moves by falling number of uses.

    Attributes:
        of_text: Shape (n_texts,).
        of_row: Shape (n_rows,).
        centres: The text that stands in the middle of each move.
        n_uses: Rows of each move.
    """

    of_text: NDArray[np.int32]
    of_row: NDArray[np.int32]
    centres: list[int]
    n_uses: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.centres)

    def n_used(self, least: int) -> int:
        """How many moves are used at least so often; they come first."""
        return int(np.count_nonzero(self.n_uses >= least))


def find_moves(replies: Words, texts: Sequence[str], threshold: float = THRESHOLD) -> Moves:
    """The moves of the replies, whose distinct texts are `texts`, names already replaced by slots.

    The same whatever the order of the rows.
    """
    keys: dict[str, int] = {}
    key_of_text = np.array([keys.setdefault(skeleton(text), len(keys)) for text in texts], np.int32)
    if not keys:
        return Moves(np.zeros(0, np.int32), np.zeros(0, np.int32), [], np.zeros(0, np.int64))
    weights = np.bincount(key_of_text, weights=replies.counts, minlength=len(keys)).astype(np.float64)
    order = sorted(range(len(keys)), key=_heaviest_first(weights, list(keys)))
    vectors = _vectors(list(keys))
    label_of_key = _stars(vectors, order[:MAX_CENTRES], threshold)
    _join_stars(vectors, order[MAX_CENTRES:], label_of_key, threshold)
    return _by_uses(label_of_key[key_of_text], replies)


def _heaviest_first(weights: NDArray[np.float64], keys: Sequence[str]) -> Callable[[int], tuple[float, int, str]]:
    """Ties are broken by a hash of the words, so that no letter of the alphabet is preferred."""
    return lambda row: (-weights[row], crc32(keys[row].encode("utf-8", "surrogatepass")), keys[row])


def _vectors(keys: Sequence[str]) -> "csr_matrix":
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(analyzer="char", ngram_range=N_GRAMS, sublinear_tf=True, dtype=np.float32)
    return vectoriser.fit_transform([key or " " for key in keys])


def _stars(vectors: "csr_matrix", order: Sequence[int], threshold: float) -> NDArray[np.int32]:
    """The star each row belongs to, numbered by its centre's row; those not in `order` belong to none."""
    labels = np.full(vectors.shape[0], NONE, np.int32)
    centres: list[int] = []
    for start in range(0, len(order), BLOCK):
        rows = np.array(order[start : start + BLOCK])
        _assign(vectors, rows, np.array(centres, np.int64), labels, threshold)
        rows = rows[labels[rows] == NONE]
        alike = (vectors[rows] @ vectors[rows].T).toarray() >= threshold
        for place, row in enumerate(rows.tolist()):
            if labels[row] == NONE:
                centres.append(row)
                labels[rows[alike[place] & (labels[rows] == NONE)]] = row
                labels[row] = row
    return labels


def _join_stars(vectors: "csr_matrix", rows: Sequence[int], labels: NDArray[np.int32], threshold: float) -> None:
    """Put the rest into the stars there are; what fits into none is said by nobody else."""
    centres = np.unique(labels[labels != NONE]).astype(np.int64)
    for start in range(0, len(rows), BLOCK):
        _assign(vectors, np.array(rows[start : start + BLOCK]), centres, labels, threshold)


def _assign(
    vectors: "csr_matrix", rows: NDArray[np.int64], centres: NDArray[np.int64], labels: NDArray[np.int32], least: float
) -> None:
    if not len(centres):
        return
    for first in range(0, len(rows), BLOCK_OF_MANY):
        some = rows[first : first + BLOCK_OF_MANY]
        alike = (vectors[some] @ vectors[centres].T).toarray()
        best = alike.argmax(axis=1)
        near = alike[np.arange(len(some)), best] >= least
        labels[some[near]] = centres[best[near]]


def _by_uses(label_of_text: NDArray[np.int32], replies: Words) -> Moves:
    """Moves numbered by falling use, then by the place of their centre."""
    known = np.unique(label_of_text[label_of_text != NONE])
    key_uses = np.zeros(int(label_of_text.max(initial=0)) + 1, np.int64)
    placed = label_of_text != NONE
    np.add.at(key_uses, label_of_text[placed], replies.counts[placed])
    order = known[np.lexsort((known, -key_uses[known]))]
    number = np.full(len(key_uses) + 1, NONE, np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    of_text = number[label_of_text]
    return Moves(of_text, of_text[replies.of_row], _centres(of_text, replies, len(order)), key_uses[order])


def _centres(of_text: NDArray[np.int32], replies: Words, n_moves: int) -> list[int]:
    """The most used text of each move, of equally used ones the shortest, then the first in the order of characters."""
    counts, texts = replies.counts.tolist(), replies.texts
    best: dict[int, tuple[int, int, str, int]] = {}
    for row, move in enumerate(of_text.tolist()):
        key = (-counts[row], len(texts[row]), texts[row], row)
        if move != NONE and (move not in best or key < best[move]):
            best[move] = key
    return [best[move][-1] for move in range(n_moves)]
