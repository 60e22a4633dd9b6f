"""What customers did within some days after a reply, as outcomes of that reply."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from copilot.mining.inputs import PURCHASE, Deed
from knowledge.archive.table import ReplyTable

ORDER = "order"
LESS_IS_BETTER = {"complaint": "no_complaint", "unsubscribe": "no_unsubscribe", "unfollow": "no_unsubscribe"}
OUTCOME_OF = {PURCHASE: ORDER, **LESS_IS_BETTER}
SECONDS_A_DAY = 86_400.0


def followed(table: ReplyTable, deeds: Sequence[Deed], window_days: float) -> dict[str, NDArray[np.float64]]:
    """Outcomes by name, shape (n_rows,): whether the customer bought, did not complain, stayed, in the window.

    NaN where the reply has no time or customer, and where the window is not over at the last deed that is known.
    """
    window = window_days * SECONDS_A_DAY
    end = max((deed.at for deed in deeds), default=-np.inf)
    names = sorted({OUTCOME_OF[deed.kind] for deed in deeds if deed.kind in OUTCOME_OF})
    customers, codes = _customers(table)
    known = np.isfinite(table.at) & (codes >= 0) & (np.nan_to_num(table.at, nan=np.inf) + window <= end)
    found = {}
    for name in names:
        happened = _within(table.at, codes, _deeds_of(name, deeds, customers), window)
        happened = ~happened if name in LESS_IS_BETTER.values() else happened
        found[name] = np.where(known, happened.astype(np.float64), np.nan)
    return found


def _customers(table: ReplyTable) -> tuple[dict[str, int], NDArray[np.int64]]:
    known: dict[str, int] = {}
    of_talk = [known.setdefault(talk.customer_id, len(known)) if talk.customer_id else -1 for talk in table.talks]
    return known, np.array(of_talk, np.int64)[table.talk]


def _deeds_of(name: str, deeds: Sequence[Deed], customers: dict[str, int]) -> NDArray[np.float64]:
    """Customer's code and moment of each such deed, shape (n, 2), by customer and then time."""
    rows = [
        (customers[deed.customer_id], deed.at)
        for deed in deeds
        if OUTCOME_OF.get(deed.kind) == name and deed.customer_id in customers
    ]
    return np.array(sorted(rows), np.float64).reshape(-1, 2)


def _within(
    at: NDArray[np.float64], codes: NDArray[np.int64], deeds: NDArray[np.float64], window: float
) -> NDArray[np.bool_]:
    """Whether the same customer did it after `at`, at most `window` seconds later."""
    starts = np.flatnonzero(np.diff(deeds[:, 0], prepend=-1.0))
    moments = {int(part[0, 0]): part[:, 1] for part in np.split(deeds, starts[1:]) if len(part)}
    found = np.zeros(len(at), np.bool_)
    for row, (moment, code) in enumerate(zip(at.tolist(), codes.tolist(), strict=True)):
        own = moments.get(code)
        if own is not None and np.isfinite(moment):
            place = int(np.searchsorted(own, moment, side="right"))
            found[row] = place < len(own) and own[place] <= moment + window
    return found
