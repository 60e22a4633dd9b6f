import json
import math
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from numpy.typing import NDArray

from models.encoders import open_encoder
from models.errors import DamagedModelError, UnsupportedModelError

N_HEADS = 4
TEXTS = ["什么时候发货", "我想退款", "hello", "谢谢你"]

Weights = dict[str, NDArray[np.float32]]


def _norm(weights: Weights, prefix: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return scaled * weights[f"{prefix}.weight"] + weights[f"{prefix}.bias"]


def _linear(weights: Weights, prefix: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x @ weights[f"{prefix}.weight"].T + weights[f"{prefix}.bias"]


def _attention(weights: Weights, prefix: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    query, key, value = (
        np.stack(np.split(_linear(weights, f"{prefix}.{part}", x), N_HEADS, axis=1))
        for part in ("query", "key", "value")
    )
    logits = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1]))
    return np.concatenate(list(logits / logits.sum(axis=-1, keepdims=True) @ value), axis=1)


def _bert(weights: Weights, ids: list[int], position_offset: int) -> NDArray[np.float64]:
    """BERT (Devlin et al. 2018) in double precision, independent of the code under test: (n_tokens, hidden)."""
    gelu = np.vectorize(lambda v: 0.5 * v * (1 + math.erf(v / math.sqrt(2))))
    positions = np.arange(len(ids)) + position_offset
    x = weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    x += weights["embeddings.position_embeddings.weight"][positions]
    x += weights["embeddings.token_type_embeddings.weight"][0]
    x = _norm(weights, "embeddings.LayerNorm", x)
    for layer in range(2):
        prefix = f"encoder.layer.{layer}"
        attended = _attention(weights, f"{prefix}.attention.self", x)
        x = _norm(
            weights,
            f"{prefix}.attention.output.LayerNorm",
            x + _linear(weights, f"{prefix}.attention.output.dense", attended),
        )
        inner = gelu(_linear(weights, f"{prefix}.intermediate.dense", x))
        x = _norm(weights, f"{prefix}.output.LayerNorm", x + _linear(weights, f"{prefix}.output.dense", inner))
    return x


def _ids(folder: Path, text: str) -> list[int]:
    from tokenizers import Tokenizer

    ids: list[int] = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
    return ids


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_converted_network_agrees_with_bert_written_out(
    make_tiny_model: Callable, tmp_path: Path, kind: str, pooling: str
) -> None:
    tiny = make_tiny_model(kind=kind, pooling=pooling)
    encoder = open_encoder(str(tiny.folder), folder=tmp_path / "prepared", threads=1)
    vectors = encoder.encode_queries(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        hidden = _bert(tiny.weights, _ids(tiny.folder, f"ask: {text}"), tiny.position_offset)
        expected = hidden.mean(axis=0) if pooling == "mean" else hidden[0]
        assert vector @ expected / np.linalg.norm(expected) > 0.999


def test_queries_carry_the_prefix_that_the_folder_names_and_passages_do_not(
    make_tiny_model: Callable, tmp_path: Path
) -> None:
    encoder = open_encoder(str(make_tiny_model().folder), folder=tmp_path, threads=1)
    np.testing.assert_array_equal(encoder.encode_queries(["hello"]), encoder.encode_passages(["ask: hello"]))


def test_a_text_beyond_the_limit_is_cut_off_at_the_end(make_tiny_model: Callable, tmp_path: Path) -> None:
    encoder = open_encoder(str(make_tiny_model().folder), folder=tmp_path, threads=1)
    limit = 24 - 2  # positions, less the marks at both ends
    exact, longer = encoder.encode_passages(["发" * limit, "发" * limit + "退款"])
    np.testing.assert_array_equal(exact, longer)


@pytest.mark.slow
def test_a_converted_network_agrees_with_sentence_transformers(make_tiny_model: Callable, tmp_path: Path) -> None:
    tiny = make_tiny_model(kind="xlm-roberta")
    int8 = open_encoder(str(tiny.folder), folder=tmp_path, threads=1)
    float32 = open_encoder(f"float32:{tiny.folder}", folder=tmp_path, threads=1)
    cosines = (int8.encode_queries(TEXTS) * float32.encode_queries(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.999


CHANGES = MappingProxyType(
    {
        "another network": ("config.json", {"model_type": "t5"}, "type 't5'"),
        "another activation": ("config.json", {"hidden_act": "relu"}, "gelu"),
        "another pooling": (
            "1_Pooling/config.json",
            {"pooling_mode_mean_tokens": False, "pooling_mode_lasttoken": True},
            "pool",
        ),
    }
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_model_that_cannot_be_converted_is_refused_by_what_is_different(
    make_tiny_model: Callable, tmp_path: Path, change: str
) -> None:
    folder = make_tiny_model().folder
    name, values, said = CHANGES[change]
    content = json.loads((folder / name).read_text()) | values
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(UnsupportedModelError, match=said):
        open_encoder(str(folder), folder=tmp_path / "prepared", threads=1)


def test_a_dense_layer_after_pooling_is_refused(make_tiny_model: Callable, tmp_path: Path) -> None:
    folder = make_tiny_model().folder
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(UnsupportedModelError, match="float32:"):
        open_encoder(str(folder), folder=tmp_path / "prepared", threads=1)


@pytest.mark.parametrize("missing", ["modules.json", "config.json"])
def test_an_incomplete_folder_is_refused_by_the_file_it_lacks(
    make_tiny_model: Callable, tmp_path: Path, missing: str
) -> None:
    folder = make_tiny_model().folder
    (folder / missing).unlink()
    with pytest.raises(DamagedModelError, match=missing):
        open_encoder(str(folder), folder=tmp_path / "prepared", threads=1)


def test_weights_cut_short_are_refused(make_tiny_model: Callable, tmp_path: Path) -> None:
    folder = make_tiny_model().folder
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(DamagedModelError, match=r"model\.safetensors"):
        open_encoder(str(folder), folder=tmp_path / "prepared", threads=1)
