"""The machine that a benchmark ran on, as far as it explains the numbers."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from copilot.benchmark.apart import n_cores
from eval.bandwidth import read_bandwidth

CPU_FILE = Path("/proc/cpuinfo")
BANDWIDTH_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Machine:
    """Processor, cores this process may use, the load before the run, and how fast one thread reads memory."""

    processor: str
    n_cores: int
    python: str
    load_before: float
    bandwidth_gb_per_s: float


def this_machine() -> Machine:
    """The machine as it is now; takes a second and 256 MB."""
    return Machine(
        processor=_processor(),
        n_cores=n_cores(),
        python=platform.python_version(),
        load_before=load(),
        bandwidth_gb_per_s=read_bandwidth(BANDWIDTH_BYTES) / 1e9,
    )


def load() -> float:
    """How many threads wanted to run on average in the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    if CPU_FILE.is_file():
        for line in CPU_FILE.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
