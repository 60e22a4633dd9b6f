"""The encoder of the settings, or the reason why there is none."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from copilot.settings import Settings

if TYPE_CHECKING:
    from models.encoders.encoder import Encoder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NoEncoder:
    """No encoder can be loaded, and why."""

    reason: str


@dataclass(frozen=True)
class WordsOnlyEncoder:
    """Stands in when there is no encoder: every vector is zero, so only words find and rank."""

    dim: int
    fingerprint: str = "words-only"

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Zeros of shape (n, dim)."""
        return np.zeros((len(texts), self.dim), np.float32)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Zeros of shape (n, dim)."""
        return self.encode_queries(texts)


def load_encoder(settings: Settings) -> "Encoder | NoEncoder":
    """The encoder of the settings, prepared on first use."""
    from models.encoders.registry import open_encoder
    from models.errors import ModelError

    try:
        return open_encoder(settings.encoder, folder=settings.models_folder, threads=settings.threads)
    except (ModelError, OSError) as error:
        logger.warning("suggestions by words only: the encoder %r cannot be loaded: %s", settings.encoder, error)
        return NoEncoder(str(error))
