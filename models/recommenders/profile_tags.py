"""What is known of customers beside their purchases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.errors import ModelError


@dataclass(frozen=True)
class ProfileTags:
    """The tags of some customers, in their order; of one without tags nothing is known.

    Attributes:
        names: each once.
        matrix: 1 where a customer has a tag, shape (n_customers, n_tags).
    """

    names: tuple[str, ...]
    matrix: csr_matrix

    def __post_init__(self) -> None:
        if self.matrix.shape[1] != len(self.names) or len(set(self.names)) != len(self.names):
            found = f"{len(set(self.names))} distinct names of {len(self.names)} for {self.matrix.shape[1]} columns"
            raise ModelError(f"{found}; expected one name, and another one, for each column of tags")

    @classmethod
    def of_names(cls, held: Sequence[Iterable[str]]) -> "ProfileTags":
        """From the names of each customer's tags."""
        own = [sorted(set(names)) for names in held]
        names = tuple(sorted({name for one in own for name in one}))
        numbers = {name: number for number, name in enumerate(names)}
        columns = np.array([numbers[name] for one in own for name in one], np.int64)
        starts = np.cumsum([0, *(len(one) for one in own)])
        return cls(names, csr_matrix((np.ones(len(columns), np.float32), columns, starts), (len(own), len(names))))

    @property
    def n_customers(self) -> int:
        return int(self.matrix.shape[0])

    @cached_property
    def n_tags(self) -> NDArray[np.int64]:
        """How many tags each customer has, shape (n_customers,)."""
        return np.asarray(np.diff(self.matrix.indptr), np.int64)

    def of(self, customers: NDArray[np.int64] | NDArray[np.bool_]) -> "ProfileTags":
        """The tags of these customers, in the order given, or of those for whom a mask is true."""
        return ProfileTags(self.names, self.matrix[customers])

    def named(self, names: Sequence[str]) -> "ProfileTags":
        """The same with other columns: tags of other names are left out, and those that nobody has are empty."""
        if tuple(names) == self.names:
            return self
        numbers = {name: number for number, name in enumerate(names)}
        own = np.array([numbers.get(name, -1) for name in self.names], np.int64)
        cells = self.matrix.tocoo()
        kept = own[cells.col] >= 0
        places = cells.row[kept], own[cells.col[kept]]
        shape = (self.n_customers, len(names))
        return ProfileTags(tuple(names), csr_matrix((np.ones(int(kept.sum()), np.float32), places), shape=shape))

    def common(self, fewest: int, most: int) -> tuple[str, ...]:
        """The names of the `most` tags that most customers have, `fewest` or more, in alphabetical order."""
        n_customers = np.asarray(self.matrix.sum(axis=0)).ravel()
        best = np.argsort(-n_customers, kind="stable")[:most]
        return tuple(sorted(self.names[tag] for tag in best if n_customers[tag] >= fewest))
