import json
from typing import Any

import pytest

from knowledge.errors import SearchIndexError
from knowledge.index.build import LOCK_FILE
from knowledge.index.files import locked_at_once
from knowledge.index.going_back import use_kept_snapshot
from knowledge.index.snapshot import current_snapshot, tenant_folder


def go_back(shop: Any, fingerprint: str, dim: int = 64) -> str | None:
    found = use_kept_snapshot(
        shop.workspace.database, shop.index_folder, shop.tenant_id, fingerprint=fingerprint, dim=dim
    )
    return found.name if found else None


def current(shop: Any) -> str:
    return current_snapshot(tenant_folder(shop.index_folder, shop.tenant_id)).name


def built_twice(shop: Any) -> None:
    shop.publish("hours", "九点开门。", "几点开门")
    shop.build()
    shop.encoder.fingerprint = "trained"
    shop.build()


def test_the_generation_of_the_encoder_before_is_taken_up_again_with_what_has_changed_since(shop: Any) -> None:
    built_twice(shop)
    shop.publish("parking", "可以停车。", "能停车吗")
    assert go_back(shop, "hash-64") == current(shop) == "gen-000001"
    shop.encoder.fingerprint = "hash-64"
    assert shop.index().scripts.n_live == 2
    assert shop.build().snapshot == "gen-000003"


def test_without_a_kept_generation_nothing_changes(shop: Any) -> None:
    assert go_back(shop, "hash-64") is None
    built_twice(shop)
    assert go_back(shop, "unknown") is None
    assert go_back(shop, "hash-64", dim=32) is None
    assert current(shop) == "gen-000002"


def test_a_damaged_generation_is_not_gone_back_to(shop: Any) -> None:
    built_twice(shop)
    path = next((tenant_folder(shop.index_folder, shop.tenant_id) / "gen-000001" / "scripts").rglob("*.npy"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert go_back(shop, "hash-64") is None
    assert current(shop) == "gen-000002"


def test_a_generation_that_this_version_cannot_open_is_not_gone_back_to(shop: Any) -> None:
    built_twice(shop)
    folder = tenant_folder(shop.index_folder, shop.tenant_id) / "gen-000001"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]["scripts/field_trigger/owners.npy"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "scripts" / "field_trigger" / "owners.npy").unlink()
    assert go_back(shop, "hash-64") is None
    assert current(shop) == "gen-000002"


def test_nobody_goes_back_while_the_index_is_built(shop: Any) -> None:
    built_twice(shop)
    with locked_at_once(tenant_folder(shop.index_folder, shop.tenant_id) / LOCK_FILE) as held:
        assert held
        with pytest.raises(SearchIndexError, match="under way"):
            go_back(shop, "hash-64")
