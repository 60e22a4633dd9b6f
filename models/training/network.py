"""The encoder network in PyTorch: token ids in, unit vectors out, weights back into a folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.encoders.source import Architecture, Pooling, Prefixes, read_source
from models.training.errors import TrainingBaseError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor
    from torch.nn import Module, Parameter

_TOKENS_AT_ONCE = 1536
_ENCODED_AT_ONCE = 256
_WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Limits:
    """How many tokens of a text training looks at, marks and prefix included."""

    query: int
    passage: int


class Network:
    """A trainable encoder. The word embeddings stay as they are: most words never occur in a team's talk."""

    def __init__(
        self, module: "Module", tokenizer: "Tokenizer", architecture: Architecture, prefixes: Prefixes, limits: Limits
    ) -> None:
        self.module = module
        self._tokenizer = tokenizer
        self._pooling = architecture.pooling
        self._pad_id = architecture.position_offset - 1 if architecture.position_offset else 0
        self._prefixes = prefixes
        self._limits = limits
        self._prefix_ids = tokenizer.encode(prefixes.query, add_special_tokens=False).ids if prefixes.query else []

    @classmethod
    def from_folder(cls, folder: Path, limits: Limits, device: str) -> "Network":
        """Load a float32 sentence-transformers folder; some seconds.

        Raises:
            UnsupportedModelError: If the network is of a kind that could not be served afterwards.
            DamagedModelError: If the folder is incomplete.
            TrainingBaseError: If the limits are beyond the network's.
        """
        from tokenizers import Tokenizer

        source = read_source(folder)
        if max(limits.query, limits.passage) > source.max_tokens:
            raise TrainingBaseError(f"{folder} takes {source.max_tokens} tokens, training was to use {limits}")
        tokenizer = Tokenizer.from_file(str(source.tokenizer_file))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        module = _load_module(source.tokenizer_file.parent).to(device)
        return cls(module, tokenizer, source.architecture, source.prefixes, limits)

    @property
    def trainable(self) -> dict[str, "Parameter"]:
        """The parameters that learn, by name."""
        return {name: value for name, value in self.module.named_parameters() if value.requires_grad}

    def query_ids(self, text: str) -> list[int]:
        """Token ids of a query; what does not fit is cut off after the prefix, where the oldest turns are."""
        ids: list[int] = self._tokenizer.encode(self._prefixes.query + text).ids
        if len(ids) <= self._limits.query:
            return ids
        start = [ids[0], *self._prefix_ids]
        return start + ids[len(start) - self._limits.query :]

    def passage_ids(self, text: str) -> list[int]:
        """Token ids of a passage; what does not fit is cut off at the end."""
        ids: list[int] = self._tokenizer.encode(self._prefixes.passage + text).ids
        return ids if len(ids) <= self._limits.passage else [*ids[: self._limits.passage - 1], ids[-1]]

    def vectors(self, sequences: Sequence[list[int]]) -> "Tensor":
        """Unit vectors (n, dim) with gradients. Texts of like length run together, so that little is padded."""
        import torch

        order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
        parts, start = [], 0
        while start < len(order):
            end = start + 1
            while end < len(order) and (end + 1 - start) * len(sequences[order[end]]) <= _TOKENS_AT_ONCE:
                end += 1
            parts.append(self._unit_vectors([sequences[i] for i in order[start:end]]))
            start = end
        return torch.cat(parts)[torch.tensor(np.argsort(order), device=parts[0].device)]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (n, dim), without gradients."""
        return self._encode([self.query_ids(text) for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (n, dim), without gradients."""
        return self._encode([self.passage_ids(text) for text in texts])

    def save(self, folder: Path, base: Path) -> None:
        """Write the weights to the new `folder` as a sentence-transformers folder like `base`."""
        from safetensors.torch import save_file

        copytree(base, folder, ignore=ignore_patterns(_WEIGHTS))
        network = next(path.parent for path in base.rglob(_WEIGHTS)).relative_to(base)
        state = {name: value.detach().cpu().contiguous() for name, value in self.module.state_dict().items()}
        save_file(state, folder / network / _WEIGHTS, metadata={"format": "pt"})

    def _encode(self, sequences: Sequence[list[int]]) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            parts = [
                self.vectors(sequences[start : start + _ENCODED_AT_ONCE]).float().cpu().numpy()
                for start in range(0, len(sequences), _ENCODED_AT_ONCE)
            ]
        return np.concatenate(parts)

    def _unit_vectors(self, sequences: Sequence[list[int]]) -> "Tensor":
        import torch
        from torch.nn.functional import normalize

        device = next(self.module.parameters()).device
        longest = max(map(len, sequences))
        ids = torch.full((len(sequences), longest), self._pad_id)
        mask = torch.zeros((len(sequences), longest))
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = torch.tensor(sequence)
            mask[row, : len(sequence)] = 1.0
        mask = mask.to(device)
        hidden = self.module(input_ids=ids.to(device), attention_mask=mask).last_hidden_state
        if self._pooling is Pooling.CLS:
            return normalize(hidden[:, 0], dim=1)
        return normalize((hidden * mask[:, :, None]).sum(1), dim=1)


def _load_module(folder: Path) -> "Module":
    """The bare network without dropout: a few passes over few pairs are over before it would help."""
    import transformers

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind = transformers.AutoConfig.for_model(**config)
    kind.hidden_dropout_prob = kind.attention_probs_dropout_prob = 0.0
    module: Module = transformers.AutoModel.from_pretrained(
        folder, config=kind, add_pooling_layer=False, dtype="float32", local_files_only=True
    )
    module.train()
    words: Module = module.get_input_embeddings()  # type: ignore[operator]
    words.requires_grad_(requires_grad=False)
    return module
