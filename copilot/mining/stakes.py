"""Which outcome is at stake when a customer wants something: a sale, or being satisfied."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.archive.outcomes import CONVERSION, REPLY, SATISFACTION
from knowledge.archive.table import ReplyTable

SELDOM = 0.5
"""Where customers buy less than half as often as overall, a sale is not what the conversation is about."""


def outcome_table(table: ReplyTable) -> dict[str, NDArray[np.float64]]:
    """Every outcome by name, those of conversations and whether the customer wrote again.

    Each of shape (n_rows,), NaN where it is not known.
    """
    names = sorted({name for talk in table.talks for name in talk.outcomes})
    columns = {name: np.array([talk.outcomes.get(name, np.nan) for talk in table.talks]) for name in names}
    found = {name: values[table.talk] for name, values in columns.items()}
    return found | {REPLY: table.answered.astype(np.float64)} if len(table) else found


def at_stake(
    outcomes: Mapping[str, NDArray[np.float64]],
    rows: NDArray[np.intp],
    order: Sequence[str] = (CONVERSION, SATISFACTION),
) -> str:
    """The outcome that conversations like these are about, told without looking at any effect; empty without one.

    The sale, unless customers who want this hardly ever buy; then satisfaction. Where there is neither, the first other
    outcome that is known; never whether the customer wrote again, which is good of a question and bad of an answer.
    """
    names = [name for name in (*order, *sorted(outcomes)) if name in outcomes and name != REPLY]
    known = [name for name in names if np.isfinite(outcomes[name][rows]).any()]
    if CONVERSION in known and SATISFACTION in known:
        overall, here = (float(np.nanmean(outcomes[CONVERSION][part])) for part in (slice(None), rows))
        return SATISFACTION if here < SELDOM * overall else CONVERSION
    return known[0] if known else ""
