"""Vectors for every text of a synthetic library without encoding every text.

The texts of the first scripts, products and passages are encoded for real, and messages ask about these; the vectors of
all others are mixtures of two of those with a little noise. They lie among the real ones and cost a search what real
ones cost. Whether the right text is found is not measured with them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.database import Database
from knowledge.index.cache import VectorCache, text_keys
from knowledge.index.encoding import CachedEncoder, TextEncoder
from knowledge.index.items import read_items
from knowledge.index.schema import SCHEMAS, FieldSchema
from knowledge.index.snapshot import CACHE_FOLDER, tenant_folder
from knowledge.tables import DEFAULT_TENANT, IndexKind
from knowledge.text import for_encoder

N_ENCODED = 1_500
"""So many texts of each field are encoded for real: the triggers of 500 scripts, the replies of 1,500."""
NOISE = 0.25
"""Length of the noise added to a mixture of unit vectors."""
APPENDED_ROWS = 20_000


def fill_cache(database: Database, index_folder: Path, encoder: TextEncoder, rng: np.random.Generator) -> int:
    """Put a vector of every text to be indexed into the cache; gives how many texts were really encoded."""
    folder = tenant_folder(index_folder, DEFAULT_TENANT) / CACHE_FOLDER
    cache = VectorCache.open(folder, encoder.fingerprint, encoder.dim)
    encoding = CachedEncoder(encoder, cache)
    for kind, schema in SCHEMAS.items():
        for field in schema.fields:
            texts = _texts(database, kind, field)
            true_vectors = encoding.encode(field.side, texts[:N_ENCODED])
            _append_mixtures(cache, field, texts, true_vectors, rng)
    return encoding.n_encoded


def mixtures(vectors: NDArray[np.float32], n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """`n` unit vectors, each between two of `vectors` and a little off, shape (n, dim)."""
    left, right = (vectors[rng.integers(len(vectors), size=n)] for _ in range(2))
    weight = rng.uniform(0.2, 0.8, (n, 1)).astype(np.float32)
    mixed = weight * left + (1 - weight) * right
    noise = rng.standard_normal(mixed.shape, np.float32)
    mixed += noise * np.float32(NOISE / np.sqrt(mixed.shape[1]))
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    return mixed


def _texts(database: Database, kind: IndexKind, field: FieldSchema) -> list[str]:
    """All texts of a field as they are encoded, each once, in the order of the items' ids."""
    with database.read() as session:
        items = read_items(session, DEFAULT_TENANT, kind)
        return list(dict.fromkeys(for_encoder(text) for item in items for text in item.texts[field.name]))


def _append_mixtures(
    cache: VectorCache,
    field: FieldSchema,
    texts: Sequence[str],
    true_vectors: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Vectors for those texts that have none yet."""
    cache.refresh()
    for start in range(0, len(texts), APPENDED_ROWS):
        keys = text_keys(field.side, texts[start : start + APPENDED_ROWS])
        missing = keys[cache.find(keys) < 0]
        if len(missing):
            cache.append(missing, mixtures(true_vectors, len(missing), rng))
