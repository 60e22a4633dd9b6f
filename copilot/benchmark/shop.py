"""The workspaces that are measured: made once per size, kept if asked to."""

import json
from dataclasses import asdict, dataclass
from shutil import rmtree

import numpy as np

from copilot.benchmark.library import write_library
from copilot.benchmark.vectors import fill_cache
from copilot.encoding import NoEncoder, load_encoder
from copilot.errors import BadRequestError, NotReadyError
from copilot.settings import Settings
from knowledge.workspace import Workspace, utc_now

FACTS_FILE = "benchmark.json"
LIBRARY_FORMAT = 2
"""Rises whenever the same size and seed give another library."""


@dataclass(frozen=True)
class ShopFacts:
    """What a kept workspace was made from."""

    n_scripts: int
    seed: int
    fingerprint: str
    n_encoded: int
    library_format: int = LIBRARY_FORMAT


def ensure_shop(settings: Settings, n_scripts: int, seed: int) -> ShopFacts:
    """The workspace of the settings, made if it is not there yet; an index is not built.

    Raises:
        BadRequestError: the folder holds a workspace made from something else.
        NotReadyError: no encoder can be loaded.
    """
    encoder = load_encoder(settings)
    if isinstance(encoder, NoEncoder):
        raise NotReadyError(f"the benchmark needs the encoder {settings.encoder!r}: {encoder.reason}")
    folder = settings.workspace
    if (folder / FACTS_FILE).is_file():
        kept = ShopFacts(**json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")))
        if kept != ShopFacts(n_scripts, seed, encoder.fingerprint, kept.n_encoded):
            raise BadRequestError("--keep", f"{folder} of {kept}", "a library of this size, seed and encoder")
        return kept
    aside = folder.with_name(f"{folder.name}.unfinished")
    rmtree(aside, ignore_errors=True)
    workspace = Workspace.create(aside)
    try:
        write_library(workspace, n_scripts, seed, utc_now())
        rng = np.random.default_rng([seed, n_scripts, 1])
        n_encoded = fill_cache(workspace.database, workspace.index_folder, encoder, rng)
    finally:
        workspace.close()
    facts = ShopFacts(n_scripts, seed, encoder.fingerprint, n_encoded)
    (aside / FACTS_FILE).write_text(json.dumps(asdict(facts)), encoding="utf-8")
    aside.rename(folder)
    return facts
