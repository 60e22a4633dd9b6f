"""What to do with a row that is wrong: stop there, or leave it out, count it and go on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from eval.errors import DataError

KEPT_EXAMPLES = 5

Refuse = Callable[[DataError], None]


def strictly(error: DataError) -> None:
    """Stop at the first wrong row.

    Raises:
        DataError: always.
    """
    raise error


@dataclass
class Refusals:
    """Rows that were left out: how many, and what is wrong with the first few."""

    n_rows: int = 0
    first: list[DataError] = field(default_factory=list)

    def add(self, error: DataError) -> None:
        """Leave a row out."""
        self.n_rows += 1
        if len(self.first) < KEPT_EXAMPLES:
            self.first.append(error)
