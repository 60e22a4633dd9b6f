from math import exp, log

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.training.losses import both_ways, one_way  # noqa: E402

QUERIES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
PASSAGES = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
NOTHING = np.zeros((2, 2), np.bool_)


def test_the_loss_is_the_cross_entropy_of_the_right_reply_and_of_the_right_query() -> None:
    """Scores [[2, 2], [0, 0]]: both replies tie for each query (log 2); each reply's queries score 2 and 0."""
    expected = (log(2) + (log(1 + exp(-2)) + log(1 + exp(2))) / 2) / 2
    assert both_ways(QUERIES, PASSAGES, NOTHING, 2.0).item() == pytest.approx(expected, rel=1e-5)


def test_what_is_masked_is_no_negative() -> None:
    masked = np.array([[False, True], [True, False]])
    assert both_ways(QUERIES, PASSAGES, masked, 2.0).item() == pytest.approx(0.0, abs=1e-6)


def test_one_way_may_have_more_passages_than_queries() -> None:
    more = torch.cat([PASSAGES, QUERIES[1:]])
    scores = one_way(QUERIES[:1], more, np.array([[False, True, False]]), 2.0)
    assert scores.item() == pytest.approx(log(1 + exp(-2)), rel=1e-5)
