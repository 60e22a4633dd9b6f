"""A run that is killed and asked for again gives the same bytes as one that never was."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eval.runs.run import QUERIES_FILE

DEADLINE_S = 120.0


def command(settings, turns, workspace: Path) -> list[str]:
    options = ["--data", str(turns.path), "--workspace", str(workspace), "--encoder", "hash", "--processes", "2"]
    return [sys.executable, "-m", "copilot", "eval", "run", *options]


def parts(workspace: Path) -> list[Path]:
    return sorted(workspace.glob("runs/*.partial/parts/*.queries.parquet"))


def wait_for_a_part(process: subprocess.Popen[bytes], workspace: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not parts(workspace):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline, "it never answered a shard"
        os.sched_yield()


@pytest.mark.slow
def test_a_killed_run_ends_in_the_same_bytes(settings, turns, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for copy in (whole, killed):
        shutil.copytree(settings.workspace, copy)
    subprocess.run(command(settings, turns, whole), check=True, capture_output=True)
    process = subprocess.Popen(command(settings, turns, killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_a_part(process, killed)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in parts(killed)}
    assert 0 < len(before) <= 3
    subprocess.run(command(settings, turns, killed), check=True, capture_output=True)
    (expected,), (found,) = (list(copy.glob(f"runs/*/{QUERIES_FILE}")) for copy in (whole, killed))
    assert found.parent.name == expected.parent.name
    assert found.read_bytes() == expected.read_bytes()
    assert not list(killed.glob("runs/*.partial"))
