"""Vectors of customers' messages: by word vectors alone, or by the whole network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.mining.skeletons import SLOT
from knowledge.text import for_encoder

if TYPE_CHECKING:
    from models.encoders.encoder import Encoder
    from models.encoders.static import StaticEncoder

Reading = Literal["words", "network"]


def message_vectors(
    texts: Sequence[str], counts: NDArray[np.int64], encoder: "Encoder", reading: Reading
) -> NDArray[np.float32]:
    """Unit vectors (n_texts, dim) of distinct messages; slots in them are left out, since every customer's differs.

    `words` is the mean of the encoder's word vectors, weighted by how seldom a word is in these very texts; it falls
    back to the network where the encoder has no word vectors to give.
    """
    spelled = [for_encoder(_without_slots(text)) for text in texts]
    if reading == "words":
        static = _static(encoder)
        if static is not None:
            return static.fitted_to(spelled, counts).encode_queries(spelled)
    return encoder.encode_queries(spelled)


def _static(encoder: "Encoder") -> "StaticEncoder | None":
    from models.encoders.onnx import OnnxEncoder
    from models.encoders.static import StaticEncoder
    from models.errors import UnsupportedModelError

    if not isinstance(encoder, OnnxEncoder) or encoder.folder is None:
        return None
    try:
        return StaticEncoder.from_folder(encoder.folder)
    except UnsupportedModelError:
        return None


def _without_slots(text: str) -> str:
    return SLOT.sub(" ", text)
