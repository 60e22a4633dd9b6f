"""From the replies of an archive to candidates with evidence: the whole of mining after reading."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from copilot.errors import BadRequestError
from copilot.mining.agents import AgentRow, agent_rows
from copilot.mining.contexts import Reading, message_vectors
from copilot.mining.evidence import EvidenceSettings, MoveEvidence, gather_evidence
from copilot.mining.exposing import Exposing, Turns
from copilot.mining.features import features_of
from copilot.mining.following import followed
from copilot.mining.inputs import Known
from copilot.mining.stakes import outcome_table
from knowledge.archive.table import ReplyTable
from knowledge.mining.cells import find_cells
from knowledge.mining.moves import Moves, find_moves
from knowledge.mining.needs import Needs, find_needs

if TYPE_CHECKING:
    from models.encoders.encoder import Encoder

Stage = Callable[[str], Callable[[int, int | None], None]]
"""Told the name of each part of the work; gives what to tell its progress."""


@dataclass(frozen=True)
class MiningSettings:
    """What is mined.

    Attributes:
        least_uses: Moves sent less often are no candidates.
        utc_offset_hours: Where the shop's clock stands, for the hour of the day.
        window_days: How long after a reply what a customer does counts as its outcome.
        reading: How customers' messages are compared; see `message_vectors`.
    """

    least_uses: int = 20
    utc_offset_hours: float = 8.0
    window_days: float = 3.0
    reading: Reading = "words"
    seed: int = 0
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)

    def __post_init__(self) -> None:
        if not self.window_days > 0:
            raise ValueError(f"window_days is {self.window_days}; expected a positive number of days")
        if self.least_uses < 3:
            raise ValueError(
                f"least_uses is {self.least_uses}; a reply sent to fewer than 3 customers is nobody's script"
            )


@dataclass(frozen=True)
class Mined:
    """What was found; `evidence` has one entry for each candidate, by falling number of uses."""

    table: ReplyTable
    moves: Moves
    needs: Needs
    exposing: Exposing
    evidence: list[MoveEvidence]
    agents: list[AgentRow]

    @property
    def is_candidate(self) -> NDArray[np.bool_]:
        """Of each move that is used often enough, whether it is more than an ordinary reply."""
        return ~self.needs.is_ordinary


def mine(
    table: ReplyTable, encoder: "Encoder", settings: MiningSettings, stage: Stage, known: Known | None = None
) -> Mined:
    """Candidates with their evidence; the same table and settings always give the same.

    Raises:
        BadRequestError: the archive has no such outcome as was asked for.
    """
    known = known or Known()
    outcomes = outcome_table(table) | followed(table, known.deeds, settings.window_days)
    _require_known(settings.evidence.outcome, outcomes)
    names = known.names()
    stage("replies")
    moves = find_moves(table.reply, names.with_slots(table.reply.texts))
    stage("messages")
    messages = names.with_slots(table.message.texts)
    vectors = message_vectors(messages, table.message.counts, encoder, settings.reading)
    stage("needs")
    needs = _needs(table, moves, vectors, settings)
    exposing = Exposing(
        table=table,
        turns=Turns.of(table, moves.of_row, needs),
        features=features_of(table, utc_offset_hours=settings.utc_offset_hours),
        vectors=vectors,
        outcomes=outcomes,
    )
    candidates = np.flatnonzero(~needs.is_ordinary).tolist()
    evidence = gather_evidence(exposing, candidates, settings.evidence, stage("evidence"))
    stage("agents")
    return Mined(table, moves, needs, exposing, evidence, agent_rows(exposing))


def _needs(table: ReplyTable, moves: Moves, vectors: NDArray[np.float32], settings: MiningSettings) -> Needs:
    cells = find_cells(vectors, table.message.counts, seed=settings.seed)
    n_moves = moves.n_used(settings.least_uses)
    return find_needs(vectors, cells, table.message.of_row, moves.of_row, n_moves=n_moves, seed=settings.seed)


def _require_known(outcome: str, outcomes: Mapping[str, NDArray[np.float64]]) -> None:
    if outcome and outcome not in outcomes:
        raise BadRequestError(
            "--outcome", outcome, f"an outcome of this archive: {', '.join(outcomes) or 'it has none'}"
        )


def silent_stage(_name: str) -> Callable[[int, int | None], None]:
    """Tell nobody."""
    return lambda _done, _total: None
