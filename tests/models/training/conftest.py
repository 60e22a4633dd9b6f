import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

CHARACTERS = list("什么时候发货退款谢你我想买的颜色尺码优惠券今天明还有吗可以请问不能好abcdefghijklmnopqrstuvwxyz: ")
PIECES = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", *CHARACTERS, *(f"##{character}" for character in CHARACTERS)]
TOPICS = ["发货", "退款", "颜色", "尺码", "优惠券", "今天", "明天", "谢谢"]


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer network with random weights, as a float32 sentence-transformers folder."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    (folder / "1_Pooling").mkdir(parents=True)
    _save_network(folder)
    _save_tokenizer(folder)
    for name, content in _configuration().items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def _save_network(folder: Path) -> None:
    from safetensors.numpy import save_file

    rng = np.random.default_rng(0)
    hidden, wide = 32, 64

    def linear(prefix: str, n_out: int, n_in: int) -> dict[str, np.ndarray]:
        drawn = (rng.standard_normal((n_out, n_in)) * 0.2).astype(np.float32)
        return {f"{prefix}.weight": drawn, f"{prefix}.bias": np.zeros(n_out, np.float32)}

    def norm(prefix: str) -> dict[str, np.ndarray]:
        return {f"{prefix}.weight": np.ones(hidden, np.float32), f"{prefix}.bias": np.zeros(hidden, np.float32)}

    weights = norm("embeddings.LayerNorm")
    for name, n_rows in (("word", len(PIECES)), ("position", 48), ("token_type", 2)):
        weights[f"embeddings.{name}_embeddings.weight"] = rng.standard_normal((n_rows, hidden)).astype(np.float32)
    for layer in range(2):
        prefix = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            weights |= linear(f"{prefix}.attention.self.{part}", hidden, hidden)
        weights |= linear(f"{prefix}.attention.output.dense", hidden, hidden)
        weights |= linear(f"{prefix}.intermediate.dense", wide, hidden) | linear(f"{prefix}.output.dense", hidden, wide)
        weights |= norm(f"{prefix}.attention.output.LayerNorm") | norm(f"{prefix}.output.LayerNorm")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _save_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {piece: number for number, piece in enumerate(PIECES)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=PIECES[0]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def _configuration() -> dict[str, object]:
    return {
        "config.json": {
            "model_type": "bert",
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 64,
            "vocab_size": len(PIECES),
            "max_position_embeddings": 48,
            "type_vocab_size": 2,
            "layer_norm_eps": 1e-5,
            "hidden_act": "gelu",
            "pad_token_id": 1,
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"prompts": {"query": "q: ", "document": "d: "}},
    }


Row = dict[str, object]


def talk(n: int, seed: int = 0) -> list[Row]:
    """Exchanges whose reply names the topic of the message, each with words of its own."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    rows: list[Row] = []
    for number in range(n):
        topic = TOPICS[number % len(TOPICS)]
        own, other = ("".join(rng.choice(letters, 5)) for _ in range(2))
        context = [{"role": "customer", "text": f"你好 {other}"}] if number % 3 else []
        rows.append({"message": f"请问{topic} {own}", "context": context, "reply": f"{topic}可以的 {own} {number}"})
    return rows


@pytest.fixture
def write_pairs(tmp_path: Path) -> Callable[..., Path]:
    def write(rows: Sequence[object], name: str = "pairs.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def make_talk() -> Callable[..., list[Row]]:
    return talk
