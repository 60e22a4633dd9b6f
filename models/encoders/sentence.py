"""Any sentence-transformers model in PyTorch, float32: slow to start, for what cannot be converted."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.errors import UnknownEncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_PASSAGE_PROMPTS = ("passage", "document")


class SentenceEncoder:
    """A loaded `SentenceTransformer`, with the prompts that its own configuration names."""

    def __init__(self, name: str, model: "SentenceTransformer") -> None:
        self._model = model
        self.name = name
        self.dim = int(model.get_embedding_dimension() or 0)
        self.fingerprint = _weights_hash(model)
        prompts = dict(model.prompts or {})
        self._query_prefix = prompts.get("query") or ""
        self._passage_prefix = next(filter(None, map(prompts.get, _PASSAGE_PROMPTS)), "")

    @classmethod
    def from_pretrained(cls, source: str, *, threads: int) -> "SentenceEncoder":
        """Load a folder or a model name; seconds, and about 1 GB for a small multilingual model.

        `threads` is PyTorch's setting for the whole process.

        Raises:
            UnknownEncoderError: If nothing with this name can be loaded, for instance without a network.
        """
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        try:
            return cls(source, SentenceTransformer(source, device="cpu"))
        except (OSError, ValueError) as error:
            raise UnknownEncoderError(f"cannot load the sentence-transformers model {source!r}: {error}") from error

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim)."""
        return self._encode(texts, self._query_prefix)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim)."""
        return self._encode(texts, self._passage_prefix)

    def _encode(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        vectors = self._model.encode(
            list(texts), prompt=prefix, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)


def _weights_hash(model: "SentenceTransformer") -> str:
    digest = sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).data)
    return digest.hexdigest()[:16]
