"""A sentence-transformers folder, read without PyTorch: kind of network, pooling, prefixes, weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import DamagedModelError, UnsupportedModelError

_POSITION_OFFSETS_FROM_PADDING = {"bert": False, "roberta": True, "xlm-roberta": True, "camembert": True}
_POOLING_SWITCHES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_KEY_PREFIXES = ("", "bert.", "roberta.", "model.", "auto_model.")
_WORDS = "embeddings.word_embeddings.weight"


class Pooling(StrEnum):
    """How the token vectors become one."""

    MEAN = "mean"
    CLS = "cls"


@dataclass(frozen=True)
class Architecture:
    """The sizes and choices that shape the network.

    `position_offset` is the position number of the first token; RoBERTa starts after its padding id.
    """

    hidden: int
    n_layers: int
    n_heads: int
    layer_norm_eps: float
    position_offset: int
    pooling: Pooling


@dataclass(frozen=True)
class Prefixes:
    """What the model wants written before a query and before a passage."""

    query: str
    passage: str


@dataclass(frozen=True)
class Source:
    """Everything conversion needs. `weights` are float32 under BERT's names, without a leading `bert.`."""

    architecture: Architecture
    prefixes: Prefixes
    max_tokens: int
    weights: Mapping[str, NDArray[np.float32]]
    tokenizer_file: Path


def read_source(folder: Path) -> Source:
    """The model in a sentence-transformers folder.

    Raises:
        UnsupportedModelError: If the network is not BERT-like or its modules go beyond mean or CLS pooling.
        DamagedModelError: If a file the folder should hold is missing or unreadable.
    """
    network, pooling = _modules(folder)
    config = _read_json(network / "config.json")
    architecture = _architecture(config, pooling)
    weights = _weights(network)
    n_positions = len(weights["embeddings.position_embeddings.weight"]) - architecture.position_offset
    return Source(
        architecture=architecture,
        prefixes=_prefixes(folder),
        max_tokens=min(_declared_limit(network), n_positions),
        weights=weights,
        tokenizer_file=_tokenizer_file(network),
    )


def _modules(folder: Path) -> tuple[Path, Pooling]:
    """Where the network lies, and its pooling; modules other than network, pooling, normalisation are refused."""
    modules = _read_list(folder / "modules.json")
    by_kind = {str(module["type"]).rsplit(".", 1)[-1]: folder / str(module["path"]) for module in modules}
    extra = sorted(set(by_kind) - {"Transformer", "Pooling", "Normalize"})
    if extra or "Transformer" not in by_kind or "Pooling" not in by_kind:
        raise UnsupportedModelError(
            f"{folder} has the modules {sorted(by_kind)}; conversion knows Transformer, Pooling and Normalize. "
            "Use it in PyTorch instead: 'float32:<name or folder>'"
        )
    return by_kind["Transformer"], _pooling(_read_json(by_kind["Pooling"] / "config.json"))


def _pooling(config: Mapping[str, object]) -> Pooling:
    """Newer folders name the pooling; older ones have one switch for each kind."""
    named = config.get("pooling_mode")
    switched_on = [key for key, on in config.items() if key in _POOLING_SWITCHES and on]
    chosen = [named] if named else [_POOLING_SWITCHES[key] for key in switched_on]
    if len(chosen) != 1 or chosen[0] not in set(Pooling):
        raise UnsupportedModelError(f"pooling {chosen} cannot be converted; expected mean or cls")
    return Pooling(str(chosen[0]))


def _architecture(config: Mapping[str, object], pooling: Pooling) -> Architecture:
    kind = str(config.get("model_type"))
    if kind not in _POSITION_OFFSETS_FROM_PADDING:
        raise UnsupportedModelError(
            f"networks of type {kind!r} cannot be converted, expected one of {sorted(_POSITION_OFFSETS_FROM_PADDING)}. "
            "Use it in PyTorch instead: 'float32:<name or folder>'"
        )
    if config.get("hidden_act", "gelu") != "gelu" or config.get("position_embedding_type", "absolute") != "absolute":
        raise UnsupportedModelError("only networks with gelu activation and absolute positions can be converted")
    offset = int(str(config.get("pad_token_id", 1))) + 1 if _POSITION_OFFSETS_FROM_PADDING[kind] else 0
    return Architecture(
        hidden=int(str(config["hidden_size"])),
        n_layers=int(str(config["num_hidden_layers"])),
        n_heads=int(str(config["num_attention_heads"])),
        layer_norm_eps=float(str(config.get("layer_norm_eps", 1e-12))),
        position_offset=offset,
        pooling=pooling,
    )


def _prefixes(folder: Path) -> Prefixes:
    path = folder / "config_sentence_transformers.json"
    prompts = _read_json(path).get("prompts") if path.exists() else None
    named = prompts if isinstance(prompts, dict) else {}
    return Prefixes(query=named.get("query") or "", passage=named.get("passage") or named.get("document") or "")


def _declared_limit(network: Path) -> int:
    unlimited = 1_000_000
    limits = [unlimited]
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        path = network / name
        limit = _read_json(path).get(key) if path.exists() else None
        limits += [int(limit)] if isinstance(limit, int | float) and limit else []
    return min(limits)


def _tokenizer_file(network: Path) -> Path:
    path = network / "tokenizer.json"
    if not path.exists():
        raise UnsupportedModelError(f"{network} has no tokenizer.json; save the model with its fast tokenizer first")
    return path


def _weights(network: Path) -> dict[str, NDArray[np.float32]]:
    path = network / "model.safetensors"
    if not path.exists():
        raise UnsupportedModelError(f"{network} has no model.safetensors; save the model in that format first")
    return _without_prefix(_read_tensors(path))


def _read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: np.asarray(tensor, np.float32) for name, tensor in load_file(path).items()}
    except SafetensorError as error:
        raise DamagedModelError(f"{path} is damaged: {error}") from error


def _without_prefix(tensors: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    prefix = next((prefix for prefix in _KEY_PREFIXES if prefix + _WORDS in tensors), None)
    if prefix is None:
        raise UnsupportedModelError(f"no tensor is called {_WORDS!r}; the network is not a BERT encoder")
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}


def _read_json(path: Path) -> dict[str, object]:
    content = _parse(path)
    if not isinstance(content, dict):
        raise DamagedModelError(f"{path} should hold a JSON object")
    return content


def _read_list(path: Path) -> list[dict[str, object]]:
    content = _parse(path)
    if not isinstance(content, list):
        raise DamagedModelError(f"{path} should hold a JSON list")
    return content


def _parse(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedModelError(f"cannot read {path}: {error}") from error
