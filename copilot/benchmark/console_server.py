"""`copilot serve` in a process of its own, on a sample shop."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

from copilot.errors import NotReadyError
from copilot.settings import Settings

COMMAND = (sys.executable, "-c", "from copilot.cli import main; main()")
STARTS_WITHIN_S = 60
ENDS_WITHIN_S = 15
STATISTICS = Path("/proc")


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """Processor seconds it has used; zero where the system does not say."""
        statistics = STATISTICS / str(self.pid) / "stat"
        if not statistics.is_file():
            return 0.0
        fields = statistics.read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_demo_shop(settings: Settings) -> None:
    """The sample brand in the settings' workspace; one that is there already is kept.

    Raises:
        NotReadyError: it could not be made.
    """
    options = ["--no-serve", "--workspace", str(settings.workspace), "--encoder", settings.encoder, "--json"]
    done = subprocess.run(  # noqa: S603  # our own command
        [*COMMAND, "demo", *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotReadyError(f"copilot demo failed with exit code {done.returncode}: {done.stderr.strip()[-300:]}")


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """A server on a free port, ended afterwards.

    Raises:
        NotReadyError: it ended, or said no address within a minute.
    """
    options = ["--port", "0", "--workspace", str(settings.workspace), "--encoder", settings.encoder]
    process = subprocess.Popen(  # noqa: S603  # our own command
        [*COMMAND, "serve", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield Served(_address(process), process.pid)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _address(process: "subprocess.Popen[str]") -> str:
    lines: Queue[str] = Queue()
    Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    try:
        line = lines.get(timeout=STARTS_WITHIN_S)
    except Empty:
        line = ""
    _, _, rest = line.partition("Copilot is at ")
    if not rest:
        process.kill()
        said = process.communicate()[1].strip()
        raise NotReadyError(
            f"copilot serve did not start within {STARTS_WITHIN_S} s: {said[-300:] or 'it said nothing'}"
        )
    return rest.split(" ")[0]


def _read(output: IO[str] | None, lines: "Queue[str]") -> None:
    for line in output or ():
        lines.put(line)
    lines.put("")
