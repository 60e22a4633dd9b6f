"""Labelled pairs of everyday questions, from the folder in COPILOT_DATA, with the default encoder."""

import os
from pathlib import Path

import numpy as np
import pytest

from knowledge.duplicates.evidence import Places, evidence
from knowledge.duplicates.near import unit_vectors
from knowledge.duplicates.similarity import IN_A_LIST, MEASURED
from knowledge.duplicates.wordings import wordings_of

DATA = Path(os.environ.get("COPILOT_DATA", Path(__file__).parents[4] / "shared" / "data"))
PAIRS = DATA / "zh_pairs" / "LCQMC_dev.txt"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PAIRS.is_file(), reason=f"no real data: {PAIRS} does not exist (set COPILOT_DATA)"),
]


def test_everyday_questions_that_mean_the_same_are_told_from_others() -> None:
    from models.encoders.registry import open_encoder

    encoder = open_encoder("default", folder=Path.home() / ".cache" / "customer-copilot" / "models", threads=1)
    rows = [line.split("\t") for line in PAIRS.read_text(encoding="utf-8").splitlines()[:400]]
    texts = [row[side] for row in rows for side in (0, 1)]
    places = Places(np.arange(0, len(texts), 2), np.arange(1, len(texts), 2))
    table = evidence(wordings_of(texts), unit_vectors(texts, encoder.encode_queries), places)
    said, same = MEASURED.similarities(table) >= IN_A_LIST, np.array([row[2] == "1" for row in rows])
    f1 = 2 * (said & same).sum() / (said.sum() + same.sum())
    # Measured on 3,000 pairs: .795; calling everything the same gives .66.
    assert f1 > 0.72
