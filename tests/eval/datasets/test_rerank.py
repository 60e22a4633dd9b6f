"""Messages with candidate replies."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eval.datasets.rerank import Candidate, RerankRow, read_rerank
from eval.datasets.said import Said
from eval.errors import DataError

ROWS = [
    {
        "id": "r1",
        "message": "退吗",
        "context": ["hi"],
        "candidates": [{"text": "退", "label": 2}, {"text": "", "label": 0}],
    },
    {"id": 2, "message": "x", "candidates": [{"text": "no", "label": 0}], "note": 1},
]


def row(**changes: object) -> dict[str, object]:
    return {"id": "r9", "message": "x", "context": [], "candidates": [{"text": "a", "label": 1}], **changes}


def test_rows_are_kept_in_order_with_graded_labels_and_without_a_right_candidate(
    write_rows: Callable[..., Path],
) -> None:
    data = read_rerank(write_rows("shop/rerank.jsonl", ROWS))
    assert (data.name, len(data.sha256), data.unknown_fields) == ("shop", 64, ("note",))
    assert data.rows == (
        RerankRow("r1", "退吗", (Said("unknown", "hi"),), (Candidate("退", 2), Candidate("", 0))),
        RerankRow("2", "x", (), (Candidate("no", 0),)),
    )


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (row(id="r1"), "id is 'r1', as on line 1; expected every id once"),
        (row(id="2"), "id is '2', as on line 2"),
        (row(id=None), "id is None; expected an id"),
        (row(message=""), "message is ''; expected text that is not empty"),
        (row(candidates=[]), r"candidates is \[\]; expected at least one candidate"),
        ({"id": "r9", "message": "x"}, "candidates is missing; expected at least one candidate"),
        (row(candidates="a"), "candidates is 'a'; expected a list"),
        (row(candidates=["a"]), r"candidates\[1\] is 'a'; expected an object"),
        (row(candidates=[{"text": "a", "label": 1}, {"text": "b"}]), r"candidates\[2\]\.label is missing"),
        (row(candidates=[{"text": "a", "label": 0.5}]), r"candidates\[1\]\.label is 0\.5; expected a whole number"),
        (row(candidates=[{"text": "a", "label": -1}]), r"candidates\[1\]\.label is -1"),
        (row(candidates=[{"text": "a", "label": True}]), r"candidates\[1\]\.label is True"),
        (row(candidates=[{"text": "a", "label": "1"}]), r"candidates\[1\]\.label is '1'"),
        (row(candidates=[{"label": 1}]), r"candidates\[1\]\.text is missing"),
        (row(context=[{"role": "bot", "text": "x"}]), r"context\[1\]\.role is 'bot'"),
    ],
)
def test_a_wrong_row_is_refused(write_rows: Callable[..., Path], wrong: object, problem: str) -> None:
    with pytest.raises(DataError, match=rf"rerank\.jsonl, line 3: {problem}"):
        read_rerank(write_rows("rerank.jsonl", [*ROWS, wrong]))


def test_an_empty_file_is_refused(write_rows: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="there is nothing in it"):
        read_rerank(write_rows("rerank.jsonl", []))
