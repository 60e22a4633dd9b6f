import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.encoders import open_encoder
from models.encoders.manifest import read_manifest
from models.errors import ModelError
from models.training.errors import OutOfRoomError, TrainingBaseError, TrainingDataError, TrainingError
from models.training.fitting import CheapSettings
from models.training.training import Job, train_encoder
from models.training.tuning import FullSettings

CHEAP = CheapSettings(epochs=4, batch_size=64, hidden=16, learning_rate=3e-3, dropout=0.0)
FULL = FullSettings(epochs=2, batch_size=32, learning_rate=1e-3, query_tokens=40, passage_tokens=40)

MakeJob = Callable[..., Job]


def silent(done: int, total: int, what: str) -> None:
    pass


@pytest.fixture
def make_job(
    tmp_path: Path, tiny_base: Path, write_pairs: Callable[..., Path], make_talk: Callable[..., list[object]]
) -> MakeJob:
    def make(mode: str = "cheap", n_rows: int = 400, **changed: object) -> Job:
        job = Job(
            pairs=write_pairs(make_talk(n_rows)),
            out=tmp_path / "out" / mode,
            models=tiny_base.parent / "prepared",
            dev=write_pairs(make_talk(120, seed=1), "dev.jsonl"),
            mode=mode,
            base=str(tiny_base),
            cheap=CHEAP,
            full=FULL,
        )
        return replace(job, **changed)

    return make


@pytest.mark.parametrize("mode", ["cheap", "full"])
def test_the_result_is_an_encoder_that_beats_the_untrained_one(make_job: MakeJob, mode: str) -> None:
    job = make_job(mode)
    report = train_encoder(job, silent)
    assert report.beats_baseline
    assert report.replaced
    encoder = open_encoder(str(job.out), folder=job.models, threads=1)
    assert encoder.fingerprint == report.fingerprint != report.base_fingerprint
    query, passage = encoder.encode_queries(["请问发货 abc"]), encoder.encode_passages(["请问发货 abc"])
    np.testing.assert_allclose(np.linalg.norm(query), 1.0, atol=1e-5)
    assert not np.allclose(query, passage)
    read_manifest(job.out).check_contents(job.out)


@pytest.mark.parametrize("mode", ["cheap", "full"])
def test_the_record_says_what_was_learnt_from_and_what_came_of_it(make_job: MakeJob, mode: str) -> None:
    job = make_job(mode)
    report = train_encoder(job, silent)
    record = json.loads((job.out / "training.json").read_text(encoding="utf-8"))
    assert record["data"]["pairs_sha256"] == report.data.pairs_sha256
    assert record["data"]["n_train"] == 400
    assert record["settings"]["epochs"] == job.settings.epochs
    names = ["untrained", "trained"] if mode == "cheap" else ["untrained", "float32", "int8"]
    assert list(record["metrics"])[: len(names)] == names
    assert record["beats_baseline"] is True
    for metrics in record["metrics"].values():
        assert set(metrics) == {"R10@1", "R10 RR", "pool R@10", "pool RR"}
        assert all(one["low"] <= one["mean"] <= one["high"] for one in metrics.values())


def test_the_same_job_gives_the_same_encoder(make_job: MakeJob, tmp_path: Path) -> None:
    jobs = [make_job(out=tmp_path / name) for name in ("one", "two")]
    assert len({train_encoder(job, silent).fingerprint for job in jobs}) == 1
    other = make_job(out=tmp_path / "three", cheap=replace(CHEAP, seed=1))
    assert train_encoder(other, silent).fingerprint != train_encoder(jobs[0], silent).fingerprint


def test_an_encoder_is_not_replaced_by_one_that_is_no_better(make_job: MakeJob) -> None:
    job = make_job()
    before = train_encoder(job, silent)
    after = train_encoder(replace(job, cheap=replace(CHEAP, epochs=1, learning_rate=1e-9)), silent)
    assert not after.replaced
    assert read_manifest(job.out).fingerprint == before.fingerprint
    assert [path.name for path in job.out.parent.iterdir()] == [job.out.name]


def test_where_replies_have_nothing_to_do_with_messages_nothing_is_won(
    make_job: MakeJob, write_pairs: Callable[..., Path], make_talk: Callable[..., list[dict[str, object]]]
) -> None:
    rng = np.random.default_rng(0)

    def shuffled(n: int, seed: int) -> list[object]:
        rows = make_talk(n, seed=seed)
        replies = rng.permutation([str(row["reply"]) for row in rows]).tolist()
        return [{**row, "reply": reply} for row, reply in zip(rows, replies, strict=True)]

    job = make_job(pairs=write_pairs(shuffled(400, 0), "a.jsonl"), dev=write_pairs(shuffled(120, 1), "b.jsonl"))
    report = train_encoder(job, silent)
    assert not report.beats_baseline
    assert report.replaced


