"""What must hold between the rows of logged decisions; the first row that breaks a rule is named."""

import numpy as np
from numpy.typing import NDArray

from eval.datasets.decision_rows import PROBABILITIES, Rows

SUM_TOLERANCE = 0.01
"""How far the probabilities of listed candidates may be from one in sum: for rounding, not for a forgotten item."""

Mask = NDArray[np.bool_]


def check_rows(rows: Rows) -> None:
    """Refuse rows that cannot be logged decisions.

    Raises:
        DataError: an id or position is missing, a candidate stands twice, not exactly one is shown at a position, a
            reward, feature or probability is missing or impossible, or a position's probabilities do not sum to one.
    """
    _check_ids(rows)
    _check_positions(rows)
    _check_clusters(rows)
    for name in rows.feature_names:
        _refuse(rows, ~np.isfinite(rows.numbers[name]), name, "a finite number in every row")
    _check_rewards(rows)
    for name in PROBABILITIES:
        if name in rows.numbers:
            _check_probability(rows, name)
    order = np.lexsort((rows.codes["item_id"], rows.numbers["position"], rows.codes["round_id"]))
    groups = _groups(rows, order)
    _check_duplicates(rows, order, groups)
    _check_shown(rows, order, groups)
    for name in ("propensity", "conditional_propensity", "target_propensity", "target_conditional_propensity"):
        if name in rows.numbers:
            _check_sums(rows, name, order, groups)
    for kind in ("", "target_"):
        _check_slates(rows, f"{kind}slate_propensity", f"{kind}conditional_propensity")


def _refuse(rows: Rows, wrong: Mask, name: str, expected: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        value = rows.numbers[name][row]
        raise rows.refusal(row, f"{name} is missing or NaN" if np.isnan(value) else f"{name} is {value:g}", expected)


def _check_ids(rows: Rows) -> None:
    for name in ("round_id", "item_id"):
        missing = rows.codes[name] < 0
        if missing.any():
            raise rows.refusal(int(missing.argmax()), f"{name} is missing", "an id in every row")


def _check_positions(rows: Rows) -> None:
    position = rows.numbers["position"]
    whole = (position >= 1) & (position < 1 << 31) & (position == np.floor(position))
    _refuse(rows, ~whole, "position", "a whole number from 1; an unshown candidate has the position it could have had")


def _check_clusters(rows: Rows) -> None:
    if "cluster_id" not in rows.codes:
        return
    rounds, clusters = rows.codes["round_id"], rows.codes["cluster_id"]
    first = np.full(len(rows.names["round_id"]), -1, np.int64)
    first[rounds[::-1]] = np.arange(len(rounds))[::-1]
    wrong = clusters != clusters[first[rounds]]
    if wrong.any():
        row = int(wrong.argmax())
        problem = f"round {_name(rows, 'round_id', row)} has another cluster_id than in its first row"
        raise rows.refusal(row, problem, "one customer or conversation a round")


def _check_rewards(rows: Rows) -> None:
    rewards = rows.numbers["reward"]
    _refuse(rows, rows.shown & ~np.isfinite(rewards), "reward", "a finite number where the candidate was shown")
    _refuse(rows, ~rows.shown & ~np.isnan(rewards), "reward", "no reward where the candidate was not shown")


def _check_probability(rows: Rows, name: str) -> None:
    values, meaning = rows.numbers[name], PROBABILITIES[name]
    needed = rows.shown if "slate" in name else np.ones(len(values), np.bool_)
    _refuse(rows, needed & np.isnan(values), name, meaning)
    _refuse(rows, (values < 0) | (values > 1), name, f"{meaning}, between 0 and 1")
    if not name.startswith("target_"):
        expected = f"{meaning}: above 0, since the item was shown"
        _refuse(rows, rows.shown & (values == 0), name, expected)


def _groups(rows: Rows, order: NDArray[np.intp]) -> NDArray[np.int64]:
    """Which round and position each row of the order belongs to, counted from 0."""
    new = np.diff(rows.codes["round_id"][order]) != 0
    new |= np.diff(rows.numbers["position"][order]) != 0
    return np.concatenate([[0], np.cumsum(new)])


def _check_duplicates(rows: Rows, order: NDArray[np.intp], groups: NDArray[np.int64]) -> None:
    again = (np.diff(groups) == 0) & (np.diff(rows.codes["item_id"][order]) == 0)
    if again.any():
        row = int(order[1:][again].min())  # the sort is stable: the later of the two
        problem = f"item {_name(rows, 'item_id', row)} stands twice at {_place(rows, row)}"
        raise rows.refusal(row, problem, "each candidate once")


def _check_shown(rows: Rows, order: NDArray[np.intp], groups: NDArray[np.int64]) -> None:
    n_shown = np.bincount(groups, weights=rows.shown[order])
    if (n_shown != 1).any():
        row, group = _first(order, groups, n_shown != 1)
        problem = f"{n_shown[group]:.0f} candidates are shown at {_place(rows, row)}"
        raise rows.refusal(row, problem, "exactly one; an empty place is an item of its own")


def _check_sums(rows: Rows, name: str, order: NDArray[np.intp], groups: NDArray[np.int64]) -> None:
    """A position that lists more than what was shown lists all of its candidates."""
    sums = np.bincount(groups, weights=rows.numbers[name][order])
    wrong = sums > 1 + SUM_TOLERANCE
    if not name.startswith("target_"):  # what the target puts on unlisted items is a matter of support, not of the file
        wrong |= (sums < 1 - SUM_TOLERANCE) & (np.bincount(groups) > 1)
    if wrong.any():
        row, group = _first(order, groups, wrong)
        problem = f"{name} sums to {sums[group]:.4g} over the candidates at {_place(rows, row)}"
        raise rows.refusal(row, problem, "1; list every candidate, or only those that were shown")


def _check_slates(rows: Rows, slate: str, conditional: str) -> None:
    """The probability of a list is the same in every row of its round, and the product of the conditional ones."""
    if slate not in rows.numbers:
        return
    shown, rounds = rows.shown, rows.codes["round_id"]
    n_rounds = len(rows.names["round_id"])
    whole = np.full(n_rounds, np.nan)
    whole[rounds[shown][::-1]] = rows.numbers[slate][shown][::-1]
    differs = shown & (rows.numbers[slate] != whole[rounds])
    _refuse(rows, differs, slate, "the same in every row of the round")
    if conditional not in rows.numbers:
        return
    product = np.ones(n_rounds)
    np.multiply.at(product, rounds[shown], rows.numbers[conditional][shown])
    differs = shown & ~np.isclose(whole, product, rtol=SUM_TOLERANCE, atol=1e-9)[rounds]
    _refuse(rows, differs, slate, f"the product of {conditional} over the round, to one part in a hundred")


def _first(order: NDArray[np.intp], groups: NDArray[np.int64], wrong: Mask) -> tuple[int, int]:
    """The first row, in the order of the file, whose group is wrong, and that group."""
    candidates = np.flatnonzero(wrong[groups])
    at = int(candidates[order[candidates].argmin()])
    return int(order[at]), int(groups[at])


def _place(rows: Rows, row: int) -> str:
    return f"position {rows.numbers['position'][row]:.0f} of round {_name(rows, 'round_id', row)}"


def _name(rows: Rows, kind: str, row: int) -> str:
    return repr(rows.names[kind][int(rows.codes[kind][row])].as_py())
