"""Cold start: `copilot suggest` as a person types it, measured on the wall clock."""

import subprocess
import sys
from collections.abc import Sequence
from time import perf_counter

from copilot.engine.request import SuggestRequest
from copilot.errors import NotReadyError
from copilot.settings import Settings
from eval.latency import Spread

COMMAND = (sys.executable, "-c", "from copilot.cli import main; main()", "suggest")


def measure_cold_starts(settings: Settings, asked: Sequence[SuggestRequest]) -> Spread:
    """Seconds from starting the command until it has answered and ended, once for each request.

    Raises:
        NotReadyError: the command failed.
    """
    return Spread.of([_seconds(settings, request) for request in asked])


def _seconds(settings: Settings, request: SuggestRequest) -> float:
    options = ["--workspace", str(settings.workspace), "--encoder", settings.encoder, "--json"]
    if request.customer_id:
        options += ["--customer", request.customer_id]
    start = perf_counter()
    done = subprocess.run(  # noqa: S603  # our own command with our own messages
        [*COMMAND, request.message, *options], capture_output=True, text=True, check=False
    )
    seconds = perf_counter() - start
    if done.returncode:
        raise NotReadyError(f"copilot suggest failed with exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return seconds
