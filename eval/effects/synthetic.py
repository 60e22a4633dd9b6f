"""A small world in which good agents have easy customers and favourite replies, and the truth is known.

The customer's ease is a feature beside the evening; agents of high standing get easier customers and send the
candidate more often. So the plain difference misleads, and comparing like with like does not.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from eval.effects.exposures import Codes, Exposures, Flags, Floats

LOWEST, HIGHEST = 0.02, 0.98
EASE_POINTS = 0.10
SKILL_POINTS = 0.03
EVENING_POINTS = 0.04


@dataclass(frozen=True)
class ConfoundedWorld:
    """What makes the outcome, and who gets whom.

    Attributes:
        effect: Of the candidate, in probability; the same for everybody.
        pull: How much more often agents of high standing get easy customers.
        leaning: How much more often they send the candidate, in log odds; negative: less often.
        ease_leaning: How much more often the candidate goes to easy customers, whoever the agent is.
        n_agents: Standings are spread evenly from -1 to 1.
        per_cluster: Turns of one customer.
    """

    effect: float = 0.0
    pull: float = 1.5
    leaning: float = 1.2
    ease_leaning: float = 0.0
    base: float = 0.35
    n_agents: int = 10
    n_strata: int = 2
    per_cluster: int = 2

    @property
    def standings(self) -> Floats:
        """Of every agent, shape (n_agents,)."""
        return np.linspace(-1.0, 1.0, self.n_agents)

    @property
    def skills(self) -> Floats:
        """What every agent adds to the probability of the outcome, shape (n_agents,)."""
        return np.asarray(SKILL_POINTS * self.standings, np.float64)

    def draw(self, n_rows: int, rng: np.random.Generator) -> Exposures:
        """Turns in which the agent chose what to send."""
        return self._draw(n_rows, rng, None)

    def draw_randomised(self, n_rows: int, rng: np.random.Generator, *, propensity: float) -> Exposures:
        """Turns in which chance chose, with the given chance of the candidate."""
        return self._draw(n_rows, rng, propensity)

    def _draw(self, n_rows: int, rng: np.random.Generator, propensity: float | None) -> Exposures:
        cluster = np.arange(n_rows) // self.per_cluster
        ease = rng.normal(size=int(cluster[-1]) + 1)[cluster]
        evening = rng.random(n_rows) < 0.4
        agent = self._agents(ease, rng)
        stratum = rng.integers(self.n_strata, size=n_rows)
        odds = self.leaning * self.standings[agent] + self.ease_leaning * ease - 0.5 * (stratum == 0)
        chance = expit(odds) if propensity is None else np.full(n_rows, propensity)
        treated = rng.random(n_rows) < chance
        return Exposures(
            treated=treated,
            outcome=self._outcomes(treated, ease, evening, agent, stratum, rng),
            features=np.column_stack([ease, evening]).astype(np.float32),
            agent=agent,
            stratum=stratum,
            cluster=cluster,
            propensity=None if propensity is None else chance,
        )

    def _agents(self, ease: Floats, rng: np.random.Generator) -> Codes:
        """Drawn with odds exp(pull * standing * ease), by the largest of noisy log odds (Gumbel)."""
        odds = self.pull * ease[:, None] * self.standings
        return np.asarray((odds + rng.gumbel(size=odds.shape)).argmax(axis=1))

    def _outcomes(
        self, treated: Flags, ease: Floats, evening: Flags, agent: Codes, stratum: Codes, rng: np.random.Generator
    ) -> Floats:
        chance = self.base + EASE_POINTS * ease + EVENING_POINTS * evening + self.skills[agent]
        chance = np.clip(chance + 0.05 * stratum + self.effect * treated, LOWEST, HIGHEST)
        return np.asarray(rng.random(len(chance)) < chance, np.float64)
