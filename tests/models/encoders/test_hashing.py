import subprocess
import sys

import numpy as np
import pytest

from models.encoders.hashing import HashEncoder

PRINT_SUM = "from models.encoders.hashing import HashEncoder; print(HashEncoder().encode_queries(['发货']).argmax())"


def test_vectors_do_not_depend_on_the_hash_seed_of_the_process() -> None:
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINT_SUM], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(printed) == 1


def test_shared_characters_make_texts_similar() -> None:
    vectors = HashEncoder().encode_queries(["什么时候发货", "什么时候能发货", "谢谢"])
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_case_does_not_matter_and_sides_are_alike() -> None:
    encoder = HashEncoder()
    np.testing.assert_array_equal(encoder.encode_queries(["Hello"]), encoder.encode_passages(["hELLO"]))


def test_another_dimension_is_another_fingerprint() -> None:
    assert HashEncoder(64).fingerprint != HashEncoder(128).fingerprint


def test_a_dimension_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="got 0"):
        HashEncoder(0)
