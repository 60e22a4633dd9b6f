"""What an estimate of an effect depends on besides the data."""

from dataclasses import dataclass

from eval.errors import EvalError


@dataclass(frozen=True)
class EffectSettings:
    """How effects are estimated, and how much data is too little to try.

    Attributes:
        n_folds: Parts the clusters are split into; each part is predicted by models of the others.
        lowest_propensity: Rows whose propensity would be lower than this, or higher than one less this, were half of
            all rows treated, are left out.
        least_rows: Treated and comparison rows that there must be, each.
        least_clusters: Clusters that must have treated and comparison rows, each.
        least_overlap: Share of the treated rows that must have comparable ones.
        caliper: How far a comparable row's log odds of treatment may lie, in standard deviations (Austin 2011).
        penalties: Of the models' coefficients on features in units of their spread, to choose from by how well rows not
            seen are predicted. Agents and strata, the foremost confounders, always have a penalty of one.
    """

    n_folds: int = 5
    lowest_propensity: float = 0.01
    least_rows: int = 30
    least_clusters: int = 10
    least_overlap: float = 0.2
    caliper: float = 0.2
    penalties: tuple[float, ...] = (1.0, 30.0, 1000.0)

    def __post_init__(self) -> None:
        if not 2 <= self.n_folds <= self.least_clusters:
            raise EvalError(
                f"{self.n_folds} folds; expected 2 up to the least number of clusters, {self.least_clusters}"
            )
        if not 0 <= self.lowest_propensity < 0.5:
            raise EvalError(f"lowest propensity {self.lowest_propensity}; expected 0 or more and below 0.5")
        if self.least_rows < 2:
            raise EvalError(f"least rows {self.least_rows}; expected 2 or more")
        if not self.penalties or min(self.penalties) <= 0:
            raise EvalError(f"penalties {self.penalties}; expected some, all above 0")
