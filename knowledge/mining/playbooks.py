"""What agents do next: after a reply, what customers come back with, and what then is answered."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.archive.table import ReplyTable

LEAST_SEEN = 5
MOST_STEPS = 3


@dataclass(frozen=True)
class Step:
    """Customers come back with this need, agents answer with this move, in `n` conversations."""

    need: int
    move: int
    n: int


def next_steps(
    table: ReplyTable, move: NDArray[np.int32], need: NDArray[np.int32], is_candidate: NDArray[np.bool_]
) -> dict[int, list[Step]]:
    """For each move, the most frequent answers to what came next in the same session, by move.

    Only moves that are candidates lead or follow; `move` and `need` are of each row.
    """
    seen: set[tuple[int, int, int, int]] = set()
    usable = (move >= 0) & (move < len(is_candidate))
    usable[usable] = is_candidate[move[usable]]
    rows = np.flatnonzero(usable)
    for here, there in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
        same_session = table.talk[here] == table.talk[there] and table.session[here] == table.session[there]
        if same_session and table.turn[there] > table.turn[here] and move[there] != move[here]:
            seen.add((int(move[here]), int(need[there]), int(move[there]), int(table.talk[here])))
    counts: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    for first, wanted, second, _ in seen:
        counts[first][wanted, second] += 1
    return {
        first: [Step(*step, n) for step, n in sorted(found.items(), key=_most_seen) if n >= LEAST_SEEN][:MOST_STEPS]
        for first, found in counts.items()
    }


def _most_seen(entry: tuple[tuple[int, int], int]) -> tuple[int, tuple[int, int]]:
    step, n = entry
    return -n, step
