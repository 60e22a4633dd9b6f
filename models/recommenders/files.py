"""Arrays of a recommender in files: written aside and moved into place, read without pickle."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.errors import ModelError

ARRAYS_FILE = "model.npz"
REMEDY = "run: copilot train recommender"
Arrays = Mapping[str, NDArray[np.generic]]


def write_arrays(folder: Path, arrays: Arrays) -> None:
    """Write arrays beside their place in a folder and move them there."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"{ARRAYS_FILE}.new.npz"
    np.savez(aside, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    aside.replace(folder / ARRAYS_FILE)


def read_arrays(folder: Path, *names: str) -> list[NDArray[Any]]:
    """The arrays of these names.

    Raises:
        ModelError: the file is missing, or not one that `write_arrays` wrote.
    """
    path = folder / ARRAYS_FILE
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return [stored[name] for name in names]
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise unreadable(path, error) from error


def sparse_arrays(matrix: csr_matrix) -> dict[str, NDArray[np.generic]]:
    """What a sparse matrix consists of."""
    return {
        "data": matrix.data,
        "indices": matrix.indices,
        "indptr": matrix.indptr,
        "shape": np.array(matrix.shape, np.int64),
    }


def read_sparse(folder: Path) -> csr_matrix:
    """The sparse matrix whose arrays stand in the file.

    Raises:
        ModelError: the file is missing or damaged.
    """
    data, indices, indptr, shape = read_arrays(folder, "data", "indices", "indptr", "shape")
    try:
        matrix = csr_matrix((data, indices, indptr), shape=tuple(shape.tolist()))
        matrix.check_format()
    except (ValueError, TypeError) as error:
        raise unreadable(folder / ARRAYS_FILE, error) from error
    return matrix


def unreadable(path: Path, reason: object) -> ModelError:
    """The error of a file that is not what was written."""
    return ModelError(f"{path} cannot be read ({reason}); {REMEDY}")
