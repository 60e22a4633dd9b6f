"""What makes a sale in the sample world: the customer's ease, the hour, the need, a little skill, and the scripts.

Whether the customer leaves satisfied is made in the same way, from other points.
"""

from dataclasses import dataclass

from copilot.sample.brand import Goal

EASE_POINTS = (0.10, 0.20, 0.32, 0.46)
SATISFACTION_POINTS = (0.44, 0.54, 0.64, 0.72)
EVENING_POINTS = 0.02
SERVICE_SHARE = 0.25
LOWEST, HIGHEST = 0.01, 0.97


@dataclass(frozen=True)
class Chance:
    """A probability by its parts, kept within [0.01, 0.97].

    Attributes:
        base: From ease, hour and need alone.
        skill: What the agent adds.
        effect: What the scripts used add together.
    """

    base: float
    skill: float
    effect: float

    @property
    def probability(self) -> float:
        """The sum of the parts."""
        return min(HIGHEST, max(LOWEST, self.base + self.skill + self.effect))


@dataclass(frozen=True)
class Cause:
    """Why a conversation went as it did; known to the generator only.

    Attributes:
        needs: What was raised, in order.
        goal: What the first need's scripts are meant to win.
        ease: The customer's tier, 0 to 3.
    """

    needs: tuple[str, ...]
    goal: Goal
    ease: int
    hour: int
    sale: Chance
    satisfaction: Chance

    @property
    def need(self) -> str:
        """What the conversation was begun for."""
        return self.needs[0]


def evening_of(hour: int) -> float:
    """-1 in the morning, 0 through the day, 1 in the evening, when people buy and the best agents work."""
    if hour < 12:
        return -1.0
    return 1.0 if hour >= 19 else 0.0


def base_sale(*, ease: int, hour: int, goal: Goal, need_points: float) -> float:
    """Probability of a sale before anyone has said a word; a quarter of it where the customer came for service."""
    base = EASE_POINTS[ease] + EVENING_POINTS * evening_of(hour) + need_points
    return base * SERVICE_SHARE if goal == "satisfaction" else base


def base_satisfaction(*, ease: int, hour: int, need_points: float) -> float:
    """Probability of a satisfied customer before anyone has said a word."""
    return SATISFACTION_POINTS[ease] + EVENING_POINTS * evening_of(hour) + need_points
