"""How a message becomes a vector when the library does not do it itself."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.rivals.material import Material
from copilot.benchmark.rivals.task import Encoding, Task
from models.encoders.registry import open_encoder

Encode = Callable[[str], NDArray[np.float32]]


def message_encoder(task: Task) -> Encode:
    """Gives the vector of one message, shape (dim,): our encoder's, or the one that lies in the material."""
    if task.encoding is Encoding.GIVEN:
        material = Material(task.folder)
        texts = (message.text for message in material.messages)
        known = dict(zip(texts, material.message_vectors, strict=True))
        return known.__getitem__
    encoder = open_encoder(task.encoder, folder=task.models_folder, threads=1)

    def encode(message: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = encoder.encode_queries([message])[0]
        return vector

    return encode
