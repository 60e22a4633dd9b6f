"""How long it takes from publishing a script until other processes suggest it."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from queue import Queue
from time import monotonic, sleep

import numpy as np

from copilot.engine.request import SuggestRequest
from copilot.errors import NotReadyError
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.latency import Spread
from knowledge.database import Database
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, retire_script, save_draft
from knowledge.text import canonical
from knowledge.workspace import Workspace, utc_now

POLL_S = 0.001
GIVE_UP_S = 10.0
ACTOR = "benchmark"


@dataclass(frozen=True)
class Freshness:
    """Milliseconds from pressing "publish" until the script is found elsewhere.

    `lookup_ms`: a process that follows changes in the background has it in its index. `suggest_ms`: another process
    that follows nothing shows it in an answer; it looks for changes before every answer.
    """

    lookup_ms: Spread
    suggest_ms: Spread


def measure_freshness(settings: Settings, n_scripts: int, rng: np.random.Generator) -> Freshness:
    """Publish `n_scripts` scripts one after the other, watched by two processes; retires them all afterwards."""
    context = get_context("spawn")
    watchers = (watch_lookups, watch_answers)
    with context.Manager() as manager, ProcessPoolExecutor(len(watchers), mp_context=context) as pool:
        ready = manager.Queue()
        tasks = [manager.Queue() for _ in watchers]
        watching = [
            pool.submit(watch, settings, own, ready) for watch, own in zip(watchers, tasks, strict=True)
        ]
        published = _publish_all(settings.workspace_for_writing, n_scripts, rng, tasks, ready)  # type: ignore[attr-defined]
        found = [one.result() for one in watching]
    lookup_ms, suggest_ms = (Spread.of([1000 * (found[i] - start)]) for i, start in enumerate(published))
    return Freshness(lookup_ms, suggest_ms)
