from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.runs.answering import answering_estimates, best_f1_threshold, f1_of
from eval.runs.run import COLUMNS, Run

SCORED = st.lists(st.tuples(st.integers(-3, 3).map(float), st.booleans()), min_size=1, max_size=30)


def run_of(rows: list[list[tuple[float, bool]]]) -> Run:
    """A run of rows of candidates, each with its score and whether it answers."""
    table = [
        {
            "query_id": f"q{number}",
            "relevant": [str(i) for i, (_, right) in enumerate(row) if right],
            "replies": [{"item_id": str(i), "score": score} for i, (score, _) in enumerate(row)],
        }
        for number, row in enumerate(rows)
    ]
    return Run(Path(), {}, pa.Table.from_pylist(table, COLUMNS))


def test_scores_that_tell_answers_apart_are_perfect() -> None:
    rows = [[(0.9, True), (0.1, False)], [(0.2, False), (0.1, False)]] * 20
    found = answering_estimates(run_of(rows), np.random.default_rng(0), n_resamples=50)
    assert found["F1"].mean == 1.0
    assert found["AUROC"].mean == 1.0
    assert found["F1"].n == 40


def test_each_half_is_judged_by_the_threshold_of_the_other() -> None:
    """In one half answers score 2 and others 1, in the other half 5 and 4: 5 is the wrong threshold for one half."""
    rows = []
    for number in range(40):
        high = 3.0 * (crc32(f"q{number}".encode()) % 2)
        rows.append([(2 + high, True), (1 + high, False)])
    n_high = sum(crc32(f"q{number}".encode()) % 2 for number in range(40))
    # The low half is asked for 5 or more: all its answers are missed. The high half is asked for 2 or more: all its
    # candidates count, one of two rightly.
    expected = 2 * n_high / (2 * n_high + n_high + (40 - n_high))
    assert answering_estimates(run_of(rows), np.random.default_rng(0), n_resamples=50)["F1"].mean == pytest.approx(
        expected
    )


def test_without_messages_that_lack_an_answer_there_is_no_auroc() -> None:
    found = answering_estimates(run_of([[(0.5, True)]] * 10), np.random.default_rng(0), n_resamples=50)
    assert set(found) == {"F1"}


@given(SCORED)
def test_no_threshold_is_better(scored: list[tuple[float, bool]]) -> None:
    scores = np.array([score for score, _ in scored])
    labels = np.array([right for _, right in scored])

    def f1(threshold: float) -> float:
        yes = scores >= threshold
        return f1_of((yes & labels).sum(), (yes & ~labels).sum(), (~yes & labels).sum())

    best = best_f1_threshold(scores, labels)
    if labels.any():
        assert f1(best) == pytest.approx(max(f1(threshold) for threshold in {*scores.tolist(), np.inf}))
    else:
        assert best == np.inf
