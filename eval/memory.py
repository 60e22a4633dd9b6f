"""How much memory the calling process takes."""

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

STATUS_FILE = Path("/proc/self/status")


@dataclass(frozen=True)
class ProcessMemory:
    """Resident memory in MB (10^6 bytes).

    `own_mb` is memory of the process alone, `mapped_mb` pages of mapped files that the system can take back at any
    time and shares between processes; both are empty where the system does not tell.
    """

    peak_mb: float
    own_mb: float | None = None
    mapped_mb: float | None = None


def own_memory() -> ProcessMemory:
    """What the calling process takes now, and its peak so far."""
    if STATUS_FILE.is_file():
        return read_status(STATUS_FILE.read_text(encoding="ascii", errors="replace"))
    # Linux aside, the peak is in bytes on macOS and in KiB elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    return ProcessMemory(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6)


def read_status(text: str) -> ProcessMemory:
    """The memory that a Linux `/proc/PID/status` tells of.

    `VmHWM` belongs to the program that runs; `ru_maxrss` of `getrusage` would include the parent it was forked from.
    """
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def megabytes(name: str) -> float:
        return int(fields[name].split()[0]) * 1024 / 1e6

    return ProcessMemory(megabytes("VmHWM"), megabytes("RssAnon"), megabytes("RssFile"))
