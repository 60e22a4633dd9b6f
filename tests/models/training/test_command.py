import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copilot.cli.train import app
from copilot.engine.policy_file import read_ranker
from models.training.errors import TrainingDataError

Arguments = Callable[..., list[str]]


@pytest.fixture
def arguments(
    tmp_path: Path,
    tiny_base: Path,
    write_pairs: Callable[..., Path],
    make_talk: Callable[..., list[object]],
    monkeypatch: pytest.MonkeyPatch,
) -> Arguments:
    monkeypatch.setenv("COPILOT_MODELS", str(tiny_base.parent / "prepared"))

    def make(rows: list[object] | None = None) -> list[str]:
        pairs = write_pairs(make_talk(400) if rows is None else rows)
        dev = write_pairs(make_talk(120, seed=1), "dev.jsonl")
        given = {"pairs": pairs, "dev": dev, "out": tmp_path / "out", "base": tiny_base, "epochs": 2, "threads": 1}
        return ["encoder", *(text for name, value in given.items() for text in (f"--{name}", str(value)))]

    return make


def test_machines_get_every_metric_with_its_interval(arguments: Arguments, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*arguments(), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["out"] == str(tmp_path / "out")
    assert answer["n"] == 120
    assert set(answer["metrics"]["trained"]["R10@1"]) == {"mean", "low", "high"}
    assert answer["beats_baseline"] is (answer["gain"]["low"] > 0)
    weights, beside = answer["search_weights"], read_ranker(tmp_path / "out")
    assert weights["n_asked"] >= 50
    assert beside.reply.context_similarity == weights["reply"]["context_similarity"]
    assert beside.calibration.midpoint == weights["midpoint"]


def test_people_are_told_which_encoder_is_better(arguments: Arguments) -> None:
    result = CliRunner().invoke(app, arguments(), catch_exceptions=False)
    assert result.exit_code == 0
    assert "400 rows" in result.stdout
    assert "untrained" in result.stdout
    assert "untrained one" in result.stdout.splitlines()[-1]


def test_a_wrong_row_stops_the_command_before_anything_is_written(arguments: Arguments, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"pairs.jsonl, line 1: reply is \"\""):
        CliRunner().invoke(app, arguments([{"message": "在吗", "context": [], "reply": ""}]), catch_exceptions=False)
    assert not (tmp_path / "out").exists()
