"""`kill -9` at every moment in which something is on its way to the disk: the store is as before or as after."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.store.artefact import Kind

WORK = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from models.store.artefact import Kind
from models.store.store import ModelStore
import models.store.files as files

store, source, last_step = ModelStore(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
n_steps, when = 0, datetime(2026, 11, 2, tzinfo=UTC)
sync = files.sync

def deadly(path):
    global n_steps
    n_steps += 1
    if n_steps == last_step:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(path)

files.sync = deadly
import models.store.store as module
module.sync = deadly
added, _ = store.add(Kind.RANKER, source, check=lambda folder: "", at=when)
store.promote(Kind.RANKER, added.version, check=lambda folder: "", at=when)
store.roll_back(Kind.RANKER, check=lambda folder: "", at=when)
print(n_steps)
"""
N_STEPS = 11
"""Of one addition (manifest twice, then both folders, both files, the new name), one promotion and one rollback."""


def work(folder: Path, source: Path, last_step: int) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    arguments = [sys.executable, "-c", WORK, str(folder), str(source), str(last_step)]
    return subprocess.run(arguments, check=False, env=environment, capture_output=True, text=True)


def test_the_steps_are_as_many_as_are_tried(shelf) -> None:
    done = work(shelf.folder, shelf.source("second"), 0)
    assert (done.returncode, done.stdout.strip()) == (0, str(N_STEPS))


@pytest.mark.parametrize("step", range(1, N_STEPS + 1))
def test_whatever_a_kill_interrupts_the_store_is_whole_and_the_work_can_be_done_again(shelf, step: int) -> None:
    first = shelf.add("first")
    shelf.promote(first.version)
    assert work(shelf.folder, shelf.source("second"), step).returncode == -9
    assert [one.problem for one in shelf.store.verify() if one.problem] == []
    known = {one.version for one in shelf.store.artefacts(Kind.RANKER)}
    standing = shelf.store.standing(Kind.RANKER)
    assert standing.line[0] == first.version
    assert set(standing.line) <= known
    second = shelf.add("second")
    for version in (first.version, second.version):
        shelf.promote(version)
    assert shelf.serving() == second.version
    assert {name.rpartition("/")[2] for name in shelf.names()} == {
        "ranker", "serving.json", first.version, second.version, "artefact.json", "files", "model",
    }  # fmt: skip
