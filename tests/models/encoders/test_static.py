"""Word vectors alone: the weighted mean less the centre, worked by hand, and what the bundled model's know."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest

from models.encoders import open_encoder
from models.encoders.conversion import MODEL_FILE
from models.encoders.static import StaticEncoder
from models.errors import DamagedModelError, UnsupportedModelError

WORDS = ["a", "b", "c"]


def small(weights: tuple[float, ...] = (1.0, 1.0, 0.5)) -> StaticEncoder:
    """Vectors (2, 0), (0, 2) and (0, 4) by their scales; words are letters, others are unknown."""
    return StaticEncoder(
        name="small",
        fingerprint="small-1",
        tokenise=lambda text: [WORDS.index(letter) for letter in text if letter in WORDS],
        rows=np.array([[4, 0], [0, 4], [0, 4]], np.int8),
        scales=np.array([0.5, 0.5, 1.0], np.float32),
        weights=np.array(weights, np.float32),
    )


def unit(*values: float) -> list[float]:
    return (np.array(values) / np.linalg.norm(values)).tolist()


def test_a_text_is_the_weighted_sum_of_its_words_less_as_much_of_their_centre() -> None:
    """The centre is (2, 6) / 3; "ac" is (2, 0) + 0.5·(0, 4), less 1.5 times the centre."""
    found = small().encode_queries(["ac", "a"])
    np.testing.assert_allclose(found, [unit(1.0, -1.0), unit(2 - 2 / 3, -2.0)], rtol=1e-5)


def test_the_order_of_words_plays_no_part_and_queries_are_passages() -> None:
    encoder = small()
    np.testing.assert_array_equal(encoder.encode_queries(["abc"]), encoder.encode_passages(["cab"]))


def test_words_without_weight_and_unknown_words_change_nothing() -> None:
    encoder = small((1.0, 1.0, 0.0))
    np.testing.assert_array_equal(encoder.encode_queries(["ac?"]), encoder.encode_queries(["a"]))
    np.testing.assert_array_equal(encoder.encode_queries(["", "?!"]), np.zeros((2, 2)))
    assert encoder.encode_queries([]).shape == (0, 2)


def test_fitting_weighs_a_word_by_the_share_of_messages_that_have_it() -> None:
    """Of four messages all have a, one has b, none c: 0.01 / (0.01 + share), and what weighed nothing still does."""
    fitted = small((1.0, 1.0, 0.0)).fitted_to(["aab", "a"], np.array([1, 3]))
    expected = small((0.01 / 1.01, 0.01 / 0.26, 0.0))
    np.testing.assert_allclose(fitted.encode_queries(["a", "ab"]), expected.encode_queries(["a", "ab"]), rtol=1e-5)
    assert fitted.fingerprint.startswith("small-1-")
    assert fitted.fingerprint != small().fitted_to(["b"], np.array([1])).fingerprint


def test_fitting_to_nothing_trusts_every_word_alike() -> None:
    fitted = small().fitted_to([], np.zeros(0, np.int64))
    np.testing.assert_allclose(fitted.encode_queries(["ab"]), small((1, 1, 1)).encode_queries(["ab"]), rtol=1e-5)


def test_an_encoder_with_another_tokenizer_is_refused(make_tiny_model: Callable[..., Any], tmp_path: Path) -> None:
    prepared = open_encoder(str(make_tiny_model().folder), folder=tmp_path / "prepared", threads=1)
    with pytest.raises(UnsupportedModelError, match="word vectors alone need the bundled tokenizer"):
        StaticEncoder.from_folder(prepared.folder)


def test_a_folder_that_is_no_encoder_or_lacks_a_file_is_refused(
    make_tiny_model: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(DamagedModelError, match="not a prepared encoder"):
        StaticEncoder.from_folder(tmp_path)
    prepared = open_encoder(str(make_tiny_model().folder), folder=tmp_path / "prepared", threads=1)
    broken = copytree(prepared.folder, tmp_path / "broken")
    (broken / MODEL_FILE).unlink()
    with pytest.raises(DamagedModelError, match="is missing"):
        StaticEncoder.from_folder(broken)


@pytest.mark.slow
def test_the_bundled_models_word_vectors_know_what_is_alike(models_folder: Path) -> None:
    encoder = open_encoder("default", folder=models_folder, threads=1)
    words = StaticEncoder.from_folder(encoder.folder)
    one, alike, other = words.encode_queries(["什么时候发货", "哪天可以寄出来", "有没有优惠券"])
    assert one @ alike > one @ other
    assert words.dim == encoder.dim
    assert words.fingerprint.endswith(encoder.fingerprint)
