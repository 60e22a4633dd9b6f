"""What the Open Bandit logs of a uniform policy say of Bernoulli Thompson sampling, against what that policy earned.

Reads `$COPILOT_DATA/obd/{random,bts}/{all,men,women}` (the small version, 10,000 rows each), writes the random logs as
decisions with every candidate into a temporary folder, and judges them as `copilot eval ope` would. Prints a Markdown
table (docs/off-policy.md has the result). `--campaign NAME` measures one campaign.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eval.datasets.decisions import read_decisions
from eval.offpolicy.evaluation import OF_DECISIONS, OpeReport, evaluate_offpolicy
from eval.statistics.estimate import Estimate

CAMPAIGNS = ("all", "men", "women")
PUBLISHED = {"all": 1.198}
"""IPW relative to the random policy, from the quickstart of the Open Bandit Pipeline on the same small data."""
N_POSITIONS = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Log:
    """Impressions of one item each."""

    items: NDArray[np.int64]
    places: NDArray[np.int64]
    """The position, from 0."""
    clicks: Floats
    propensities: Floats

    @classmethod
    def read(cls, folder: Path, policy: str, campaign: str) -> "Log":
        """The log of a policy in a campaign."""
        table = pq.read_table(folder / policy / campaign / f"{campaign}.parquet")
        items, positions, clicks, propensities = (
            table[name].to_numpy() for name in ("item_id", "position", "click", "propensity_score")
        )
        return cls(items, positions - 1, clicks.astype(np.float64), propensities)

    def per_cell(self, values: Floats, n_items: int) -> Floats:
        """The sum of values by position and item, shape (N_POSITIONS, n_items)."""
        cells = self.places * n_items + self.items
        return np.bincount(cells, weights=values, minlength=N_POSITIONS * n_items).reshape(N_POSITIONS, n_items)


def mean_policy(log: Log, n_items: int, how: str) -> Floats:
    """How often a policy that changes over time shows each item at each position, shape (N_POSITIONS, n_items).

    `shares_of_time`, scaled to sum to one over the items of a position.
    """
    shares = shares_of_time(log, n_items, how)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def shares_of_time(log: Log, n_items: int, how: str) -> Floats:
    """The mean propensity of each item over time, which should sum to one, shape (N_POSITIONS, n_items).

    Thompson sampling moved during the week, so a cell holds many propensities, and large ones more often than small
    ones. Over the rows that show an item, 1 / propensity averages to 1 / its mean propensity over time: "harmonic" is
    n over the sum of 1 / propensity. "counted" is the share of rows; "plain" the mean of what was recorded, which is
    too high where a propensity moved.
    """
    rows = log.per_cell(np.ones(len(log.items)), n_items)
    if how == "counted":
        return np.asarray(rows / rows.sum(axis=1, keepdims=True))
    if how == "harmonic":
        return np.asarray(rows / np.maximum(log.per_cell(1 / log.propensities, n_items), 1e-300))
    return np.asarray(log.per_cell(log.propensities, n_items) / np.maximum(rows, 1))


def write_decisions(log: Log, target: Floats, path: Path) -> None:
    """The log as decisions with every candidate, judged under `target`, shape (N_POSITIONS, n_items)."""
    n_rounds, n_items = len(log.items), target.shape[1]
    shown = np.arange(n_items) == log.items[:, None]
    columns = {
        "round_id": np.repeat(np.arange(n_rounds), n_items),
        "position": np.repeat(log.places + 1, n_items),
        "item_id": np.tile(np.arange(n_items), n_rounds),
        "shown": shown.ravel(),
        "propensity": np.repeat(log.propensities, n_items),  # uniform: the same for every candidate
        "target_propensity": target[log.places].ravel(),
    }
    rewards = pa.array(np.repeat(log.clicks, n_items), mask=~shown.ravel())
    pq.write_table(pa.table({**columns, "reward": rewards}), path)


def on_policy(log: Log) -> Estimate:
    """A click rate with Wilson's 95 % interval (1927)."""
    n, rate, z = len(log.clicks), float(log.clicks.mean()), 1.959964
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Estimate(rate, float(middle - reach), float(middle + reach), n)


def read_campaign(folder: Path, campaign: str) -> tuple[Log, Log, int]:
    """The logs of both policies, and how many items there are."""
    random, bts = Log.read(folder, "random", campaign), Log.read(folder, "bts", campaign)
    return random, bts, int(max(random.items.max(), bts.items.max())) + 1


def judge(folder: Path, campaign: str, how: str, seed: int) -> OpeReport:
    """What the random log of a campaign says of Thompson sampling."""
    random, bts, n_items = read_campaign(folder, campaign)
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "decisions.parquet"
        write_decisions(random, mean_policy(bts, n_items, how), path)
        return evaluate_offpolicy(read_decisions(path), OF_DECISIONS, np.random.default_rng(seed))


def rows(folder: Path, campaign: str, how: str, seed: int) -> Iterator[str]:
    """The rows of the table for one campaign and one way to derive the policy."""
    truth = on_policy(Log.read(folder, "bts", campaign))
    for one in judge(folder, campaign, how, seed).estimates:
        inside = "yes" if one.value.low <= truth.mean <= one.value.high else "no"
        published = f"{PUBLISHED[campaign]:.3f}" if one.estimator == "ips" and campaign in PUBLISHED else ""
        ratio = one.relative
        relative = f"{ratio.mean:.3f} [{ratio.low:.2f}, {ratio.high:.2f}]" if ratio else "–"
        yield (
            f"| {campaign} | {how} | {one.estimator} | {_percent(one.value)} | {_percent(truth)} | {inside} "
            f"| {relative} | {published} | {one.weights.effective_n:,.0f} | {one.weights.largest:.1f} |"
        )


def _percent(estimate: Estimate) -> str:
    return f"{estimate.mean:.2%} [{estimate.low:.2%}, {estimate.high:.2%}]"


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaign", choices=CAMPAIGNS)
    parser.add_argument("--how", choices=("harmonic", "counted", "plain"), default="harmonic")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(os.environ["COPILOT_DATA"]) / "obd"
    sys.stdout.write(
        "| campaign | policy derived | estimator | from the random log | on-policy | inside | relative to random "
        "| published | effective n | largest weight |\n|---|---|---|---|---|---|---|---:|---:|---:|\n"
    )
    for campaign in CAMPAIGNS:
        if arguments.campaign in (None, campaign):
            for row in rows(folder, campaign, arguments.how, arguments.seed):
                sys.stdout.write(row + "\n")
    for campaign in CAMPAIGNS:
        _, bts, n_items = read_campaign(folder, campaign)
        sums = ", ".join(f"{total:.2f}" for total in shares_of_time(bts, n_items, arguments.how).sum(axis=1))
        sys.stdout.write(f"\n{campaign}: before scaling, the items of positions 1 to 3 sum to {sums}\n")


if __name__ == "__main__":
    main()
