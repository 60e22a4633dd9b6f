"""A number with its uncertainty."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` units (queries, customers, conversations) and its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int

    def to_dict(self) -> dict[str, float | int | None]:
        """As every command prints it; an end that the data does not give is empty, since JSON has no infinity."""
        low, high = (end if math.isfinite(end) else None for end in (self.low, self.high))
        return {"mean": self.mean, "low": low, "high": high, "n": self.n}

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"
