"""Vectors of messages: slots left out, and the network where there are no word vectors."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.mining.contexts import message_vectors
from models.encoders import open_encoder
from models.encoders.hashing import HashEncoder

ONES = np.ones(2, np.int64)


class Remembering(HashEncoder):
    """Keeps what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        return super().encode_queries(texts)


@pytest.mark.parametrize("reading", ["words", "network"])
def test_slots_are_left_out_and_an_encoder_without_word_vectors_runs_itself(reading: str) -> None:
    encoder = Remembering()
    found = message_vectors(["我是{{customer.name}}，在嗎", "在吗"], ONES, encoder, reading)  # type: ignore[arg-type]
    assert encoder.seen == ["我是 ,在吗", "在吗"]
    np.testing.assert_array_equal(found, HashEncoder().encode_queries(encoder.seen))


def test_no_messages_have_no_vectors() -> None:
    assert message_vectors([], np.zeros(0, np.int64), HashEncoder(), "words").shape == (0, 256)


@pytest.mark.slow
def test_word_vectors_of_the_default_encoder_know_what_is_alike(models_cache: Path) -> None:
    texts = ["什么时候发货", "哪天可以寄出来", "有没有优惠券", "{{customer.name}}"]
    encoder = open_encoder("default", folder=models_cache, threads=1)
    vectors = message_vectors(texts, np.ones(4, np.int64), encoder, "words")
    assert vectors.shape == (4, 384)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    np.testing.assert_allclose(np.linalg.norm(vectors[:3], axis=1), 1.0, rtol=1e-5)
    assert not np.allclose(vectors[:3], message_vectors(texts, np.ones(4, np.int64), encoder, "network")[:3])


@pytest.fixture(scope="session")
def models_cache() -> Path:
    return Path(os.environ.get("COPILOT_MODELS") or Path.home() / ".cache" / "customer-copilot" / "models")
