import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from knowledge.errors import IndexCorruptError, SearchIndexError
from knowledge.index.build import LOCK_FILE, build_index
from knowledge.index.files import locked_at_once
from knowledge.index.snapshot import current_snapshot, tenant_folder
from knowledge.index.status import index_status

KILLED_BUILD = """
import os, signal, sys
from pathlib import Path
import numpy as np
from knowledge.index.build import build_index
from knowledge.workspace import Workspace

class DyingEncoder:
    fingerprint, dim, n_calls = "hash-64", 64, 0
    def encode_queries(self, texts):
        DyingEncoder.n_calls += 1
        if DyingEncoder.n_calls > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.full((len(texts), 64), 0.125, np.float32)
    encode_passages = encode_queries

workspace = Workspace.open(Path(sys.argv[1]))
build_index(workspace.database, workspace.index_folder, "default", DyingEncoder())
"""


def stock(shop: Any) -> None:
    shop.publish("hours", "九点开门。", "几点开门")
    shop.product("A1", "面霜")
    shop.passage("m#1", "七天内可退。")


def tenant(shop: Any) -> Path:
    return tenant_folder(shop.index_folder, shop.tenant_id)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_build_says_what_it_made(shop: Any) -> None:
    stock(shop)
    report = shop.build()
    assert report.snapshot == "gen-000001"
    assert report.seq == shop.head()
    assert report.n_items == {"scripts": 1, "products": 1, "passages": 1}
    assert report.n_rows == {"scripts.trigger": 1, "scripts.reply": 1, "products.text": 1, "passages.text": 1}
    assert report.n_encoded == 4
    snapshot = current_snapshot(tenant(shop))
    assert snapshot.contents.created_at == shop.now
    assert snapshot.contents.fingerprint == "hash-64"
    assert snapshot.damaged_files() == []


def test_a_second_build_encodes_only_what_is_new(shop: Any) -> None:
    stock(shop)
    shop.build()
    shop.encoder.encoded.clear()
    shop.publish("hours", "九点开门。", "几点开门", "营业时间")
    assert shop.build().n_encoded == 1
    assert shop.encoder.encoded == ["营业时间"]


def test_progress_is_told(shop: Any) -> None:
    stock(shop)
    told: list[tuple[int, int, str]] = []
    build_index(
        shop.workspace.database,
        shop.index_folder,
        shop.tenant_id,
        shop.encoder,
        lambda done, total, what: told.append((done, total, what)),
    )
    assert (1, 1, "encoding scripts: trigger") in told
    assert told[-1] == (1, 1, "encoding passages: text")


def test_the_last_two_generations_are_kept(shop: Any) -> None:
    stock(shop)
    early = shop.build()
    index = shop.index()
    for _ in range(3):
        removed = shop.build().removed
    assert removed == ["gen-000002"]
    assert {name for name in names(tenant(shop)) if name.startswith("gen-")} == {"gen-000003", "gen-000004"}
    assert index.version.startswith(early.snapshot)
    view = index.scripts
    assert view.item_id(view.ordinal("hours")) == "hours", "an index of a removed generation keeps working"
    assert len(view.search_vectors("trigger", shop.encoder.query("几点开门"), view.mask(), 3)) == 1


def test_vectors_of_an_encoder_no_longer_used_are_removed(shop: Any) -> None:
    stock(shop)
    shop.build()
    shop.encoder.fingerprint = "trained"
    shop.build()
    assert len(names(tenant(shop) / "cache")) == 2, "the generation before may still be gone back to"
    shop.build()
    assert len(names(tenant(shop) / "cache")) == 1


def test_two_builds_do_not_run_at_once(shop: Any) -> None:
    with locked_at_once(tenant(shop) / LOCK_FILE) as held:
        assert held
        with pytest.raises(SearchIndexError, match="under way"):
            shop.build()
    assert shop.build().snapshot == "gen-000001"


def test_a_killed_build_leaves_the_generation_before_and_is_resumed(shop: Any) -> None:
    stock(shop)
    shop.build()
    for number in range(300):
        shop.publish(f"s{number}", f"回复{number}", f"问题{number}")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    arguments = [sys.executable, "-c", KILLED_BUILD, str(shop.workspace.folder)]
    assert subprocess.run(arguments, check=False, env=environment).returncode == -9
    assert current_snapshot(tenant(shop)).name == "gen-000001"
    assert shop.index().scripts.n_live == 301, "what changed since is followed"
    report = shop.build()
    assert report.snapshot == "gen-000002"
    assert report.n_items["scripts"] == 301
    assert report.n_encoded == 0, "opening the index encoded what the killed build had not"


def test_an_interrupted_build_leaves_nothing_behind_after_the_next(shop: Any) -> None:
    stock(shop)
    shop.encoder.broken_by = "七天"
    with pytest.raises(RuntimeError, match="cannot encode"):
        shop.build()
    assert current_snapshot(tenant(shop)) is None
    shop.encoder.broken_by = None
    (tenant(shop) / "building" / "generation").mkdir(parents=True)
    assert shop.build().n_encoded == 1
    assert names(tenant(shop)) == {"CURRENT", "build.lock", "cache", "gen-000001"}


@pytest.mark.parametrize("name", ["owners.npy", "texts.bytes.npy"])
def test_a_cut_file_is_noticed_when_opening(shop: Any, name: str) -> None:
    stock(shop)
    snapshot = shop.build().snapshot
    path = tenant(shop) / snapshot / "scripts" / "field_trigger" / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexCorruptError, match=f"{name} has .* bytes, its manifest says"):
        shop.index()


def test_a_changed_manifest_is_noticed_when_opening(shop: Any) -> None:
    stock(shop)
    path = tenant(shop) / shop.build().snapshot / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["contents"]["seq"] -= 1
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(IndexCorruptError, match="not what was written"):
        shop.index()


@pytest.mark.parametrize("pointer", ["", "../elsewhere abc", "gen-000009 abc"])
def test_a_pointer_to_nothing_is_noticed_when_opening(shop: Any, pointer: str) -> None:
    shop.build()
    (tenant(shop) / "CURRENT").write_text(pointer, encoding="utf-8")
    with pytest.raises(IndexCorruptError, match="copilot index build"):
        shop.index()
    shop.build()
    assert shop.index().scripts.n_items == 0


def test_the_status_tells_how_far_behind_the_snapshot_is(shop: Any) -> None:
    stock(shop)
    database, folder = shop.workspace.database, shop.index_folder
    assert index_status(folder, database, shop.tenant_id).rebuild_recommended
    shop.build()
    shop.publish("hours", "十点开门。", "几点开门")
    shop.publish("hours", "十一点开门。", "几点开门")
    status = index_status(folder, database, shop.tenant_id)
    assert status.snapshot.name == "gen-000001"
    assert (status.head_seq, status.n_waiting, status.rebuild_recommended) == (shop.head(), 1, False)
