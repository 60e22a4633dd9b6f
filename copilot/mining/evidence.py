"""The evidence on every move: effect at stake, side effects, segments; several processes side by side."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from copilot.mining.exposing import Exposing
from copilot.mining.stakes import at_stake
from eval.effects.estimation import estimate_effect
from eval.effects.evidence import Evidence
from eval.effects.segments import SegmentEffect, segment_effects
from eval.effects.settings import EffectSettings
from eval.effects.verdicts import Judgement, JudgementSettings, Verdict, judge

Progress = Callable[[int, int | None], None]
LEAST_USES = 80
"""With fewer the error is over five points, which misleads more than it tells."""
MOVES_PER_TASK = 8


@dataclass(frozen=True)
class EvidenceSettings:
    """How much is asked of the data.

    Attributes:
        outcome: The outcome to judge by; empty for the one at stake in each need.
        with_side_effects: Whether the other outcomes are estimated too, judged in a family of their own.
    """

    outcome: str = ""
    with_side_effects: bool = True
    effects: EffectSettings = field(default_factory=lambda: EffectSettings(least_rows=LEAST_USES))
    judging: JudgementSettings = field(default_factory=JudgementSettings)
    seed: int = 0
    n_processes: int = 1


@dataclass(frozen=True)
class MoveEvidence:
    """What is known of one move.

    Attributes:
        outcome: The outcome that the verdict is on; empty where no outcome is known at all.
        judgements: By outcome, the one at stake first.
    """

    move: int
    outcome: str
    judgements: dict[str, Judgement]
    segments: tuple[SegmentEffect, ...] = ()

    @property
    def headline(self) -> Judgement | None:
        """The judgement on the outcome at stake."""
        return self.judgements.get(self.outcome)


def gather_evidence(
    exposing: Exposing, moves: Sequence[int], settings: EvidenceSettings, progress: Progress
) -> list[MoveEvidence]:
    """The evidence on each move, in the order given; the same whatever the number of processes."""
    found = dict(_estimated(exposing, moves, settings, progress))
    at_stakes = {move: outcome for move, (outcome, _) in found.items()}
    main = _judged(found, settings, lambda move, outcome: outcome == at_stakes[move])
    side = _judged(found, settings, lambda move, outcome: outcome != at_stakes[move])
    told = [
        move for move in moves if at_stakes[move] and main[move, at_stakes[move]].verdict is not Verdict.CANNOT_TELL
    ]
    segments = {move: _segments(exposing, move, at_stakes[move], settings) for move in told}
    return [
        MoveEvidence(
            move=move,
            outcome=at_stakes[move],
            judgements={outcome: main.get((move, outcome)) or side[move, outcome] for outcome in found[move][1]},
            segments=segments.get(move, ()),
        )
        for move in moves
    ]


Found = tuple[int, tuple[str, dict[str, Evidence]]]
_shared: list[tuple[Exposing, EvidenceSettings]] = []
"""What forked processes find in their memory; nothing is copied."""


def _estimated(
    exposing: Exposing, moves: Sequence[int], settings: EvidenceSettings, progress: Progress
) -> Iterator[Found]:
    _shared.append((exposing, settings))
    try:
        if settings.n_processes == 1 or len(moves) <= MOVES_PER_TASK:
            for done, move in enumerate(moves, start=1):
                yield _evidence_of(move)
                progress(done, len(moves))
            return
        with ProcessPoolExecutor(settings.n_processes, mp_context=get_context("fork")) as pool:
            for done, found in enumerate(pool.map(_evidence_of, moves, chunksize=MOVES_PER_TASK), start=1):
                yield found
                progress(done, len(moves))
    finally:
        _shared.pop()


def _evidence_of(move: int) -> Found:
    exposing, settings = _shared[-1]
    uses, others = exposing.rows(move)
    outcome = settings.outcome or at_stake(exposing.outcomes, np.concatenate([uses, others]))
    names = [outcome] if outcome else []
    if settings.with_side_effects and len(uses) >= LEAST_USES:
        names += [name for name in exposing.outcomes if name != outcome]
    return move, (outcome, {name: _estimate(exposing, uses, others, name, settings) for name in names})


def _estimate(
    exposing: Exposing, uses: NDArray[np.intp], others: NDArray[np.intp], outcome: str, settings: EvidenceSettings
) -> Evidence:
    rng = np.random.default_rng(settings.seed)
    return estimate_effect(exposing.exposures(uses, others, outcome), settings.effects, rng)


def _judged(
    found: dict[int, tuple[str, dict[str, Evidence]]], settings: EvidenceSettings, belongs: Callable[[int, str], bool]
) -> dict[tuple[int, str], Judgement]:
    """Verdicts on one family of tests."""
    family = {
        (move, outcome): evidence
        for move, (_, evidences) in found.items()
        for outcome, evidence in evidences.items()
        if belongs(move, outcome)
    }
    return dict(zip(family, judge(list(family.values()), settings.judging), strict=True))


def _segments(exposing: Exposing, move: int, outcome: str, settings: EvidenceSettings) -> tuple[SegmentEffect, ...]:
    uses, others = exposing.rows(move)
    exposures = exposing.exposures(uses, others, outcome)
    rows = np.concatenate([uses, others])
    rows = rows[np.isfinite(exposing.outcomes[outcome][rows])]
    talks = [exposing.table.talks[talk] for talk in exposing.table.talk[rows]]
    segments = {name: np.array([getattr(talk, name) for talk in talks], str) for name in ("scene", "stage", "channel")}
    told_apart = {name: values for name, values in segments.items() if len(np.unique(values)) > 1}
    if not told_apart:
        return ()
    return tuple(segment_effects(exposures, told_apart, settings.effects, np.random.default_rng(settings.seed)))
