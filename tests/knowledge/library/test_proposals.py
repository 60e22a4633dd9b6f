from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import InvalidValueError
from knowledge.library.proposals import Proposal, fingerprint_of
from knowledge.tables import CandidateSource

ROW: dict[str, Any] = {
    "candidate_id": "m-3f2a9c0d11e45b77",
    "text": "满 {{amount}} 包邮。",
    "title": "包邮",
    "triggers": ["包邮吗"],
    "stage": "交易",
    "scene": "direct",
    "skus": ["sku-1"],
    "language": "zh",
    "n": 812,
    "effect": None,
    "outcomes": {"conversion": {"effect": 0.08}},
}


def test_what_is_no_column_of_a_mined_row_is_its_evidence() -> None:
    proposal = Proposal.of_row(ROW)
    assert (proposal.id, proposal.triggers, proposal.skus) == ("m-3f2a9c0d11e45b77", ("包邮吗",), ("sku-1",))
    assert proposal.source is CandidateSource.MINED
    assert dict(proposal.evidence) == {
        "language": "zh",
        "n": 812,
        "effect": None,
        "outcomes": {"conversion": {"effect": 0.08}},
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"candidate_id": ""}, "candidate_id"),
        ({"candidate_id": "x" * 201}, "candidate_id"),
        ({"text": 7}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": "\ud83d"}, "text"),
        ({"triggers": "包邮吗"}, "triggers"),
        ({"triggers": ["\0"]}, "triggers"),
        ({"skus": [1]}, "skus"),
        ({"n": "many"}, "n"),
        ({"shrunk": True}, "shrunk"),
        ({"low": float("nan")}, "evidence"),
        ({"segments": [{"effect": float("inf")}]}, "evidence"),
        ({"examples": [{"message": "\ud83d"}]}, "evidence"),
        ({"first_at": object()}, "evidence"),
    ],
)
def test_a_value_that_cannot_be_kept_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValueError) as raised:
        Proposal.of_row(ROW | change)
    assert raised.value.field == field


def test_spelling_and_punctuation_make_no_other_text_and_other_words_do() -> None:
    assert fingerprint_of("滿99元，包郵！") == fingerprint_of("满 99 元包邮")
    assert fingerprint_of("满99元包邮") != fingerprint_of("满89元包邮")
    assert fingerprint_of(" \n") == ""


@given(st.text())
def test_a_fingerprint_is_sixteen_digits_or_nothing(text: str) -> None:
    assert len(fingerprint_of(text)) == (16 if text.strip() else 0)
