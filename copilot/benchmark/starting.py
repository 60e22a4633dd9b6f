"""Cold start: `copilot suggest` as a person types it, measured on the wall clock."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from copilot.engine.request import SuggestRequest
from copilot.errors import NotReadyError
from copilot.settings import Settings
from eval.latency import Spread

COMMAND = (sys.executable, "-c", "from copilot.cli import main; main()", "suggest")


@dataclass(frozen=True)
class ColdStart:
    """Seconds from starting the command until it has answered and ended, and its processor seconds."""

    wall_s: Spread
    cpu_s: Spread


def measure_cold_starts(settings: Settings, asked: Sequence[SuggestRequest]) -> ColdStart:
    """Start the command once for each request.

    Raises:
        NotReadyError: the command failed.
    """
    taken = [_seconds(settings, request) for request in asked]
    return ColdStart(Spread.of([wall_s for wall_s, _ in taken]), Spread.of([cpu_s for _, cpu_s in taken]))


def _seconds(settings: Settings, request: SuggestRequest) -> tuple[float, float]:
    options = ["--workspace", str(settings.workspace), "--encoder", settings.encoder, "--json"]
    if request.customer_id:
        options += ["--customer", request.customer_id]
    wall_s, cpu_s = perf_counter(), _children_cpu_s()
    done = subprocess.run(  # noqa: S603  # our own command with our own messages
        [*COMMAND, request.message, *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotReadyError(f"copilot suggest failed with exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return perf_counter() - wall_s, _children_cpu_s() - cpu_s


def _children_cpu_s() -> float:
    """Processor seconds of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system
