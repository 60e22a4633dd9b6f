"""Whether data fit into memory, asked before they are read."""

from collections.abc import Callable
from pathlib import Path

from eval.errors import DataError

MEMORY_FILE = Path("/proc/meminfo")
MB = 1_000_000


def available_bytes() -> int | None:
    """Memory that can still be had without swapping; nothing where the system does not tell."""
    if not MEMORY_FILE.is_file():
        return None
    fields = dict(line.split(":", 1) for line in MEMORY_FILE.read_text(encoding="ascii").splitlines() if ":" in line)
    return int(fields["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in fields else None


def require_room(*paths: Path, available: Callable[[], int | None] = available_bytes) -> None:
    """Refuse files that will not fit: text takes at least about as much memory as it takes on the disk.

    Better a message than a process that the system kills half way. Files that are missing are left to the reader.

    Raises:
        DataError: they are larger than the memory that is left; names the largest.
    """
    sizes = {path: path.stat().st_size for path in paths if path.is_file()}
    room = available()
    if room is None or sum(sizes.values()) <= room:
        return
    largest = max(sizes, key=lambda path: sizes[path])
    problem = f"the data take {sum(sizes.values()) / MB:,.0f} MB, this file {sizes[largest] / MB:,.0f} MB of them"
    raise DataError(largest, None, problem, f"what fits into the {room / MB:,.0f} MB of memory that are left")
