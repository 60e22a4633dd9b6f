"""The evidence on every move, from the small world in which one script helps and one harms."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from copilot.mining.candidates import candidate_rows
from copilot.mining.evidence import EvidenceSettings, MoveEvidence, gather_evidence
from copilot.mining.exposing import Exposing
from eval.effects.verdicts import Verdict


def silent(_done: int, _total: int | None) -> None:
    """Tell nobody."""


def rows_with(run: Any, evidence: list[MoveEvidence], around: Any) -> list[dict[str, Any]]:
    return candidate_rows(replace(run.mined, evidence=evidence), around)


def test_processes_side_by_side_find_what_one_finds(run: Any, around: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot.mining.evidence.MOVES_PER_TASK", 1)
    moves = [one.move for one in run.mined.evidence]
    told: list[tuple[int, int | None]] = []
    settings = EvidenceSettings(n_processes=2)
    found = gather_evidence(run.mined.exposing, moves, settings, lambda done, total: told.append((done, total)))
    assert [one.move for one in found] == moves
    assert rows_with(run, found, around) == rows_with(run, run.mined.evidence, around)
    assert told == [(done, len(moves)) for done in range(1, len(moves) + 1)]


def test_the_order_of_moves_changes_no_estimate(run: Any) -> None:
    moves = [one.move for one in run.mined.evidence]
    found = gather_evidence(run.mined.exposing, moves[::-1], EvidenceSettings(), silent)
    assert [one.move for one in found] == moves[::-1]
    effects = {one.move: one.headline.evidence.effect for one in found if one.headline}
    assert effects == {one.move: one.headline.evidence.effect for one in run.mined.evidence if one.headline}


def test_without_outcomes_there_is_no_headline_and_no_judgement(run: Any) -> None:
    exposing = replace(run.mined.exposing, outcomes={})
    (found,) = gather_evidence(exposing, [0], EvidenceSettings(), silent)
    assert (found.outcome, found.headline, found.judgements, found.segments) == ("", None, {}, ())


def _with_outcome(exposing: Exposing, name: str, values: Any) -> Exposing:
    return replace(exposing, outcomes={**exposing.outcomes, name: values})


def test_other_outcomes_are_judged_beside_the_one_at_stake(run: Any) -> None:
    """A copy of the sale is a side effect of the same size; a constant one can tell nothing."""
    exposing = _with_outcome(run.mined.exposing, "copy", run.mined.exposing.outcomes["conversion"])
    exposing = _with_outcome(exposing, "constant", np.ones(len(exposing.table)))
    move = next(one.move for one in run.mined.evidence if one.headline and one.headline.verdict is Verdict.HELPS)
    (found,) = gather_evidence(exposing, [move], EvidenceSettings(), silent)
    assert list(found.judgements) == ["conversion", "reply", "copy", "constant"]
    effects = {name: one.evidence.effect for name, one in found.judgements.items()}
    assert effects["copy"] == effects["conversion"]
    assert effects["constant"] is None
    (alone,) = gather_evidence(exposing, [move], EvidenceSettings(with_side_effects=False), silent)
    assert list(alone.judgements) == ["conversion"]


def test_the_outcome_to_judge_by_can_be_chosen(run: Any) -> None:
    exposing = _with_outcome(run.mined.exposing, "copy", run.mined.exposing.outcomes["conversion"])
    found = gather_evidence(exposing, [0, 1], EvidenceSettings(outcome="copy"), silent)
    assert [one.outcome for one in found] == ["copy", "copy"]


def test_segments_are_told_for_verdicts_only_and_where_there_is_more_than_one(run: Any) -> None:
    assert all(one.segments == () for one in run.mined.evidence)
    table = run.mined.table
    talks = [replace(talk, scene=("direct", "group")[row % 2]) for row, talk in enumerate(table.talks)]
    exposing = replace(run.mined.exposing, table=replace(table, talks=talks))
    found = gather_evidence(exposing, [one.move for one in run.mined.evidence], EvidenceSettings(), silent)
    for one in found:
        has_verdict = one.headline is not None and one.headline.verdict is not Verdict.CANNOT_TELL
        assert {(part.segment, part.value) for part in one.segments} == (
            {("scene", "direct"), ("scene", "group")} if has_verdict else set()
        )
