import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.encoders import open_encoder, prepare_encoder
from models.encoders.manifest import read_manifest
from models.encoders.onnx import OnnxEncoder
from models.errors import DamagedModelError, UnknownEncoderError

PREPARE = "import sys; from pathlib import Path; from models.encoders import prepare_encoder\n"
PREPARE_AND_PRINT = PREPARE + "print(prepare_encoder(sys.argv[1], folder=Path(sys.argv[2])))"
DIE_MIDWAY = (
    PREPARE
    + """
import os, signal
from models.encoders import preparation
def convert_half(source, out):
    (out / "model.onnx").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
preparation.convert = convert_half
prepare_encoder(sys.argv[1], folder=Path(sys.argv[2]))
"""
)


def _python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def _visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_preparing_twice_converts_once(make_tiny_model: Callable, tmp_path: Path) -> None:
    source = str(make_tiny_model().folder)
    first = prepare_encoder(source, folder=tmp_path / "prepared")
    written_at = (first / "model.onnx").stat().st_mtime_ns
    assert prepare_encoder(source, folder=tmp_path / "prepared") == first
    assert (first / "model.onnx").stat().st_mtime_ns == written_at


def test_the_manifest_says_where_it_came_from_and_matches_every_file(make_tiny_model: Callable, tmp_path: Path) -> None:
    source = make_tiny_model().folder
    prepared = prepare_encoder(str(source), folder=tmp_path / "prepared")
    manifest = read_manifest(prepared)
    assert manifest.source == str(source)
    assert manifest.dim == 32
    assert set(manifest.files) == {"model.onnx", "tokenizer.json", "encoder.json"}
    assert "onnxruntime" in manifest.versions
    manifest.check_contents(prepared)


def test_two_processes_preparing_at_once_end_with_one_encoder(make_tiny_model: Callable, tmp_path: Path) -> None:
    source, folder = make_tiny_model().folder, tmp_path / "prepared"
    processes = [_python(PREPARE_AND_PRINT, source, folder) for _ in range(2)]
    printed = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert printed == {str(folder / name) for name in _visible(folder)}
    read_manifest(Path(printed.pop())).check_contents(folder / _visible(folder)[0])


def test_a_process_killed_midway_leaves_no_encoder_and_the_next_one_succeeds(
    make_tiny_model: Callable, tmp_path: Path
) -> None:
    source, folder = make_tiny_model().folder, tmp_path / "prepared"
    killed = _python(DIE_MIDWAY, source, folder)
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    assert _visible(folder) == []
    prepared = prepare_encoder(str(source), folder=folder)
    read_manifest(prepared).check_contents(prepared)
    assert not list(folder.glob("*.unfinished"))


def test_new_weights_in_the_same_folder_are_a_new_encoder(make_tiny_model: Callable, tmp_path: Path) -> None:
    first, second = make_tiny_model(seed=0), make_tiny_model(seed=1)
    before = open_encoder(str(first.folder), folder=tmp_path / "prepared", threads=1)
    (first.folder / "model.safetensors").write_bytes((second.folder / "model.safetensors").read_bytes())
    after = open_encoder(str(first.folder), folder=tmp_path / "prepared", threads=1)
    assert before.fingerprint != after.fingerprint
    assert not np.allclose(before.encode_queries(["hello"]), after.encode_queries(["hello"]))


def test_a_copy_of_a_model_elsewhere_has_the_same_fingerprint(make_tiny_model: Callable, tmp_path: Path) -> None:
    source = make_tiny_model().folder
    here = open_encoder(str(source), folder=tmp_path / "here", threads=1)
    moved = source.rename(tmp_path / "moved")
    there = open_encoder(str(moved), folder=tmp_path / "there", threads=1)
    assert here.fingerprint == there.fingerprint


def test_a_prepared_folder_opens_by_its_path(make_tiny_model: Callable, tmp_path: Path) -> None:
    prepared = prepare_encoder(str(make_tiny_model().folder), folder=tmp_path / "prepared")
    encoder = open_encoder(str(prepared), folder=tmp_path / "elsewhere", threads=1)
    assert encoder.encode_queries(["hello"]).shape == (1, 32)
    assert not (tmp_path / "elsewhere").exists()


def test_a_prepared_file_cut_short_is_refused_on_opening(make_tiny_model: Callable, tmp_path: Path) -> None:
    prepared = prepare_encoder(str(make_tiny_model().folder), folder=tmp_path / "prepared")
    model = prepared / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(DamagedModelError, match=r"model\.onnx"):
        OnnxEncoder.from_folder(prepared)


def test_a_flipped_bit_is_found_by_the_thorough_check(make_tiny_model: Callable, tmp_path: Path) -> None:
    prepared = prepare_encoder(str(make_tiny_model().folder), folder=tmp_path / "prepared")
    model = prepared / "model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    with pytest.raises(DamagedModelError, match="differs"):
        read_manifest(prepared).check_contents(prepared)


def test_a_manifest_that_is_not_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(["nothing"]))
    with pytest.raises(DamagedModelError, match="not a prepared encoder"):
        OnnxEncoder.from_folder(tmp_path)


@pytest.mark.parametrize("name", ["no-such-folder/", "nobody/no-such-model", "a b c"])
def test_a_name_that_nothing_answers_to_is_refused_with_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UnknownEncoderError, match="give its path"):
        open_encoder(name, folder=tmp_path, threads=1)


def test_zero_threads_are_refused(make_tiny_model: Callable, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got 0"):
        open_encoder(str(make_tiny_model().folder), folder=tmp_path / "prepared", threads=0)
