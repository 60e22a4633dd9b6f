"""Vectors for every text of a synthetic library without encoding every text.

Some thousand texts of each field are encoded for real; the vectors of all others are mixtures of two of those with a
little noise. They lie among the real ones and cost a search what real ones cost. Whether the right text is found is
not measured with them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from knowledge.database import Database
from knowledge.index.cache import VectorCache, text_keys
from knowledge.index.encoding import CachedEncoder, TextEncoder
from knowledge.index.items import read_items
from knowledge.index.schema import SCHEMAS, FieldSchema
from knowledge.index.snapshot import CACHE_FOLDER, tenant_folder
from knowledge.tables import DEFAULT_TENANT, IndexKind

NOISE = 0.25
"""Length of the noise added to a unit vector."""
APPENDED_ROWS = 20_000
