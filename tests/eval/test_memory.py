"""What a process takes."""

import subprocess
import sys

import pytest

from eval.bandwidth import read_bandwidth
from eval.memory import STATUS_FILE, read_status

STATUS = """Name:\tpython
VmPeak:\t  900000 kB
VmHWM:\t  500000 kB
VmRSS:\t  400000 kB
RssAnon:\t  250000 kB
RssFile:\t  150000 kB
RssShmem:\t       0 kB
"""


def test_the_peak_and_its_parts_are_read_in_megabytes() -> None:
    memory = read_status(STATUS)
    assert memory.peak_mb == pytest.approx(500_000 * 1024 / 1e6)
    assert memory.own_mb == pytest.approx(256.0)
    assert memory.mapped_mb == pytest.approx(153.6)


@pytest.mark.skipif(not STATUS_FILE.is_file(), reason="the system has no /proc")
def test_memory_that_is_filled_shows() -> None:
    # In a process of its own: one that has been busy before serves 40 MB from what it freed.
    script = (
        "import numpy as np; from eval.memory import own_memory; before = own_memory(); "
        "filled = np.ones(5_000_000); after = own_memory(); print(filled[-1], after.own_mb - before.own_mb)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert float(said[0]) == 1.0
    assert float(said[1]) > 30


def test_bandwidth_is_bytes_over_the_best_round() -> None:
    readings = iter([0.0, 0.5, 1.0, 1.25, 2.0, 3.0])
    assert read_bandwidth(4_000, n_rounds=3, clock=lambda: next(readings)) == pytest.approx(4_000 / 0.25)
