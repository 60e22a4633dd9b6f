"""Decided sets from a file, and into one: the columns of logged decisions (docs/off-policy.md) with the features."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copilot.engine.policy import REPLY_FEATURES
from copilot.errors import BadRequestError
from copilot.training.log import DecisionLog
from eval.datasets.decision_rows import FEATURE_PREFIX
from eval.datasets.decisions import Decisions, read_decisions
from models.rankers.slates import Floats, Slates


def read_file_log(path: Path) -> DecisionLog:
    """The rounds of a file, which are taken to be in the order of time; each is a decided set.

    Raises:
        DataError: the file is no file of logged decisions.
        BadRequestError: a feature is missing or unknown, or a reward is neither 0 nor 1.
    """
    decisions = read_decisions(path)
    _require_features(decisions, path)
    shown = np.flatnonzero(decisions.shown)
    rewards = decisions.rewards[shown]
    strange = np.flatnonzero(~np.isin(rewards, (0.0, 1.0)))
    if len(strange):
        expected = "1 where the agent sent the reply and 0 where not"
        raise BadRequestError(f"{path}: reward", float(rewards[strange[0]]), expected)
    columns = [decisions.feature_names.index(FEATURE_PREFIX + name) for name in REPLY_FEATURES]
    return DecisionLog(
        source=str(path),
        data_hash=decisions.data_hash,
        slates=Slates(
            decisions.features[shown][:, columns],
            decisions.rounds[shown].astype(np.intp),
            rewards.astype(np.bool_),
        ),
        set_ids=decisions.round_ids.to_pylist(),
        item_ids=[decisions.item_ids[int(item)].as_py() for item in decisions.items[shown]],
        propensities=_propensities(decisions, shown),
        groups=decisions.clusters.astype(np.intp),
        uses=None,
        left_out={},
    )


def write_file_log(log: DecisionLog, path: Path) -> None:
    """Write what a log holds, so that `read_file_log` makes the same of it.

    What could have been shown and was not has no features in a log; such candidates are one row a place that stands
    for all of them, with the features 0.
    """
    with path.open("w", encoding="utf-8") as file:
        for row in _rows(log):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _require_features(decisions: Decisions, path: Path) -> None:
    wanted = {FEATURE_PREFIX + name for name in REPLY_FEATURES}
    found = set(decisions.feature_names)
    for name in sorted(wanted - found):
        raise BadRequestError(f"{path}: columns", sorted(found), f"the feature {name} as well")
    for name in sorted(found - wanted):
        raise BadRequestError(f"{path}: column", name, f"one of {', '.join(sorted(wanted))}")


def _propensities(decisions: Decisions, shown: NDArray[np.intp]) -> Floats:
    """How likely each shown row stood at each place, looked up among all rows of its round."""
    table = np.zeros((len(shown), decisions.n_places))
    rows = {(int(decisions.rounds[row]), int(decisions.items[row])): number for number, row in enumerate(shown)}
    propensity = decisions.probability("propensity")
    keys = zip(decisions.rounds.tolist(), decisions.items.tolist(), decisions.places.tolist(), strict=True)
    for row, (of_round, item, place) in enumerate(keys):
        number = rows.get((of_round, item))
        if number is not None:
            table[number, place] = propensity[row]
    return table


def _rows(log: DecisionLog) -> Iterator[dict[str, object]]:
    slates = log.slates
    starts = [*slates.starts.tolist(), len(slates.slate)]
    for number, set_id in enumerate(log.set_ids):
        first, end = starts[number], starts[number + 1]
        common = {"round_id": set_id, "cluster_id": f"c{log.groups[number]}"}
        for place in range(end - first):
            at_place = log.propensities[first:end, place]
            for row in range(first, end):
                if at_place[row - first] > 0:
                    yield common | _row(log, row, place, is_shown=row - first == place)
            left = 1.0 - float(at_place.sum())
            if left > 1e-9:
                nothing = {FEATURE_PREFIX + name: 0.0 for name in REPLY_FEATURES}
                other = {"item_id": "not shown", "position": place + 1, "shown": False, "reward": None}
                yield common | other | {"propensity": left} | nothing


def _row(log: DecisionLog, row: int, place: int, *, is_shown: bool) -> dict[str, object]:
    features = zip(REPLY_FEATURES, log.slates.features[row].tolist(), strict=True)
    return {
        "item_id": log.item_ids[row],
        "position": place + 1,
        "shown": is_shown,
        "reward": float(log.slates.taken[row]) if is_shown else None,
        "propensity": min(1.0, float(log.propensities[row, place])),
        **{FEATURE_PREFIX + name: value for name, value in features},
    }
