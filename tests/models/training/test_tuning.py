from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.training.checkpoint import STATE_FILE, Checkpoint
from models.training.errors import OutOfRoomError, TrainingResumeError
from models.training.examples import Examples
from models.training.measuring import Exam
from models.training.network import Limits, Network
from models.training.pairs import read_pairs
from models.training.tuning import FullSettings, Saving, tune

SETTINGS = FullSettings(epochs=2, batch_size=32, learning_rate=1e-3)
LIMITS = Limits(query=40, passage=40)


class _PowerCutError(Exception):
    pass


def silent(done: int, total: int, what: str) -> None:
    pass


def stop_at(step: int) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, what: str) -> None:
        if what == "training" and done == step:
            raise _PowerCutError

    return progress


@pytest.fixture
def materials(write_pairs: Callable[..., Path], make_talk: Callable[..., list[object]]) -> tuple[Examples, Exam]:
    rows = read_pairs(write_pairs(make_talk(260))).rows
    return Examples.of(rows[:200]), Exam.of(rows[200:], 2, np.random.default_rng(0), most=60)


def test_training_stopped_within_a_pass_ends_with_the_same_weights(
    tiny_base: Path, tmp_path: Path, materials: tuple[Examples, Exam]
) -> None:
    whole = Network.from_folder(tiny_base, LIMITS, "cpu")
    scores = tune(whole, *materials, SETTINGS, Saving(tmp_path / "whole", "a"), silent)
    saving = Saving(tmp_path / "stopped", "a", seconds=-1.0)
    for step in (3, 9):
        with pytest.raises(_PowerCutError):
            tune(Network.from_folder(tiny_base, LIMITS, "cpu"), *materials, SETTINGS, saving, stop_at(step))
        found = Checkpoint.load(saving.folder, "a")
        assert found is not None
        assert found.step == step - 1
    resumed = Network.from_folder(tiny_base, LIMITS, "cpu")
    assert tune(resumed, *materials, SETTINGS, saving, silent) == scores
    for name, value in resumed.trainable.items():
        np.testing.assert_array_equal(value.detach().numpy(), whole.trainable[name].detach().numpy(), err_msg=name)


def test_word_embeddings_stay_as_they_are(tiny_base: Path, tmp_path: Path, materials: tuple[Examples, Exam]) -> None:
    network = Network.from_folder(tiny_base, LIMITS, "cpu")
    before = {name: value.detach().clone() for name, value in network.module.named_parameters()}
    tune(network, *materials, SETTINGS, Saving(tmp_path, "a"), silent)
    same = {name for name, value in network.module.named_parameters() if bool((value == before[name]).all())}
    assert same == {"embeddings.word_embeddings.weight"}


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused(
    tiny_base: Path, tmp_path: Path, materials: tuple[Examples, Exam]
) -> None:
    network = Network.from_folder(tiny_base, LIMITS, "cpu")
    with pytest.raises(_PowerCutError):
        tune(network, *materials, SETTINGS, Saving(tmp_path, "a", seconds=-1.0), stop_at(3))
    with pytest.raises(TrainingResumeError, match="other pairs or settings"):
        Checkpoint.load(tmp_path, "b")
    (tmp_path / STATE_FILE).write_bytes(b"half of it")
    with pytest.raises(TrainingResumeError, match="delete"):
        Checkpoint.load(tmp_path, "a")


def test_a_checkpoint_that_does_not_fit_says_so(
    tiny_base: Path, tmp_path: Path, materials: tuple[Examples, Exam]
) -> None:
    (tmp_path / f".{STATE_FILE}.unfinished").symlink_to("/dev/full")
    with pytest.raises(OutOfRoomError, match="no room left"):
        tune(
            Network.from_folder(tiny_base, LIMITS, "cpu"),
            *materials,
            SETTINGS,
            Saving(tmp_path, "a", seconds=-1.0),
            silent,
        )


def test_a_long_query_keeps_its_prefix_and_its_end_and_a_long_passage_its_start(tiny_base: Path) -> None:
    network = Network.from_folder(tiny_base, Limits(query=10, passage=10), "cpu")
    query, passage = network.query_ids("发" * 30 + "谢谢你"), network.passage_ids("谢谢你" + "发" * 30)
    assert len(query) == len(passage) == 10
    prefix = network.query_ids("")[:-1]
    assert query[: len(prefix)] == prefix
    assert query[-4:] == network.query_ids("谢谢你")[-4:]
    assert passage[:-1] == network.passage_ids("谢谢你" + "发" * 3)[:9]
    assert passage[-1] == query[-1]
