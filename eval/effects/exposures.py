"""Turns in which either a candidate or an ordinary reply was sent, with all that was known before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.errors import DataError

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Exposures:
    """One row a turn in a like context; every array has one entry a row.

    Attributes:
        treated: Whether the candidate was sent, and not an ordinary reply.
        outcome: From 0 to 1; rows whose outcome is not known are left out beforehand.
        features: Known before the turn, shape (n_rows, n_features): whatever may sway both the choice of the reply and
            the outcome. What came later must not be here: it would hide the effect or make one up.
        agent: Who chose; handled beside the features, as is the stratum.
        stratum: What the customer wanted, or another cell of like contexts.
        cluster: Whose outcomes are no independent witnesses, usually the customer.
        propensity: The chance with which the candidate was drawn, where chance chose; otherwise None.
        outcome_name: As sentences call it.
    """

    treated: Flags
    outcome: Floats
    features: NDArray[np.float32]
    agent: Codes
    stratum: Codes
    cluster: Codes
    propensity: Floats | None = None
    outcome_name: str = "the outcome"

    def __post_init__(self) -> None:
        n = len(self.treated)
        for name in ("outcome", "features", "agent", "stratum", "cluster", "propensity"):
            column = getattr(self, name)
            if column is not None and (len(column) != n or column.ndim != (2 if name == "features" else 1)):
                raise DataError("exposures", None, f"{name} of shape {column.shape}", f"one entry for each of {n} rows")
        if self.treated.dtype != np.bool_:
            raise DataError("exposures", None, f"treated of type {self.treated.dtype}", "true or false")
        _require(self.outcome, (self.outcome >= 0) & (self.outcome <= 1), "outcome", "a number from 0 to 1")
        _require(self.features, np.isfinite(self.features), "features", "finite numbers")
        if self.propensity is not None:
            inside = (self.propensity > 0) & (self.propensity < 1)
            _require(self.propensity, inside, "propensity", "a chance between 0 and 1, neither included")

    def __len__(self) -> int:
        return len(self.treated)

    @property
    def is_randomised(self) -> bool:
        """Whether chance chose, with known propensities."""
        return self.propensity is not None

    def take(self, rows: Flags) -> "Exposures":
        """The exposures of some rows."""
        return Exposures(
            treated=self.treated[rows],
            outcome=self.outcome[rows],
            features=self.features[rows],
            agent=self.agent[rows],
            stratum=self.stratum[rows],
            cluster=self.cluster[rows],
            propensity=None if self.propensity is None else self.propensity[rows],
            outcome_name=self.outcome_name,
        )


def _require(values: Floats | NDArray[np.float32], is_good: Flags, name: str, expected: str) -> None:
    if not is_good.all():
        row = int(np.nonzero(~is_good)[0][0])
        raise DataError("exposures", row, f"{name} {values[row]}", expected)
