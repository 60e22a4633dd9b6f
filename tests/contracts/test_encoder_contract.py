"""What every encoder must do, run over each of them."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.encoders import Encoder, open_encoder

MODELS_FOLDER = Path(os.environ.get("COPILOT_MODELS") or Path.home() / ".cache" / "customer-copilot" / "models")
TEXTS = ["什么时候发货？", "我想退貨", "Where is my order?", "😀 ＡＢＣ", "", "   ", "长" * 3000]


OPENERS = [
    pytest.param(lambda: open_encoder("hash", folder=MODELS_FOLDER, threads=1), id="hash"),
    pytest.param(lambda: open_encoder("default", folder=MODELS_FOLDER, threads=1), id="int8"),
    pytest.param(lambda: open_encoder("default", folder=MODELS_FOLDER, threads=2), id="int8, two threads"),
    pytest.param(
        lambda: open_encoder("float32:default", folder=MODELS_FOLDER, threads=1), id="float32", marks=pytest.mark.slow
    ),
]


@pytest.fixture(scope="module", params=OPENERS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    opener: Callable[[], Encoder] = request.param
    return opener()


def test_it_is_an_encoder_with_a_name_and_a_hexadecimal_fingerprint(encoder: Encoder) -> None:
    assert isinstance(encoder, Encoder)
    assert encoder.name
    assert int(encoder.fingerprint, 16) >= 0


@pytest.mark.parametrize("side", ["encode_queries", "encode_passages"])
def test_vectors_are_finite_float32_unit_rows_in_the_order_given(encoder: Encoder, side: str) -> None:
    vectors = getattr(encoder, side)(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(getattr(encoder, side)(TEXTS[::-1]), vectors[::-1], atol=1e-5)


@pytest.mark.parametrize("side", ["encode_queries", "encode_passages"])
def test_no_texts_give_an_empty_matrix_of_the_right_width(encoder: Encoder, side: str) -> None:
    vectors = getattr(encoder, side)([])
    assert vectors.shape == (0, encoder.dim)
    assert vectors.dtype == np.float32


def test_a_text_has_the_same_vector_alone_and_beside_a_long_one(encoder: Encoder) -> None:
    alone = encoder.encode_queries(["什么时候发货？"])[0]
    beside = encoder.encode_queries(["长" * 400, "什么时候发货？"])[1]
    np.testing.assert_allclose(alone, beside, atol=1e-5)


def test_encoding_twice_gives_the_same_vectors(encoder: Encoder) -> None:
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS), encoder.encode_passages(TEXTS))


def test_different_texts_have_different_vectors(encoder: Encoder) -> None:
    first, second = encoder.encode_queries(["什么时候发货？", "Where is my order?"])
    assert first @ second < 0.99


def test_a_paraphrase_is_closer_than_an_unrelated_message(encoder: Encoder) -> None:
    message, paraphrase, unrelated = encoder.encode_queries(["什么时候发货", "请问什么时候可以发货", "谢谢你的红包"])
    assert message @ paraphrase > message @ unrelated


def test_it_may_be_used_from_several_threads_at_once(encoder: Encoder) -> None:
    expected = encoder.encode_queries(TEXTS[:4])
    results: list[np.ndarray] = []
    workers = [threading.Thread(target=lambda: results.append(encoder.encode_queries(TEXTS[:4]))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_allclose(result, expected, atol=1e-6)
