"""All pairs of a list that say the same, without comparing every text with every other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.duplicates.evidence import Places, evidence
from knowledge.duplicates.similarity import IN_A_LIST, MEASURED, Weights, check_threshold
from knowledge.duplicates.wordings import wordings_of
from knowledge.errors import InvalidValueError
from knowledge.text import canonical, for_encoder

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Vectors of texts, shape (n, dim); equal texts must get equal vectors."""

ENCODED_AT_ONCE = 256
ROWS_AT_ONCE = 512
PAIRS_AT_ONCE = 50_000


@dataclass(frozen=True, order=True)
class Pair:
    """Two texts by their places in the list, the earlier one first, and how surely they say the same."""

    left: int
    right: int
    similarity: float


def similarity(one: str, other: str, encode: Encode, *, weights: Weights = MEASURED) -> float:
    """The probability that a person calls the two texts the same; 1 where only spelling and marks differ."""
    if canonical(one) == canonical(other):
        return 1.0
    vectors = unit_vectors([one, other], encode)
    places = Places(np.array([0]), np.array([1]))
    return float(weights.similarities(evidence(wordings_of([one, other]), vectors, places))[0])


def near_duplicates(
    texts: Sequence[str], encode: Encode, threshold: float = IN_A_LIST, *, weights: Weights = MEASURED
) -> list[Pair]:
    """Every pair of similarity `threshold` or more, in order of place; blank texts belong to none.

    Texts that differ only in spelling and marks are paired with the first of them alone, so that a hundred thousand
    copies make as many pairs and not their square; what is similar to the first is similar to all.

    Raises:
        InvalidValueError: the threshold is not between 0 and 1, or the vectors have a wrong shape.
    """
    check_threshold(threshold)
    copies = _copies(texts)
    firsts = [places[0] for places in copies]
    pairs = [Pair(places[0], place, 1.0) for places in copies for place in places[1:]]
    distinct = [texts[place] for place in firsts]
    if len(distinct) > 1:
        found = _similar(distinct, unit_vectors(distinct, encode), threshold, weights)
        pairs += [Pair(firsts[one.left], firsts[one.right], one.similarity) for one in found]
    return sorted(pairs)


def remembering(encode: Encode) -> Encode:
    """An encoder that encodes no text twice, for when several questions are asked of the same texts."""
    known: dict[str, NDArray[np.float32]] = {}

    def encode_once(texts: Sequence[str]) -> NDArray[np.float32]:
        new = list(dict.fromkeys(text for text in texts if text not in known))
        if new:
            known.update(zip(new, np.asarray(encode(new), np.float32), strict=True))
        return np.stack([known[text] for text in texts])

    return encode_once


def unit_vectors(texts: Sequence[str], encode: Encode) -> NDArray[np.float32]:
    """The texts' vectors at unit length, each text encoded in its one spelling.

    Raises:
        InvalidValueError: the encoder gave another number of vectors, or one without direction.
    """
    spelled = [for_encoder(text) for text in texts]
    batches = [
        np.asarray(encode(spelled[start : start + ENCODED_AT_ONCE]), np.float32)
        for start in range(0, len(spelled), ENCODED_AT_ONCE)
    ]
    vectors = np.concatenate(batches) if batches else np.empty((0, 1), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise InvalidValueError("encode", vectors.shape, f"one vector for each of {len(texts)} texts")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise InvalidValueError("encode", "a vector of zeros or without end", "vectors with a direction")
    return np.ascontiguousarray(np.divide(vectors, lengths, dtype=np.float32))


def _copies(texts: Sequence[str]) -> list[list[int]]:
    """The places of each text that is not blank, texts of one canonical form together, in order of first place."""
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        if text.strip():
            places.setdefault(canonical(text), []).append(place)
    return list(places.values())


def _similar(texts: Sequence[str], vectors: NDArray[np.float32], threshold: float, weights: Weights) -> list[Pair]:
    wordings = wordings_of(texts)
    found: list[Pair] = []
    for places in _candidates(vectors, weights.least_cosine(threshold)):
        values = weights.similarities(evidence(wordings, vectors, places))
        kept, chosen = places.at(values >= threshold), values[values >= threshold]
        found += map(Pair, kept.left.tolist(), kept.right.tolist(), chosen.tolist())
    return found


def _candidates(vectors: NDArray[np.float32], least_cosine: float) -> list[Places]:
    """The pairs that are near enough in meaning for their letters to matter, in batches."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    batches = []
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        # Rounding must not lose a pair at the very limit.
        limits, _, right = index.range_search(vectors[start : start + ROWS_AT_ONCE], least_cosine - 1e-4)
        counts = np.asarray(limits[1:] - limits[:-1], np.intp)
        left = np.repeat(np.arange(start, start + len(counts)), counts)
        places = Places(left, right.astype(np.intp))
        batches.append(places.at(places.left < places.right))
    return batches
