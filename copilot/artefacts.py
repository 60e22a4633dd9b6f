"""What the store's artefacts must be to serve: each kind is loaded with the code that will serve it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.engine.policy_file import read_ranker
from copilot.errors import BadRequestError
from models.errors import EncoderError, ModelError
from models.store.artefact import Kind
from models.store.errors import RefusedArtefactError
from models.store.store import Check

if TYPE_CHECKING:
    from models.encoders.onnx import OnnxEncoder

PROBE = "在吗"
"""Encoded once to see that an encoder works."""
UNIT_TOLERANCE = 1e-3


def check_encoder(folder: Path) -> str:
    """The name of the prepared encoder in a folder, every byte of it checked and one text encoded.

    Raises:
        RefusedArtefactError: it is no prepared encoder, or does not work.
    """
    import numpy as np

    from models.encoders.manifest import read_manifest

    try:
        read_manifest(folder).check_contents(folder)
        encoder = load_stored_encoder(folder, threads=1)
        vector = encoder.encode_queries([PROBE])[0]
    except EncoderError as error:
        raise RefusedArtefactError(f"{error}; expected the folder that `copilot train encoder` wrote") from error
    length = float(np.linalg.norm(vector))
    if not abs(length - 1.0) <= UNIT_TOLERANCE:  # false for NaN as well
        raise RefusedArtefactError(f"the encoder in {folder} gives a vector of length {length:g}, expected 1")
    return encoder.name


def load_stored_encoder(folder: Path, *, threads: int) -> "OnnxEncoder":
    """A prepared encoder.

    Raises:
        EncoderError: whatever is wrong with it.
    """
    from models.encoders.onnx import OnnxEncoder
    from models.errors import DamagedModelError

    try:
        encoder = OnnxEncoder.from_folder(folder, threads=threads)
        encoder.encode_queries([PROBE])
    except (EncoderError, OSError) as error:
        raise DamagedModelError(f"{folder}: {error}") from error
    except Exception as error:  # the runtime and the tokenizers have no base class for what they raise
        raise DamagedModelError(f"{folder}: {type(error).__name__}: {error}") from error
    return encoder


def check_ranker(folder: Path) -> str:
    """The version of the policy in a folder.

    Raises:
        RefusedArtefactError: there is no `policy.json`, or it is no policy.
    """
    try:
        return f"policy {read_ranker(folder).version}"
    except BadRequestError as error:
        raise RefusedArtefactError(str(error)) from error


def check_recommender(folder: Path) -> str:
    """What the recommender in a folder has learned from.

    Raises:
        RefusedArtefactError: there is no `affinity.npz`, or it or what training wrote beside it cannot be read.
    """
    from models.affinity import FILE_NAME, Affinity
    from models.recommenders.trained import TrainedRecommender, is_recommender

    if not (folder / FILE_NAME).is_file():
        raise RefusedArtefactError(f"{folder} has no {FILE_NAME}; expected what was learned from orders")
    try:
        affinity = f"affinity of {len(Affinity.load(folder).skus):,} products"
        return f"{TrainedRecommender.load(folder).kind} and {affinity}" if is_recommender(folder) else affinity
    except ModelError as error:
        raise RefusedArtefactError(str(error)) from error


CHECKS: Mapping[Kind, Check] = {
    Kind.ENCODER: check_encoder,
    Kind.RANKER: check_ranker,
    Kind.RECOMMENDER: check_recommender,
}
