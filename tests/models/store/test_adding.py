import errno
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.store.artefact import Kind, read_artefact
from models.store.errors import (
    DamagedArtefactError,
    RefusedArtefactError,
    StoreRoomError,
    UnknownArtefactError,
)
from models.store.files import FileFacts, version_of

HASHES = st.dictionaries(
    st.text("abc/.", min_size=1, max_size=4), st.builds(FileFacts, st.integers(0, 9), st.sampled_from(["aa", "bb"]))
)


def accept(_: Path) -> str:
    return "anything"


def test_what_is_added_is_kept_with_everything_known_of_it(shelf) -> None:
    source = shelf.source("first", beats_baseline=True, seed=7)
    artefact, is_new = shelf.store.add(Kind.RANKER, source, check=lambda _: "mine", at=shelf.now, note="try this")
    assert is_new
    assert (artefact.name, artefact.source, artefact.note, artefact.added_at) == (
        "mine",
        "first-2",
        "try this",
        shelf.now,
    )
    assert artefact.training == {"beats_baseline": True, "seed": 7}
    assert artefact.files["model"] == FileFacts(5, sha256(b"first").hexdigest())
    assert artefact.n_bytes == 5 + len((source / "training.json").read_bytes())
    assert (artefact.folder / "model").read_text() == "first"
    assert shelf.store.artefacts(Kind.RANKER) == [artefact]
    assert shelf.store.artefacts(Kind.ENCODER) == []


def test_the_version_is_a_hash_of_the_names_and_contents(shelf) -> None:
    expected = sha256(f"model\0{sha256(b'first').hexdigest()}\n".encode()).hexdigest()[:12]
    assert shelf.add("first").version == expected
    assert shelf.add("second").version != expected


@given(HASHES, HASHES)
def test_different_files_have_different_versions(one, other) -> None:
    hashes = [{name: facts.sha256 for name, facts in files.items()} for files in (one, other)]
    assert (version_of(one) == version_of(other)) == (hashes[0] == hashes[1])


def test_adding_the_same_again_changes_nothing(shelf) -> None:
    first = shelf.add("first")
    again, is_new = shelf.store.add(Kind.RANKER, shelf.source("first"), check=accept, at=shelf.now, note="other note")
    assert not is_new
    assert again == first
    assert shelf.store.artefacts(Kind.RANKER) == [first]


def test_adding_the_same_again_mends_what_was_damaged(shelf, damage) -> None:
    first = shelf.add("first")
    damage(first)
    (first.place / "artefact.json").write_text("{")
    assert shelf.store.artefacts(Kind.RANKER) == []
    again = shelf.add("first")
    again.check_contents()
    assert read_artefact(first.place).files == first.files


def test_of_an_encoder_only_what_serves_is_copied(shelf) -> None:
    source = shelf.source("first")
    (source / "float32").mkdir()
    (source / "float32" / "weights").write_text("large")
    assert set(shelf.add("first", Kind.ENCODER).files) == {"model"}
    assert set(shelf.add("first", Kind.RANKER).files) == {"model", "float32/weights"}


@pytest.mark.parametrize("content", ["", "{", "[1]"])
def test_a_training_report_that_is_none_is_refused(shelf, content: str) -> None:
    source = shelf.source("first")
    (source / "training.json").write_text(content)
    with pytest.raises(RefusedArtefactError, match=r"training\.json"):
        shelf.add("first")
    assert shelf.names() == {"ranker"}


def test_what_cannot_be_loaded_is_not_added(shelf) -> None:
    with pytest.raises(RefusedArtefactError, match="cannot be loaded"):
        shelf.add("broken")
    assert shelf.names() == {"ranker"}


def test_no_folder_and_an_empty_folder_are_refused(shelf, tmp_path: Path) -> None:
    with pytest.raises(RefusedArtefactError, match="is no folder"):
        shelf.store.add(Kind.RANKER, tmp_path / "nowhere", check=accept, at=shelf.now)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RefusedArtefactError, match="holds no file"):
        shelf.store.add(Kind.RANKER, tmp_path / "empty", check=accept, at=shelf.now)
    (tmp_path / "empty" / "lost").symlink_to("nowhere")
    with pytest.raises(RefusedArtefactError, match="neither a file nor a folder"):
        shelf.store.add(Kind.RANKER, tmp_path / "empty", check=accept, at=shelf.now)


def test_a_full_disk_leaves_the_store_as_it_was(shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shelf.add("first")
    shelf.promote(first.version)
    before = shelf.names()
    shelf.source("second")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("models.store.files.os.fsync", full)
    with pytest.raises(StoreRoomError, match="nothing was added"):
        shelf.add("second")
    with pytest.raises(StoreRoomError, match="nothing was added or changed"):
        shelf.roll_back()
    monkeypatch.undo()
    assert shelf.names() == before
    assert shelf.serving() == first.version


def test_what_a_killed_addition_left_is_no_artefact_and_is_cleared_by_the_next(shelf) -> None:
    left = shelf.folder / "ranker" / ".unfinished" / "files"
    left.mkdir(parents=True)
    (left / "model").write_text("half")
    assert shelf.store.artefacts(Kind.RANKER) == []
    assert shelf.store.verify() == []
    added = shelf.add("first")
    assert {path.name for path in (shelf.folder / "ranker").iterdir()} == {added.version}


def test_a_beginning_names_a_version_if_it_is_the_only_one(shelf) -> None:
    first, second = shelf.add("first"), shelf.add("second")
    assert shelf.store.get(Kind.RANKER, first.version[:6]) == first
    for unclear in ("", "zz", first.version + "0"):
        with pytest.raises(UnknownArtefactError, match=second.version):
            shelf.store.get(Kind.RANKER, unclear)
    with pytest.raises(UnknownArtefactError, match="copilot models add"):
        shelf.store.get(Kind.ENCODER, first.version)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(format=9),
        lambda manifest: manifest.update(version="000000000000"),
        lambda manifest: manifest["files"]["model"].update(sha256="00"),
        lambda manifest: manifest.pop("note"),
        lambda manifest: manifest.update(kind="chatbot"),
    ],
)
def test_a_changed_manifest_is_noticed(shelf, change) -> None:
    artefact = shelf.add("first")
    path = artefact.place / "artefact.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(DamagedArtefactError, match=r"artefact\.json"):
        shelf.store.get(Kind.RANKER, artefact.version)
    (verdict,) = shelf.store.verify()
    assert "artefact.json" in verdict.problem
