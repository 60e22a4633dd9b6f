"""How a ranker is trained."""

from dataclasses import dataclass

Shares = tuple[float, float, float]


@dataclass(frozen=True)
class RankerSettings:
    """How to learn a policy from decided sets.

    Attributes:
        shares: Of the sets by time: to fit the weights, to calibrate, to judge.
        fewest_sets: Decided sets without which nothing is learned.
        fewest_taken: Of these, sets of which a reply was sent.
        examination: How likely each place is looked at, where that is known; else it is estimated.
        wished_precision: Of what is shown, the share that should be sent; without it as much is shown as before.
    """

    shares: Shares = (0.6, 0.2, 0.2)
    fewest_sets: int = 300
    fewest_taken: int = 100
    examination: tuple[float, ...] = ()
    wished_precision: float | None = None
    seed: int = 0
