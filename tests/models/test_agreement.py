import json
from pathlib import Path

import numpy as np
import pytest

from models.agreement import cosine_agreement, rank_agreement, read_samples


def test_cosines_are_taken_row_by_row() -> None:
    left = np.array([[1, 0], [0.6, 0.8]], np.float32)
    right = np.array([[0, 1], [0.8, 0.6]], np.float32)
    assert cosine_agreement(left, right).cosines.tolist() == pytest.approx([0.0, 0.96])


def test_rankings_are_compared_at_the_top_and_over_the_ten_best() -> None:
    scores = np.linspace(1, 0, 20, dtype=np.float32)
    moved = scores.copy()
    moved[15] = 2  # the sixteenth text comes first and pushes the tenth out
    agreement = rank_agreement(np.stack([scores, scores]), np.stack([scores, moved]))
    assert agreement.same_first == 1 / 2
    assert agreement.overlap == pytest.approx((10 / 10 + 9 / 10) / 2)


def test_samples_are_distinct_customer_messages_and_repeat_with_the_seed(tmp_path: Path) -> None:
    (tmp_path / "jddc").mkdir()
    (tmp_path / "banking77").mkdir()
    turns = [{"role": "customer", "text": text} for text in ("a", "b", "a ", "c", "")]
    turns.append({"role": "agent", "text": "never"})
    (tmp_path / "jddc" / "sessions_dev.jsonl").write_text(json.dumps({"turns": turns}) + "\n")
    (tmp_path / "banking77" / "train.csv").write_text("text,category\nx,1\ny,2\n")
    first, again = (
        read_samples(tmp_path, n_chinese=2, n_english=1, n_pool=1, rng=np.random.default_rng(7)) for _ in range(2)
    )
    chinese, english = first
    assert sorted(chinese.queries + chinese.pool) == ["a", "b", "c"]
    assert sorted(english.queries + english.pool) == ["x", "y"]
    assert first == again
