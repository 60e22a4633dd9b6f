"""`copilot eval products`: which runs are kept where."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.errors import BadRequestError
from copilot.evaluation.order_history import read_history
from models.recommenders.trained import TrainedRecommender

HEADER = "order_id,customer_id,sku,ordered_at,quantity,status\n"


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Six customers with three baskets each, and two trained models in folders of one name."""
    rows = [f"o{who}-{day},c{who},p{(who + day) % 4},2026-01-0{day},1,done\n" for who in range(6) for day in (1, 2, 3)]
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "".join(rows))
    history = read_history(path)
    for folder in ("spring", "autumn"):
        TrainedRecommender.fit("popularity", history.lines, history.skus).save(tmp_path / folder / "trained")
    return path


def measure(orders: Path, *arguments: object) -> Result:
    command = ("eval", "products", "--orders", orders, "--next-basket", "--json", *arguments)
    return CliRunner().invoke(app, [str(one) for one in command])


@pytest.mark.parametrize(
    "models", [("spring/trained", "autumn/trained"), ("popularity", "frequency", "popularity"), ("ease", "spring/ease")]
)
def test_two_models_of_one_name_cannot_both_be_kept(orders: Path, tmp_path: Path, models: tuple[str, ...]) -> None:
    wanted = [each for one in models for each in ("--model", tmp_path / one if "/" in one else one)]
    refused = measure(orders, *wanted, "--save", tmp_path / "runs").exception
    assert isinstance(refused, BadRequestError)
    assert "--model: got " in str(refused)
    assert "expected models of different names" in str(refused)
    assert not (tmp_path / "runs").exists()


def test_models_of_different_names_are_kept_each_in_its_folder(orders: Path, tmp_path: Path) -> None:
    result = measure(orders, "--model", "popularity", "--model", "frequency", "--save", tmp_path / "runs")
    assert result.exit_code == 0, result.exception
    assert set(json.loads(result.stdout)["models"]) == {"popularity", "frequency"}
    assert {one.name for one in (tmp_path / "runs").iterdir()} == {"popularity", "frequency"}


def test_what_is_not_kept_may_have_one_name(orders: Path) -> None:
    assert measure(orders, "--model", "popularity", "--model", "popularity").exit_code == 0
