"""How often the 95 % intervals of off-policy estimates hold the truth, in worlds where the truth can be computed.

Every world is drawn anew from its seed, logged once, and judged by every estimator; the truth is a sum over contexts
and lists, not a simulation. Prints a Markdown table a setting (docs/off-policy.md has the result). `--only NAME`
measures one setting, `--worlds N` fewer worlds. 1,000 worlds take about three minutes of one core.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from eval.datasets.decisions import Decisions
from eval.errors import SupportError
from eval.offpolicy.evaluation import ESTIMATORS, OF_DECISIONS, OF_SLATES, PolicyEstimate, evaluate_offpolicy
from eval.offpolicy.synthetic import BanditWorld, Interaction, SlateWorld

World = BanditWorld | SlateWorld
Drawn = tuple[World, Decisions]


def bandit(
    distance: float, *, hidden_effect: float = 0.0, n_rounds: int = 1500, rounds_per_cluster: int = 1
) -> Callable[[np.random.Generator], Drawn]:
    """Worlds with one item a round."""

    def draw(rng: np.random.Generator) -> Drawn:
        world = BanditWorld.draw(rng, distance=distance, hidden_effect=hidden_effect)
        return world, world.log(n_rounds, rng, rounds_per_cluster=rounds_per_cluster)

    return draw


def slate(distance: float, interaction: Interaction) -> Callable[[np.random.Generator], Drawn]:
    """Worlds with lists of three out of five."""

    def draw(rng: np.random.Generator) -> Drawn:
        world = SlateWorld.draw(rng, distance=distance, interaction=interaction)
        return world, world.log(1500, rng)

    return draw


SETTINGS: Mapping[str, tuple[Callable[[np.random.Generator], Drawn], str]] = {
    "near": (bandit(0.4), "one item, policies near each other"),
    "middle": (bandit(0.7), "one item, policies further apart"),
    "far": (bandit(1.0), "one item, policies far apart"),
    "misspecified": (bandit(0.7, hidden_effect=0.1), "one item, further apart, reward model wrong"),
    "customers": (
        bandit(0.7, n_rounds=2000, rounds_per_cluster=5),
        "one item, further apart, 400 customers with five rounds each",
    ),
    "independent": (slate(0.3, "independent"), "lists, a place's reward depends on its own item"),
    "cascade": (slate(0.3, "cascade"), "lists, a place's reward depends on its item and those before it"),
    "cascade-far": (slate(0.5, "cascade"), "lists, as before, policies further apart"),
    "standard": (slate(0.3, "standard"), "lists, a place's reward depends on the whole list"),
}


@dataclass
class Tally:
    """What one estimator answered in all worlds."""

    errors: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    relative: list[bool] = field(default_factory=list)
    bernstein: list[bool] = field(default_factory=list)
    effective: list[float] = field(default_factory=list)
    n_refused: int = 0

    def add(self, world: World, found: PolicyEstimate) -> None:
        """Count one answer."""
        truth = world.value
        self.errors.append(found.value.mean - truth)
        self.widths.append(found.value.high - found.value.low)
        self.covered.append(found.value.low <= truth <= found.value.high)
        if found.relative:
            self.relative.append(found.relative.low <= truth / world.logged_value <= found.relative.high)
        self.effective.append(found.weights.effective_n)
        if found.bernstein:
            self.bernstein.append(found.bernstein.low <= truth <= found.bernstein.high)

    def row(self, name: str) -> str:
        """A row of the table; bias in standard errors of its own mean, so that 2 is where chance ends."""
        errors = np.array(self.errors)
        bias, spread = errors.mean(), errors.std(ddof=1)
        bernstein = f"{np.mean(self.bernstein):.1%}" if self.bernstein else "–"
        return (
            f"| {name} | {np.mean(self.covered):.1%} | {np.mean(self.relative):.1%} | {bernstein} "
            f"| {bias:+.4f} ({bias / spread * np.sqrt(len(errors)):+.1f}) | {np.sqrt((errors**2).mean()):.4f} "
            f"| {np.mean(self.widths):.3f} | {np.mean(self.effective):.0f} | {self.n_refused} |"
        )


def measure(draw: Callable[[np.random.Generator], Drawn], n_worlds: int, seed: int) -> dict[str, Tally]:
    """The answers of every estimator in worlds with one seed each."""
    tallies: dict[str, Tally] = {}
    for number in range(n_worlds):
        rng = np.random.default_rng([seed, number])
        world, decisions = draw(rng)
        estimators = OF_DECISIONS if decisions.n_places == 1 else OF_SLATES
        for estimator in estimators:
            tallies.setdefault(estimator.name, Tally())
        try:
            report = evaluate_offpolicy(decisions, estimators, rng)
        except SupportError:
            for tally in tallies.values():
                tally.n_refused += 1
            continue
        for found in report.estimates:
            tallies[found.estimator].add(world, found)
        for name in report.refused:
            tallies[name].n_refused += 1
    return {name: tallies[name] for name in ESTIMATORS if name in tallies}


def main() -> None:
    """Measures and prints a table for each setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(SETTINGS))
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, (draw, title) in SETTINGS.items():
        if arguments.only not in (None, name):
            continue
        sys.stdout.write(
            f"### {name}: {title}\n\n| estimator | value covered | relative value covered | Bernstein covered "
            "| bias (in its standard errors) | RMSE | mean width | effective n | refused |\n"
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        )
        for estimator, tally in measure(draw, arguments.worlds, arguments.seed).items():
            sys.stdout.write(tally.row(estimator) + "\n")
        sys.stdout.write("\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
