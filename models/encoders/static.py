"""The cheap path: the mean of an encoder's word vectors, without running its network.

Some hundred times as fast as the network, for archives of millions of messages. Rare words count more than common ones
(smooth inverse frequency; Arora, Liang and Ma, A Simple but Tough-to-Beat Baseline for Sentence Embeddings, 2017), the
frequencies being those of the tokenizer's own language model.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.encoders.conversion import FAST_TOKENIZER_FILE, MODEL_FILE
from models.encoders.manifest import read_manifest
from models.encoders.unigram import UnigramTokenizer
from models.errors import UnsupportedModelError

SMOOTHING = 1e-3
OWN_SMOOTHING = 1e-2
"""Of shares of messages rather than of words, which are some ten times as large."""
MAX_TOKENS = 128
TEXTS_AT_ONCE = 4_096


class StaticEncoder:
    """Unit vectors from word vectors alone; the order of words plays no part.

    Queries and passages are treated alike. A text without a known token has the zero vector.
    """

    def __init__(
        self,
        *,
        name: str,
        fingerprint: str,
        tokenise: Callable[[str], list[int]],
        rows: NDArray[np.int8],
        scales: NDArray[np.float32],
        weights: NDArray[np.float32],
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.dim = rows.shape[1]
        self._tokenise = tokenise
        self._rows = rows
        self._row_scales = scales
        self._scales = scales * weights
        self._centre = _centre(rows, scales, weights)
        self._weights = weights

    @classmethod
    def from_folder(cls, path: Path) -> "StaticEncoder":
        """The word vectors of a prepared encoder.

        Raises:
            UnsupportedModelError: it has another tokenizer than the bundled model's, so that no frequencies are known.
            DamagedModelError: a file is missing or not what it should be.
        """
        manifest = read_manifest(path)
        manifest.check_sizes(path)
        if not (path / FAST_TOKENIZER_FILE).exists():
            raise UnsupportedModelError(
                f"{path}: word vectors alone need the bundled tokenizer ({FAST_TOKENIZER_FILE}); use the network"
            )
        tokenizer = UnigramTokenizer.from_file(path / FAST_TOKENIZER_FILE, max_tokens=MAX_TOKENS + 2)
        rows, scales = _word_vectors(path / MODEL_FILE, len(tokenizer.scores))
        return cls(
            name=f"{manifest.name} (word vectors)",
            fingerprint=f"static-1-{manifest.fingerprint}",
            tokenise=lambda text: tokenizer.encode(text)[1:-1],
            rows=rows,
            scales=scales,
            weights=_inverse_frequencies(tokenizer.scores, len(rows)),
        )

    def fitted_to(self, texts: Sequence[str], counts: NDArray[np.int64]) -> "StaticEncoder":
        """This encoder with the word frequencies of an archive, each text said so many times.

        What everybody there says ("hello, may I ask") then tells nothing apart. Vectors of the two do not compare.
        """
        n_with = np.zeros(len(self._weights))
        for text, count in zip(texts, counts.tolist(), strict=True):
            n_with[list(set(self._tokenise(text)))] += count
        frequencies = n_with / max(1, int(counts.sum()))
        weights = np.where(self._weights > 0, OWN_SMOOTHING / (OWN_SMOOTHING + frequencies), 0.0).astype(np.float32)
        return StaticEncoder(
            name=self.name,
            fingerprint=f"{self.fingerprint}-{sha256(weights.tobytes()).hexdigest()[:12]}",
            tokenise=self._tokenise,
            rows=self._rows,
            scales=self._row_scales,
            weights=weights,
        )

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim)."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            ids = self._tokenise(text)
            if ids:
                vectors[row] = self._scales[ids] @ self._rows[ids] - self._weights[ids].sum() * self._centre
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim)."""
        return self.encode_queries(texts)


def _inverse_frequencies(scores: Sequence[float], n_rows: int) -> NDArray[np.float32]:
    """A weight a token, a / (a + p) with p its probability; marks, which have none, weigh nothing."""
    log_p = np.asarray(scores, np.float64)
    weights = np.zeros(n_rows, np.float32)
    weights[: len(log_p)] = np.where(log_p < 0, SMOOTHING / (SMOOTHING + np.exp(log_p)), 0.0)
    return weights


def _centre(rows: NDArray[np.int8], scales: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean word vector, which all texts share and none is told apart by."""
    total = np.zeros(rows.shape[1], np.float64)
    for start in range(0, len(rows), TEXTS_AT_ONCE):
        some = slice(start, start + TEXTS_AT_ONCE)
        total += (scales[some] * (weights[some] > 0)) @ rows[some].astype(np.float32)
    return (total / max(1, int((weights > 0).sum()))).astype(np.float32)


def _word_vectors(model: Path, n_tokens: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The table of word vectors in a prepared network, as small integers and one scale a row."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(model).graph
    tables: dict[str, Any] = {table.name: table for table in graph.initializer}
    gathers = [node.input[0] for node in graph.node if node.op_type == "Gather" and node.input[1] == "token_ids"]
    arrays = [numpy_helper.to_array(tables[name]) for name in gathers if name in tables]
    if len(arrays) != 2 or len(arrays[0]) < n_tokens:
        raise UnsupportedModelError(f"{model}: no table of {n_tokens:,} word vectors in it; use the network")
    return np.ascontiguousarray(arrays[0]), arrays[1].reshape(-1).astype(np.float32)
