"""What the data says of one candidate and one outcome."""

from dataclasses import dataclass
from enum import StrEnum

from eval.statistics.estimate import Estimate


class Basis(StrEnum):
    """Where the evidence comes from; never to be left out beside an effect."""

    OBSERVATIONAL = "observational (adjusted)"
    RANDOMISED = "randomised"


@dataclass(frozen=True)
class Adjusted:
    """An adjusted effect, and how far it can be trusted.

    Attributes:
        effect: `n` counts the rows that were not trimmed.
        treated_rate, comparison_rate: Adjusted, in the population in which both replies are usual.
        n_effective: Rows of equal weight that would tell as much, treated and comparison together (Kish).
        within_agent: The same agent's candidate against the same agent's ordinary reply in the same stratum.
        e_value, e_value_limit: Of the effect, and of the end of its interval nearer to nought.
    """

    effect: Estimate
    standard_error: float
    p_value: float
    treated_rate: float
    comparison_rate: float
    n_effective: float
    n_trimmed: int
    within_agent: Estimate | None
    e_value: float
    e_value_limit: float


@dataclass(frozen=True)
class Evidence:
    """Counts, and an effect unless there is too little to tell one from.

    Attributes:
        raw_difference: Of the plain rates, None where one side is empty. Misleading; shown for comparison only.
        overlap: Share of the treated rows that have comparable ones; None where it was not looked at.
        variance: Of the outcome, to plan from.
        too_little: Why there is no effect; empty where there is one.
        needed: How many more treated rows the reason asks for, where more rows would help.
    """

    outcome_name: str
    basis: Basis
    n_treated: int
    n_comparison: int
    raw_difference: float | None
    overlap: float | None
    variance: float
    adjusted: Adjusted | None
    too_little: str = ""
    needed: int | None = None

    @property
    def effect(self) -> Estimate | None:
        """The adjusted effect, if there is one."""
        return self.adjusted.effect if self.adjusted else None
