"""What people with the same tag buy more than others do: learned from who bought what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

MIN_BUYERS = 5
"""Of a tag, before anything is said of what they like."""
Z = 1.96
FILE_NAME = "segments.npz"
COUNTS = ("tag_numbers", "item_numbers", "n_both", "n_tagged", "n_buyers")


@dataclass(frozen=True)
class Liked:
    """A product that customers with a tag buy more than others: how many of whom did."""

    sku: str
    n_both: int
    n_tagged: int
    n_buyers: int
    n_customers: int

    @property
    def lift(self) -> float:
        """How many times as many of the tagged bought it as of all who bought anything."""
        return self.n_both / self.n_tagged * self.n_customers / self.n_buyers

    @cached_property
    def strength(self) -> float:
        """From 0 to 1: 1 - 1/lift, at the lower end of the 95 % interval of the share among the tagged."""
        base = self.n_buyers / self.n_customers
        return max(0.0, 1.0 - base / max(wilson_low(self.n_both, self.n_tagged), 1e-12))


@dataclass(frozen=True)
class SegmentAffinity:
    """For each tag the products liked most, in parallel arrays of shape (n_pairs,), those of a tag side by side.

    Attributes:
        n_both: Customers with the tag who bought the product.
        n_tagged: Customers with the tag who bought anything.
        n_buyers: Customers who bought the product.
        n_customers: Customers who bought anything.
    """

    tags: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    tag_numbers: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    item_numbers: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    n_both: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    n_tagged: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    n_buyers: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    n_customers: int = 0

    @classmethod
    def fit(
        cls,
        tags: tuple[str, ...],
        skus: tuple[str, ...],
        tagged: NDArray[np.int64],
        bought: NDArray[np.int64],
        n_best: int = 12,
    ) -> "SegmentAffinity":
        """Learn from pairs of numbers, shape (n, 2): customer and tag in `tagged`, customer and sku in `bought`.

        Raises:
            ModelError: a number has no tag or no sku.
        """
        for name, pairs, n_known in (("tag", tagged, len(tags)), ("sku", bought, len(skus))):
            if len(pairs) and not 0 <= pairs[:, 1].min() <= pairs[:, 1].max() < n_known:
                raise ModelError(f"{name} numbers must lie in 0..{n_known - 1}, got {pairs[:, 1].max()}")
        if not len(tagged) or not len(bought):
            return cls()
        return cls(tags, skus, *_liked_most(tags, skus, tagged, bought, n_best))

    def liked(self, tag: str) -> Sequence[Liked]:
        """What customers with a tag buy more than others, the surest first; nothing for a tag nobody has."""
        if tag not in self._liked and tag in self._places:
            self._liked[tag] = self._read(tag)
        return self._liked.get(tag, ())

    def save(self, folder: Path) -> None:
        """Write the model beside its place and move it there."""
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f"{FILE_NAME}.new.npz"
        arrays = {name: getattr(self, name) for name in COUNTS}
        tags, skus = np.array(self.tags, np.str_), np.array(self.skus, np.str_)
        np.savez(aside, n_customers=np.int64(self.n_customers), tags=tags, skus=skus, **arrays)
        aside.replace(folder / FILE_NAME)

    @classmethod
    def load(cls, folder: Path) -> "SegmentAffinity":
        """The saved model; the empty one when none was saved.

        Raises:
            ModelError: the file is not one that `save` wrote.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            return cls()
        try:
            with np.load(path, allow_pickle=False) as stored:
                counts = {name: stored[name] for name in COUNTS}
                return cls(
                    tags=tuple(stored["tags"].tolist()),
                    skus=tuple(stored["skus"].tolist()),
                    n_customers=int(stored["n_customers"]),
                    **counts,
                )
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise ModelError(f"{path} cannot be read ({error}); run: copilot index build") from error

    def _read(self, tag: str) -> list[Liked]:
        start, end = self._places[tag]
        columns = (self.item_numbers, self.n_both, self.n_tagged, self.n_buyers)
        return [
            Liked(self.skus[item], int(both), int(tagged), int(buyers), self.n_customers)
            for item, both, tagged, buyers in zip(*(column[start:end] for column in columns), strict=True)
        ]

    @cached_property
    def _liked(self) -> dict[str, list[Liked]]:
        """The tags asked about so far."""
        return {}

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, int]]:
        numbers, starts, counts = np.unique(self.tag_numbers, return_index=True, return_counts=True)
        return {
            self.tags[number]: (int(start), int(start + count))
            for number, start, count in zip(numbers, starts, counts, strict=True)
        }


def wilson_low(n_yes: int, n: int) -> float:
    """The lower end of the 95 % interval of a share (Wilson, 1927)."""
    share, denominator = n_yes / n, 1.0 + Z * Z / n
    spread = Z * float(np.sqrt(share * (1.0 - share) / n + Z * Z / (4.0 * n * n)))
    return max(0.0, (share + Z * Z / (2.0 * n) - spread) / denominator)


def _liked_most(
    tags: tuple[str, ...], skus: tuple[str, ...], tagged: NDArray[np.int64], bought: NDArray[np.int64], n_best: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], int]:
    """The columns of the model; a customer counts once for a tag and once for a product."""
    from scipy.sparse import csr_matrix

    buyers, rows = np.unique(bought[:, 0], return_inverse=True)
    places = np.searchsorted(buyers, tagged[:, 0])
    known = (places < len(buyers)) & (buyers[np.minimum(places, len(buyers) - 1)] == tagged[:, 0])
    has = csr_matrix((np.ones(int(known.sum())), (places[known], tagged[known, 1])), shape=(len(buyers), len(tags)))
    buys = csr_matrix((np.ones(len(bought)), (rows, bought[:, 1])), shape=(len(buyers), len(skus)))
    for matrix in (has, buys):
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
    n_tagged, n_buyers = (np.asarray(matrix.sum(axis=0)).ravel().astype(np.int64) for matrix in (has, buys))
    pairs = (has.T @ buys).tocoo()
    tag, item, both = pairs.row, pairs.col, pairs.data.astype(np.int64)
    strength = 1.0 - (n_buyers[item] / len(buyers)) / np.maximum(_wilson_lows(both, n_tagged[tag]), 1e-12)
    kept = np.flatnonzero((strength > 0.0) & (both >= MIN_BUYERS))
    order = kept[np.lexsort((item[kept], -strength[kept], tag[kept]))]
    best = order[_places_within(tag[order]) < n_best]
    columns = (tag[best], item[best], both[best], n_tagged[tag[best]], n_buyers[item[best]])
    first, second, third, fourth, fifth = (np.asarray(column, np.int32) for column in columns)
    return first, second, third, fourth, fifth, len(buyers)


def _wilson_lows(n_yes: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    share = n_yes / n
    spread = Z * np.sqrt(share * (1.0 - share) / n + Z * Z / (4.0 * n * n))
    lows: NDArray[np.float64] = np.maximum(0.0, (share + Z * Z / (2.0 * n) - spread) / (1.0 + Z * Z / n))
    return lows


def _places_within(numbers: NDArray[np.int32]) -> NDArray[np.intp]:
    """The place of each entry among those of the same number, which stand side by side."""
    starts = np.flatnonzero(np.r_[True, np.diff(numbers) != 0]) if len(numbers) else np.zeros(0, np.intp)
    lengths = np.diff(np.r_[starts, len(numbers)])
    return np.arange(len(numbers)) - np.repeat(starts, lengths)
