"""From a short text in the settings to an encoder."""

from pathlib import Path

from models.encoders.encoder import Encoder
from models.encoders.hashing import HashEncoder
from models.encoders.onnx import OnnxEncoder
from models.encoders.preparation import BUNDLED, is_prepared, prepare_encoder, unpack_default
from models.encoders.sentence import SentenceEncoder

_FLOAT32 = "float32:"


def open_encoder(spec: str, *, folder: Path, threads: int) -> Encoder:
    """The encoder that `spec` names, prepared inside `folder` on first use.

    - `default`: the bundled multilingual-e5-small in int8;
    - `hash`: hashed character n-grams, no model;
    - a prepared folder, a sentence-transformers folder, or a model name: in int8;
    - `float32:` and `default`, a folder, or a name: in PyTorch, without conversion.

    Raises:
        UnknownEncoderError: If nothing by that name can be found or fetched.
        UnsupportedModelError: If the model cannot be converted; `float32:` may still run it.
        DamagedModelError: If its files are incomplete.
    """
    if spec == "hash":
        return HashEncoder()
    if spec.startswith(_FLOAT32):
        source = spec.removeprefix(_FLOAT32)
        loadable = str(unpack_default(folder=folder)) if source == BUNDLED else source
        return SentenceEncoder.from_pretrained(loadable, threads=threads)
    prepared = Path(spec) if is_prepared(Path(spec)) else prepare_encoder(spec, folder=folder)
    return OnnxEncoder.from_folder(prepared, threads=threads)
