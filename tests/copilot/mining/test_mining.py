"""From replies to evidence: degenerate archives, settings, and what must not crash."""

from collections.abc import Callable
from typing import Any

import pytest

from copilot.errors import BadRequestError
from copilot.mining.candidates import Surroundings, candidate_rows
from copilot.mining.evidence import EvidenceSettings
from copilot.mining.inputs import Deed, Known
from copilot.mining.mining import MiningSettings, mine, silent_stage
from models.encoders.hashing import HashEncoder

Make = Callable[..., Any]
NOON = 1_772_424_000.0


def mined(made: Any, known: Known | None = None, **given: Any) -> Any:
    return mine(made, HashEncoder(), MiningSettings(**given), silent_stage, known)


def rows_of(found: Any) -> list[dict[str, Any]]:
    return candidate_rows(found, Surroundings(names=Known().names()))


def test_an_empty_archive_has_no_candidates(table: Make) -> None:
    found = mined(table([], []))
    assert (found.evidence, found.agents, found.needs.n, rows_of(found)) == ([], [], 0, [])


@pytest.mark.slow
def test_a_hundred_thousand_identical_messages_are_one_candidate_of_which_nothing_can_be_told(
    table: Make, talk: Make, reply: Make
) -> None:
    talks = [talk(f"k{n:03d}", f"c{n}", NOON, outcomes={"conversion": float(n % 2)}) for n in range(100)]
    row = [reply(n, "在吗", "在的，亲", turn=turn) for n in range(100) for turn in range(1_000)]
    (found,) = rows_of(mined(table(talks, row)))
    assert (found["n"], found["n_customers"], found["n_wordings"], found["text"]) == (100_000, 100, 1, "在的，亲")
    assert (found["verdict"], found["effect"]) == ("cannot-tell", None)
    assert "only 0 ordinary replies to compare with" in found["why"]


def test_a_bot_that_talks_to_itself_is_nobodys_script(table: Make, talk: Make, reply: Make) -> None:
    made = table([talk("k1", "bot", NOON)], [reply(0, f"滴答{n % 7}", "滴滴答答", turn=n) for n in range(2_000)])
    assert rows_of(mined(made)) == []


def test_replies_that_are_sent_too_seldom_are_no_candidates(table: Make, talk: Make, reply: Make) -> None:
    talks = [talk(f"k{n}", f"c{n}") for n in range(19)]
    made = table(talks, [reply(n, "在吗", "在的，亲") for n in range(19)])
    assert rows_of(mined(made)) == []
    assert [row["n"] for row in rows_of(mined(made, least_uses=19))] == [19]


def test_messages_of_any_characters_are_mined(table: Make, talk: Make, reply: Make) -> None:
    said = ["👍🏽👨‍👩‍👧", "متى يتم الشحن؟", "这个 serum 怎么用 please", "字" * 20_000, "\u200b\u202e"]
    talks = [talk(f"k{n}", f"c{n}", NOON + n) for n in range(100)]
    made = table(talks, [reply(n, said[n % 5], said[(n + 2) % 5]) for n in range(100)])
    texts = {row["text"] for row in rows_of(mined(made))}
    assert {"متى يتم الشحن؟", "这个 serum 怎么用 please"} <= texts


def test_orders_that_followed_are_an_outcome(table: Make, talk: Make, reply: Make) -> None:
    talks = [talk(f"k{n}", f"c{n}", NOON) for n in range(30)]
    made = table(talks, [reply(n, "在吗", "在的，亲", at=NOON) for n in range(30)])
    known = Known(deeds=[Deed("c1", "purchase", NOON + 60), Deed("c2", "purchase", NOON + 90 * 86_400)])
    found = mined(made, known)
    assert found.exposing.outcomes["order"].sum() == 1
    assert [one.outcome for one in found.evidence] == ["order"]


def test_an_outcome_that_nobody_has_is_refused(table: Make, talk: Make, reply: Make) -> None:
    talks = [talk(f"k{n}", f"c{n}", NOON, outcomes={"conversion": 1.0}) for n in range(30)]
    made = table(talks, [reply(n, "在吗", "在的，亲") for n in range(30)])
    with pytest.raises(
        BadRequestError, match="--outcome: got 'profit', expected an outcome of this archive: conversion, reply"
    ):
        mined(made, evidence=EvidenceSettings(outcome="profit"))
    with pytest.raises(BadRequestError, match="it has none"):
        mined(table([], []), evidence=EvidenceSettings(outcome="profit"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"window_days": 0}, "window_days is 0; expected a positive"),
        ({"least_uses": 2}, "least_uses is 2; a reply sent"),
    ],
)
def test_impossible_settings_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        MiningSettings(**given)
