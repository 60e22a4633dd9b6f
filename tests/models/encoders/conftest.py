import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

HIDDEN, N_LAYERS, N_HEADS, INTERMEDIATE, N_POSITIONS, PAD_ID = 32, 2, 4, 64, 24, 1
CHARACTERS = list("什么时候发货退款谢你我想买的abcdefghijklmnopqrstuvwxyz:")
PIECES = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", *CHARACTERS, *(f"##{character}" for character in CHARACTERS)]


@dataclass(frozen=True)
class TinyModel:
    """A two-layer network with random weights, as a sentence-transformers folder."""

    folder: Path
    weights: dict[str, NDArray[np.float32]]
    position_offset: int


@pytest.fixture
def make_tiny_model(tmp_path: Path) -> Callable[..., TinyModel]:
    def make(*, kind: str = "bert", pooling: str = "mean", seed: int = 0) -> TinyModel:
        from safetensors.numpy import save_file

        folder = tmp_path / f"tiny-{kind}-{pooling}-{seed}"
        (folder / "1_Pooling").mkdir(parents=True)
        offset = 0 if kind == "bert" else PAD_ID + 1
        weights = _random_weights(np.random.default_rng(seed), N_POSITIONS + offset)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        _write_tokenizer(folder)
        for name, content in _configuration(kind, pooling, offset).items():
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
        return TinyModel(folder, weights, offset)

    return make


def _random_weights(rng: np.random.Generator, n_positions: int) -> dict[str, NDArray[np.float32]]:
    def draw(*shape: int) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) * 0.2).astype(np.float32)

    def norm(prefix: str) -> dict[str, NDArray[np.float32]]:
        return {f"{prefix}.weight": 1 + draw(HIDDEN), f"{prefix}.bias": draw(HIDDEN)}

    def linear(prefix: str, n_out: int, n_in: int) -> dict[str, NDArray[np.float32]]:
        return {f"{prefix}.weight": draw(n_out, n_in), f"{prefix}.bias": draw(n_out)}

    weights = {
        "embeddings.word_embeddings.weight": draw(len(PIECES), HIDDEN),
        "embeddings.position_embeddings.weight": draw(n_positions, HIDDEN),
        "embeddings.token_type_embeddings.weight": draw(2, HIDDEN),
    } | norm("embeddings.LayerNorm")
    for layer in range(N_LAYERS):
        prefix = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            weights |= linear(f"{prefix}.attention.self.{part}", HIDDEN, HIDDEN)
        weights |= linear(f"{prefix}.attention.output.dense", HIDDEN, HIDDEN)
        weights |= norm(f"{prefix}.attention.output.LayerNorm")
        weights |= linear(f"{prefix}.intermediate.dense", INTERMEDIATE, HIDDEN)
        weights |= linear(f"{prefix}.output.dense", HIDDEN, INTERMEDIATE)
        weights |= norm(f"{prefix}.output.LayerNorm")
    return weights


def _write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {piece: number for number, piece in enumerate(PIECES)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=PIECES[0]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def _configuration(kind: str, pooling: str, offset: int) -> dict[str, object]:
    return {
        "config.json": {
            "model_type": kind,
            "hidden_size": HIDDEN,
            "num_hidden_layers": N_LAYERS,
            "num_attention_heads": N_HEADS,
            "intermediate_size": INTERMEDIATE,
            "vocab_size": len(PIECES),
            "max_position_embeddings": N_POSITIONS + offset,
            "type_vocab_size": 2,
            "layer_norm_eps": 1e-5,
            "hidden_act": "gelu",
            "pad_token_id": PAD_ID,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": N_POSITIONS,
            "unk_token": "[UNK]",
            "pad_token": "[PAD]",
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": HIDDEN,
            "pooling_mode_mean_tokens": pooling == "mean",
            "pooling_mode_cls_token": pooling == "cls",
            "pooling_mode_max_tokens": pooling == "max",
        },
        "config_sentence_transformers.json": {"prompts": {"query": "ask: ", "document": ""}},
    }
