"""Rows that are alike in some columns, by numbers."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LARGEST = 2**62


def groups_of(columns: Iterable[NDArray[np.int32]], n_rows: int) -> NDArray[np.int64]:
    """Equal numbers for rows with equal codes in all columns; codes are from 0."""
    keys, limit = np.zeros(n_rows, np.int64), 1
    for codes in columns:
        n_codes = int(codes.max(initial=0)) + 1
        if limit * n_codes > LARGEST:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
            limit = int(keys.max(initial=0)) + 1
        keys *= n_codes
        keys += codes
        limit *= n_codes
    return keys


def first_rows(codes: NDArray[np.integer], n_codes: int) -> NDArray[np.int64]:
    """Where each code first stands, shape (n_codes,); the number of rows for those that nowhere do."""
    first = np.full(n_codes, len(codes), np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first


def crowded(keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """The rows whose key another row has too, in order."""
    order = np.argsort(keys, kind="stable")
    is_same = keys[order[1:]] == keys[order[:-1]]
    is_crowded = np.zeros(len(keys), np.bool_)
    is_crowded[order[1:][is_same]] = True
    is_crowded[order[:-1][is_same]] = True
    return np.flatnonzero(is_crowded)


def occurrences(keys: NDArray[np.int64]) -> NDArray[np.int32]:
    """How many rows before it each row is alike to."""
    order = np.argsort(keys, kind="stable")
    begins = np.ones(len(keys), np.bool_)
    begins[1:] = keys[order[1:]] != keys[order[:-1]]
    places = np.arange(len(keys))
    starts = np.maximum.accumulate(np.where(begins, places, 0))
    found = np.empty(len(keys), np.int32)
    found[order] = places - starts
    return found
