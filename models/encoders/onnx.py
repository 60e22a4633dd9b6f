"""Serving: a prepared folder, ONNX Runtime and a tokenizer; no PyTorch."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.encoders.conversion import FAST_TOKENIZER_FILE, MODEL_FILE, SETTINGS_FILE, TOKENIZER_FILE
from models.encoders.graph import INPUT, OUTPUT
from models.encoders.heads import Head, Heads
from models.encoders.manifest import read_manifest
from models.encoders.unigram import UnigramTokenizer
from models.errors import DamagedModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Tokenise = Callable[[str], list[int]]


@dataclass(frozen=True)
class OnnxSettings:
    """What `encoder.json` in a prepared folder says.

    `context_turns` is how many earlier turns stood in front of a message when the encoder was trained.
    """

    dim: int
    max_tokens: int
    query_prefix: str
    passage_prefix: str
    context_turns: int = 0


class OnnxEncoder:
    """An int8 encoder that may be used from several threads at once.

    Each text runs through the network alone, so that its vector never depends on its neighbours; with more than one
    thread, several texts run side by side.
    """

    def __init__(
        self,
        *,
        name: str,
        fingerprint: str,
        settings: OnnxSettings,
        tokenise: Tokenise,
        session: "InferenceSession",
        threads: int,
        heads: Heads | None = None,
        folder: Path | None = None,
    ) -> None:
        self.folder = folder
        self.name = name
        self.fingerprint = fingerprint
        self.dim = settings.dim
        self.context_turns = settings.context_turns
        self._settings = settings
        self._tokenise = tokenise
        self._session = session
        self._threads = threads
        self._heads = heads

    @classmethod
    def from_folder(cls, path: Path, *, threads: int = 1) -> "OnnxEncoder":
        """Load a prepared folder.

        Raises:
            DamagedModelError: If a file is missing, unreadable, or not the size that the manifest says.
        """
        if threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        manifest = read_manifest(path)
        manifest.check_sizes(path)
        settings = _read_settings(path / SETTINGS_FILE)
        return cls(
            name=manifest.name,
            fingerprint=manifest.fingerprint,
            settings=settings,
            tokenise=_load_tokenizer(path, settings.max_tokens),
            session=_open_session(path / MODEL_FILE),
            threads=threads,
            heads=Heads.from_folder(path),
            folder=path,
        )

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim)."""
        head = self._heads.query if self._heads else None
        return self._encode([self._settings.query_prefix + text for text in texts], head)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim)."""
        head = self._heads.passage if self._heads else None
        return self._encode([self._settings.passage_prefix + text for text in texts], head)

    def _encode(self, texts: list[str], head: Head | None) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dim), np.float32)
        encode = partial(self._vector, head)
        if self._threads == 1 or len(texts) == 1:
            for row, text in enumerate(texts):
                vectors[row] = encode(text)
            return vectors
        with ThreadPoolExecutor(self._threads) as pool:
            for row, vector in enumerate(pool.map(encode, texts)):
                vectors[row] = vector
        return vectors

    def _vector(self, head: Head | None, text: str) -> NDArray[np.float32]:
        outputs = self._session.run([OUTPUT], {INPUT: np.array([self._tokenise(text)], np.int64)})
        vector: NDArray[np.float32] = outputs[0][0]
        return head.apply(vector) if head else vector


def _read_settings(path: Path) -> OnnxSettings:
    try:
        return OnnxSettings(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DamagedModelError(
            f"cannot read {path}: {error}; delete its folder and prepare the encoder again"
        ) from error


def _load_tokenizer(folder: Path, max_tokens: int) -> Tokenise:
    if (folder / FAST_TOKENIZER_FILE).exists():
        return UnigramTokenizer.from_file(folder / FAST_TOKENIZER_FILE, max_tokens=max_tokens).encode
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return lambda text: tokenizer.encode(text).ids


def _open_session(path: Path) -> "InferenceSession":
    """One thread, and the graph as it was written: it is already in its fastest form."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
