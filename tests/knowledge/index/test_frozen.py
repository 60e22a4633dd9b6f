from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowledge.errors import IndexMissingError
from knowledge.index.cache import VectorCache
from knowledge.index.encoding import CachedEncoder
from knowledge.index.filters import AllOf, AtLeast, AtMost
from knowledge.index.frozen import FrozenLibrary, freeze_history, freeze_now
from knowledge.tables import DEFAULT_TENANT, Script, ScriptStatus, ScriptVersion
from knowledge.workspace import Workspace
from models.encoders.hashing import HashEncoder

MAY = datetime(2026, 5, 1, tzinfo=UTC)
JULY = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A script that said one thing from May and another from July, and one that was only ever a draft."""
    made = Workspace.create(tmp_path / "workspace")
    with made.database.write() as session:
        here = {"tenant_id": DEFAULT_TENANT, "created_at": MAY}
        session.add(Script(tenant_id=DEFAULT_TENANT, id="s1", live_version=2, latest_version=2, updated_at=JULY))
        session.add(Script(tenant_id=DEFAULT_TENANT, id="s2", live_version=None, updated_at=MAY))
        old = {"published_at": MAY, "ended_at": JULY, "status": ScriptStatus.RETIRED}
        new = {"published_at": JULY, "status": ScriptStatus.PUBLISHED}
        session.add(ScriptVersion(**here, script_id="s1", version=1, text="七天内可退", triggers=["可以退吗"], **old))
        session.add(ScriptVersion(**here, script_id="s1", version=2, text="十五天内可退", triggers=["可以退吗"], **new))
        session.add(ScriptVersion(**here, script_id="s2", version=1, text="草稿"))
    yield made
    made.close()


@pytest.fixture
def encoder(tmp_path: Path) -> CachedEncoder:
    plain = HashEncoder()
    return CachedEncoder(plain, VectorCache.open(tmp_path / "cache", plain.fingerprint, plain.dim))


def versions_at(library: FrozenLibrary, moment: datetime) -> list[int]:
    scripts = library.view.scripts
    seen = scripts.mask(AllOf((AtMost("valid_from", moment.timestamp()), AtLeast("valid_to", moment.timestamp()))))
    return [scripts.version(item) for item in seen.nonzero()[0].tolist()]


def test_the_history_holds_the_version_of_each_moment(
    workspace: Workspace, encoder: CachedEncoder, tmp_path: Path
) -> None:
    library = freeze_history(workspace.database, DEFAULT_TENANT, encoder, tmp_path / "frozen")
    assert versions_at(library, MAY - timedelta(seconds=1)) == []
    assert versions_at(library, MAY) == [1]
    assert versions_at(library, JULY - timedelta(seconds=1)) == [1]
    assert versions_at(library, JULY) == [2]
    assert versions_at(library, JULY + timedelta(days=900)) == [2]


def test_the_library_of_now_holds_live_versions_only(
    workspace: Workspace, encoder: CachedEncoder, tmp_path: Path
) -> None:
    library = freeze_now(workspace.database, DEFAULT_TENANT, encoder, tmp_path / "frozen")
    assert versions_at(library, MAY) == [2]


def test_the_version_names_the_contents(workspace: Workspace, encoder: CachedEncoder, tmp_path: Path) -> None:
    first = freeze_history(workspace.database, DEFAULT_TENANT, encoder, tmp_path / "a")
    again = freeze_history(workspace.database, DEFAULT_TENANT, encoder, tmp_path / "b")
    assert first.version == again.version == FrozenLibrary.open(tmp_path / "a").version
    with workspace.database.write() as session:
        session.get(ScriptVersion, (DEFAULT_TENANT, "s1", 2)).triggers = ["能退吗"]
    assert freeze_history(workspace.database, DEFAULT_TENANT, encoder, tmp_path / "c").version != first.version


def test_a_library_not_frozen_to_the_end_is_none(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="holds no frozen library"):
        FrozenLibrary.open(tmp_path)
