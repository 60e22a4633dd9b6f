"""Large files: bounded memory, and a killed import that is simply run again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

IMPORT = """
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from knowledge.imports import ImportKind, import_file
from knowledge.workspace import Workspace

folder, file, kind = sys.argv[1:]
workspace = Workspace.create(Path(folder))
report = import_file(
    workspace.database, "default", ImportKind(kind), Path(file), now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
    progress=lambda done, total: print(json.dumps([done, total]), flush=True) if total else None,
)
peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"n_added": report.n_added, "n_rejected": report.n_rejected, "peak_mib": peak_kib // 1024}))
"""
TABLES = ("order", "order_line", "order_status_change")


def order_rows(n_rows: int) -> Iterator[str]:
    yield "order_id,customer_id,sku,ordered_at,quantity,amount,status\n"
    for number in range(n_rows):
        # Two lines of each order stand half a file apart.
        order = number % max(n_rows // 2, 1)
        minute = f"2026-0{order % 9 + 1}-1{order % 10} {order % 24:02d}:{order % 60:02d}"
        sku, amount = f"SKU-{number % 997:03d}", f"{number % 500}.50"
        yield f"O{order:07d},C{order % 50_000:05d},{sku},{minute},{number % 3 + 1},{amount},paid\n"


def start_import(workspace: Path, file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(workspace), str(file), "orders"], stdout=subprocess.PIPE, text=True
    )


def stored(workspace: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(workspace / "copilot.db")
    try:
        return {table: connection.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2, 3').fetchall() for table in TABLES}  # noqa: S608
    finally:
        connection.close()


@pytest.mark.slow
def test_a_million_orders_fit_in_half_a_gigabyte(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    with file.open("w", encoding="utf-8") as text:
        text.writelines(order_rows(1_000_000))
    output, _ = start_import(tmp_path / "workspace", file).communicate()
    result = json.loads(output.splitlines()[-1])
    assert (result["n_added"], result["n_rejected"]) == (1_000_000, 0)
    assert result["peak_mib"] < 500


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process outright")
def test_a_killed_import_run_again_gives_what_an_uninterrupted_one_gives(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    with file.open("w", encoding="utf-8") as text:
        text.writelines(order_rows(30_000))
    killed = start_import(tmp_path / "killed", file)
    assert killed.stdout is not None
    done, total = json.loads(killed.stdout.readline())
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert 0 < done < total
    assert 0 < len(stored(tmp_path / "killed")["order"]) < 15_000

    again, _ = start_import(tmp_path / "killed", file).communicate()
    whole, _ = start_import(tmp_path / "whole", file).communicate()
    assert json.loads(whole.splitlines()[-1])["n_added"] == 30_000
    assert json.loads(again.splitlines()[-1])["n_added"] < 30_000
    assert stored(tmp_path / "killed") == stored(tmp_path / "whole")
