"""`copilot eval ope` from the file to the printed answer."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from copilot.cli.evaluation.ope import ope
from copilot.errors import BadRequestError
from eval.datasets.decisions import Decisions
from eval.errors import DataError, SupportError
from eval.offpolicy.synthetic import BanditWorld

app = typer.Typer()
app.command()(ope)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    return written(BanditWorld.draw(rng, distance=0.5).log(400, rng), tmp_path_factory.mktemp("log") / "log.parquet")


def written(decisions: Decisions, path: Path) -> Path:
    rewards = pa.array(decisions.rewards, mask=~decisions.shown)
    columns = {"round_id": decisions.rounds, "position": decisions.positions, "item_id": decisions.items}
    features = {name: decisions.features[:, i] for i, name in enumerate(decisions.feature_names)}
    table = {**columns, "shown": decisions.shown, "reward": rewards, **decisions.probabilities, **features}
    pq.write_table(pa.table(table), path)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_every_estimator_the_data_allow_answers(log: Path) -> None:
    found = run("--data", log)
    assert found.exit_code == 0, found.output
    assert found.output.startswith("400 rounds, 400 clusters; the logging policy earned")
    for name in ("ips", "snips", "clipped-ips", "dm", "dr", "sndr", "switch-dr"):
        assert f"| {name} |" in found.output


def test_json_has_the_chosen_estimators_and_repeats_for_a_seed(log: Path) -> None:
    first, again, other = (
        json.loads(run("--data", log, "--estimators", "dr, snips", "--seed", seed, "--json").output)
        for seed in (1, 1, 2)
    )
    assert [one["estimator"] for one in first["estimates"]] == ["dr", "snips"]
    assert first == again != other
    assert (first["seed"], first["n_rounds"]) == (1, 400)


def test_what_is_known_of_the_range_gives_a_bernstein_interval(log: Path) -> None:
    arguments = ("--data", log, "--estimators", "ips", "--json")
    without, known = (json.loads(run(*arguments, *more).output) for more in ((), ("--max-weight", 90)))
    wider = json.loads(run(*arguments, "--max-weight", 90, "--reward-range=0,2").output)
    assert without["estimates"][0]["bernstein"] is None
    narrow, wide = (one["estimates"][0]["bernstein"] for one in (known, wider))
    assert wide["high"] - wide["low"] > narrow["high"] - narrow["low"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("--estimators", "ips,magic"), BadRequestError, "some of ips, snips, clipped-ips"),
        (("--reward-range", "0"), BadRequestError, "two numbers, such as 0,1"),
        (("--reward-range", "1,0"), BadRequestError, "two finite numbers, the least reward first"),
        (("--reward-range", "0,inf"), BadRequestError, "two finite numbers"),
        (("--max-weight", "1.5", "--estimators", "ips"), DataError, r"expected at most 1\.5"),
    ],
)
def test_wrong_options_say_what_was_expected(
    log: Path, arguments: Sequence[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        raised(run("--data", log, *arguments))


def test_a_log_that_cannot_answer_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = written(BanditWorld.draw(rng, distance=3.0).log(200, rng), tmp_path / "far.parquet")
    with pytest.raises(SupportError, match="ips, snips, clipped-ips, dm, dr, sndr, switch-dr: "):
        raised(run("--data", path))


def raised(result: Result) -> None:
    assert result.exception is not None, result.output
    raise result.exception


def test_help_has_an_example() -> None:
    assert "copilot eval ope --data" in run("--help").output