def test_pairs_that_cannot_be_learnt_from_say_so(make_job: MakeJob, write_pairs: Callable[..., Path]) -> None:
    """Every row says the same, so that one distinct pair is left."""
    alike = [{"message": "什么时候发货", "context": [], "reply": "今天"}] * 500
    job = make_job(pairs=write_pairs(alike, "alike.jsonl"))
    with pytest.raises(TrainingDataError, match="1 distinct pairs are left to learn from; expected at least 32"):
        train_encoder(job, silent)
    assert not job.out.exists()


def test_a_full_disk_leaves_the_serving_encoder_as_it_was(make_job: MakeJob, tmp_path: Path, tiny_base: Path) -> None:
    job = make_job()
    before = train_encoder(job, silent)
    models = tmp_path / "other-models"
    vectors = models / "training-vectors"
    vectors.mkdir(parents=True)
    (vectors / f"{before.base_fingerprint}-queries.vectors").symlink_to("/dev/full")
    prepared = next(path for path in job.models.iterdir() if (path / "encoder.json").exists())
    with pytest.raises(OutOfRoomError, match="Make room"):
        train_encoder(replace(job, models=models, base=str(prepared)), silent)
    assert read_manifest(job.out).fingerprint == before.fingerprint
    read_manifest(job.out).check_contents(job.out)
    assert [path.name for path in job.out.parent.iterdir()] == [job.out.name]


@pytest.mark.parametrize("base", ["hash", "float32:default"])
def test_what_has_no_network_to_serve_cannot_be_trained(make_job: MakeJob, base: str) -> None:
    with pytest.raises(TrainingBaseError, match="training starts from"):
        train_encoder(make_job(base=base), silent)


def test_heads_are_not_put_on_heads(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()
    train_encoder(job, silent)
    with pytest.raises(TrainingBaseError, match="has trained heads already"):
        train_encoder(replace(job, base=str(job.out), out=tmp_path / "again"), silent)


def test_other_peoples_folders_are_not_written_over(make_job: MakeJob) -> None:
    job = make_job()
    job.out.mkdir(parents=True)
    (job.out / "letters.txt").write_text("dear")
    with pytest.raises(TrainingError, match="did not write"):
        train_encoder(job, silent)


class _PowerCutError(Exception):
    pass


def _stop_at(step: int) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, what: str) -> None:
        if what == "training" and done == step:
            raise _PowerCutError

    return progress


def test_an_interrupted_full_training_refuses_other_settings(make_job: MakeJob) -> None:
    job = make_job("full")
    per_pass = 400 // FULL.batch_size
    with pytest.raises(_PowerCutError):
        train_encoder(job, _stop_at(per_pass + 3))
    assert not job.out.exists()
    with pytest.raises(ModelError, match="interrupted training of other pairs or settings"):
        train_encoder(replace(job, full=replace(FULL, learning_rate=5e-4)), silent)


KILLED = """
import os, signal, sys
from pathlib import Path
from models.training.training import Job, train_encoder
from models.training.tuning import FullSettings
from models.training.fitting import CheapSettings

pairs, dev, out, models, base, cheap, full, kill_at = sys.argv[1:]

def progress(done, total, what):
    if what == "training" and done == int(kill_at):
        os.kill(os.getpid(), signal.SIGKILL)

train_encoder(
    Job(Path(pairs), Path(out), Path(models), Path(dev), "full", base, 1, eval(cheap), eval(full)), progress
)
"""


@pytest.mark.slow
def test_a_full_training_killed_twice_ends_as_if_it_had_not_been(make_job: MakeJob, tmp_path: Path) -> None:
    """Killed in the second pass, so after a checkpoint, and again at the same step when it has gone on."""
    whole = make_job("full", out=tmp_path / "whole")
    expected = train_encoder(whole, silent)
    killed = replace(whole, out=tmp_path / "killed")
    per_pass = 400 // FULL.batch_size
    for _ in range(2):
        done = _run_until(killed, per_pass + 5)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not killed.out.exists()
    report = train_encoder(killed, silent)
    assert report.resumed
    assert report.fingerprint == expected.fingerprint
    assert report.metrics == expected.metrics
    assert report.passes == expected.passes
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["killed", "whole"]


def _run_until(job: Job, step: int) -> "subprocess.CompletedProcess[str]":
    arguments = [job.pairs, job.dev, job.out, job.models, job.base, job.cheap, job.full, step]
    return subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
