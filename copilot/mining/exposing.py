"""From replies to exposures: turns in which a move or an ordinary reply was sent to customers who wanted the same."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.mining.features import PriorFeatures
from eval.effects.exposures import Exposures
from knowledge.archive.table import ReplyTable
from knowledge.mining.needs import Needs

LEAST_SHARE = 0.05
"""A need that makes up less of a move's uses is taken for a misreading."""
MOST_ROWS = 6_000
"""Of either side; more would make the last digit surer and the wait longer."""
WORDING_DIMENSIONS = 24
LEARNED_FROM = 2_000
NO_MOVE = -1


@dataclass(frozen=True)
class Turns:
    """What each reply row is for the estimation; every array has one value a row.

    Attributes:
        move: NO_MOVE for replies that are used rarely.
        need: What the customer wanted.
        turn: The same for all replies of one turn.
        opens_turn: Whether the row is the first of its turn.
        is_ordinary: Whether nothing in the turn but ordinary replies was sent.
    """

    move: NDArray[np.int32]
    need: NDArray[np.int32]
    turn: NDArray[np.int64]
    opens_turn: NDArray[np.bool_]
    is_ordinary: NDArray[np.bool_]
    customer: NDArray[np.int64]

    @classmethod
    def of(cls, table: ReplyTable, move: NDArray[np.int32], needs: Needs) -> "Turns":
        """The rows of a table with their moves; those numbered beyond `needs` count as rare."""
        known = np.where((move >= 0) & (move < len(needs.is_ordinary)), move, NO_MOVE).astype(np.int32)
        turn = _turns(table)
        speaks = known != NO_MOVE
        speaks[speaks] = ~needs.is_ordinary[known[speaks]]
        opens = np.zeros(len(table), np.bool_)
        opens[np.unique(turn, return_index=True)[1]] = True
        has_move = np.bincount(turn, weights=speaks, minlength=int(turn.max(initial=-1)) + 1) > 0
        return cls(known, needs.of_text[table.message.of_row], turn, opens, ~has_move[turn], _customers(table))

    def uses(self, move: int) -> NDArray[np.intp]:
        """The rows in which a move was sent, once a turn, in the needs that it is used for."""
        rows = np.flatnonzero(self.move == move)
        rows = rows[np.unique(self.turn[rows], return_index=True)[1]]
        needs, n = np.unique(self.need[rows], return_counts=True)
        return rows[np.isin(self.need[rows], needs[n >= LEAST_SHARE * len(rows)])]

    def ordinary(self, needs: NDArray[np.int32]) -> NDArray[np.intp]:
        """The rows in which customers of these needs got nothing but ordinary replies, once a turn."""
        return np.flatnonzero(self.is_ordinary & self.opens_turn & np.isin(self.need, needs))


@dataclass(frozen=True)
class Exposing:
    """Everything that exposures are made from."""

    table: ReplyTable
    turns: Turns
    features: PriorFeatures
    vectors: NDArray[np.float32]
    outcomes: Mapping[str, NDArray[np.float64]]

    def rows(self, move: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The rows of a move's uses and those to compare with, in the order of time; evenly thinned where very many."""
        uses = self.turns.uses(move)
        others = self.turns.ordinary(np.unique(self.turns.need[uses]))
        return _thinned(uses), _thinned(others)

    def exposures(self, uses: NDArray[np.intp], others: NDArray[np.intp], outcome: str) -> Exposures:
        """Uses and comparison with a known outcome; how customers worded their message counts as known before."""
        rows = np.concatenate([uses, others])
        treated = np.arange(len(rows)) < len(uses)
        known = np.isfinite(self.outcomes[outcome][rows])
        rows, treated = rows[known], treated[known]
        return Exposures(
            treated=treated,
            outcome=self.outcomes[outcome][rows],
            features=np.column_stack([self.features.values[rows], self._wordings(rows)]).astype(np.float32),
            agent=self.table.agent.of_row[rows],
            stratum=self.turns.need[rows],
            cluster=self.turns.customer[rows],
            outcome_name=outcome,
        )

    def _wordings(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """The first principal components of the messages, so that a message taken for another need counts little."""
        if len(rows) <= WORDING_DIMENSIONS:
            return np.zeros((len(rows), 0), np.float32)
        centred = self.vectors[self.table.message.of_row[rows]]
        centred = centred - centred.mean(axis=0)
        sample = centred[:: max(1, len(centred) // LEARNED_FROM)]
        _, axes = np.linalg.eigh(sample.T @ sample)
        found = centred @ axes[:, -WORDING_DIMENSIONS:]
        return np.asarray(found / max(float(found.std()), 1e-9), np.float32)


def _thinned(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(rows) <= MOST_ROWS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(np.intp)]


def _turns(table: ReplyTable) -> NDArray[np.int64]:
    if not len(table):
        return np.zeros(0, np.int64)
    keys = np.column_stack([table.talk, table.session, table.turn])
    changes = (np.diff(keys, axis=0) != 0).any(axis=1)
    return np.concatenate([[0], np.cumsum(changes)]).astype(np.int64)


def _customers(table: ReplyTable) -> NDArray[np.int64]:
    """Whoever a conversation is with; one without a customer is its own."""
    known: dict[str, int] = {}
    names = [f"c:{talk.customer_id}" if talk.customer_id else f"t:{talk.conversation_id}" for talk in table.talks]
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)[table.talk]
