"""What the comparison needs that is not installed with the copilot."""

from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from copilot.benchmark.rivals.task import Library
from copilot.errors import BadRequestError
from copilot.settings import Settings
from models.encoders.preparation import BUNDLED, is_prepared, unpack_default

BESIDES = ("sentence-transformers", "torch", "faiss-cpu", "onnxruntime")
"""Distributions that decide how fast the libraries are."""


def require_installed(libraries: Sequence[Library]) -> dict[str, str]:
    """The versions of what takes part.

    Raises:
        BadRequestError: something is not installed; says what to run.
    """
    wanted = [package for library in libraries for package in library.packages]
    versions = dict(_versions(wanted))
    missing = [package for package in wanted if package not in versions]
    if missing:
        raise BadRequestError(
            "--rivals",
            f"no {', no '.join(missing)}",
            'the libraries to compare with to be installed: pip install "customer-copilot[bench]"',
        )
    return {**versions, **dict(_versions(BESIDES))}


def shared_weights(settings: Settings) -> str:
    """The sentence-transformers model that our encoder was made from, for the others to load.

    Raises:
        BadRequestError: the encoder was not made from one that is known.
    """
    spec = settings.encoder
    if spec == BUNDLED:
        return str(unpack_default(folder=settings.models_folder))
    if spec == "hash" or spec.startswith("float32:") or is_prepared(Path(spec)):
        raise BadRequestError(
            "--encoder", spec, "default, or a sentence-transformers model that all libraries can load"
        )
    return spec


def _versions(packages: Iterable[str]) -> Iterable[tuple[str, str]]:
    for package in packages:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue
