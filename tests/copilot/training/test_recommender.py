"""`copilot train recommender`, and what is done with the folder it writes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from copilot.artefacts import check_recommender
from copilot.cli.app import app
from copilot.errors import BadRequestError, NotReadyError
from copilot.training.workspace_orders import workspace_history
from eval.datasets.order_counts import OrderCounts
from eval.errors import DataError
from knowledge.tables import DEFAULT_TENANT, OrderLine
from models.affinity import Affinity
from models.recommenders.trained import TrainedRecommender
from models.store.errors import RefusedArtefactError

HEADER = "order_id,customer_id,sku,ordered_at,quantity,status\n"
START = datetime(2026, 1, 1, tzinfo=UTC)


def orders(n_days: int = 100) -> str:
    """Thirty customers, each with an own product that is bought every ten days, beside one by chance."""
    rng = np.random.default_rng(5)
    rows = []
    for day in range(0, n_days, 10):
        for customer in range(30):
            date = f"{START + timedelta(days=day):%Y-%m-%d}"
            for sku in (f"p{customer % 6}", f"p{rng.integers(6, 12)}"):
                rows.append(f"o{customer}-{day},c{customer},{sku},{date},1,done")
    return HEADER + "\n".join(rows) + "\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(orders())
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def train(out: Path, *arguments: object) -> dict:
    result = run("train", "recommender", "--out", out, "--json", *arguments)
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)


def test_the_report_compares_all_models_and_the_folder_holds_the_chosen_one(file: Path, tmp_path: Path) -> None:
    report = train(tmp_path / "out", "--orders", file)
    assert set(report["models"]) | set(report["left_out"]) >= {
        "popularity",
        "frequency",
        "item-knn",
        "ease",
        "tifu-knn",
    }
    for measured in report["models"].values():
        assert measured["any"]["low"] <= measured["any"]["mean"] <= measured["any"]["high"]
    assert report["chosen"] != "popularity"
    assert report["n"] == report["n_customers"]["any"] == 30
    assert report["data"]["rows"] == {"n_kept": 600}
    assert (report["data"]["n_lines"], report["data"]["n_customers"], report["data"]["n_items"]) == (600, 30, 12)
    assert json.loads((tmp_path / "out" / "training.json").read_text())["why"] == report["why"]
    trained = TrainedRecommender.load(tmp_path / "out")
    assert (trained.kind, trained.trained_on.n_lines) == (report["chosen"], 600)
    assert Affinity.load(tmp_path / "out").skus == trained.skus


def test_a_person_reads_a_table_and_the_reason(file: Path, tmp_path: Path) -> None:
    result = run("train", "recommender", "--orders", file, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "600 order lines of 30 customers and 12 products; left out: 0 that came to nothing" in result.stdout
    assert json.loads((tmp_path / "out" / "training.json").read_text())["why"] in result.stdout


def test_what_was_trained_can_be_measured_on_later_orders(file: Path, tmp_path: Path) -> None:
    report = train(tmp_path / "out", "--orders", file)
    later = tmp_path / "later.csv"
    later.write_text(HEADER + "\n".join(f"x{n},c{n},p{n % 6},2026-06-01,1,done" for n in range(30)) + "\n")
    arguments = ("eval", "products", "--orders", file, "--test", later, "--json", "--model")
    by_folder, by_name = (json.loads(run(*arguments, name).stdout) for name in (tmp_path / "out", report["chosen"]))
    assert by_folder["n"] == 30
    assert by_folder["metrics"] == by_name["metrics"]


def test_the_next_basket_is_measured_without_a_test_file(file: Path) -> None:
    found = json.loads(
        run("eval", "products", "--orders", file, "--next-basket", "--model", "frequency", "--json").stdout
    )
    assert (found["n"], found["data"]["kind"]) == (30, "baskets")
    # The own product is always in the basket, bought nine times before, and comes first.
    assert found["metrics"]["RR@10"]["mean"] == 1.0


def test_a_test_file_and_the_next_basket_exclude_each_other(file: Path) -> None:
    for arguments in ((), ("--test", file, "--next-basket")):
        result = run("eval", "products", "--orders", file, *arguments)
        assert isinstance(result.exception, BadRequestError)
        assert "--test" in str(result.exception)


def test_rows_that_are_wrong_are_counted_and_named(file: Path, tmp_path: Path) -> None:
    with file.open("a") as out:
        out.write("z1,c1,p1,2026-01-05,1,cancelled\nz2,c1,p1,2099-01-05,1,done\nz3,c1,p1,yesterday,1,done\n")
    rows = train(tmp_path / "out", "--orders", file)["data"]["rows"]
    assert {name: rows[name] for name in ("n_kept", "n_undone", "n_future", "n_rejected")} == {
        "n_kept": 600,
        "n_undone": 1,
        "n_future": 1,
        "n_rejected": 1,
    }
    assert any("yesterday" in example for example in rows["examples"])


def test_profiles_are_checked_and_those_missing_counted(file: Path, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("id,city\nc1,上海\nc2,\n")
    report = train(tmp_path / "out", "--orders", file, "--customers", tmp_path / "customers.csv")
    assert report["data"]["n_without_profile"] == {"customers": 28}
    (tmp_path / "customers.csv").write_text("id,city\nc1,上海\nc1,\n")
    with pytest.raises(DataError, match="line 3"):
        train(tmp_path / "out", "--orders", file, "--customers", tmp_path / "customers.csv")


def test_what_training_did_not_write_is_not_overwritten(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious.txt").write_text("mine")
    with pytest.raises(BadRequestError, match="--out"):
        train(out, "--orders", file)
    assert [path.name for path in out.iterdir()] == ["precious.txt"]


def test_training_again_replaces_what_it_wrote(file: Path, tmp_path: Path) -> None:
    train(tmp_path / "out", "--orders", file)
    file.write_text(orders(n_days=60))
    train(tmp_path / "out", "--orders", file)
    assert TrainedRecommender.load(tmp_path / "out").trained_on.n_lines == 360
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.csv", "out"]


def test_the_same_orders_and_seed_give_the_same_model(file: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        train(tmp_path / name, "--orders", file)
    hashes = [(tmp_path / name / "recommender.json").read_bytes() for name in ("one", "two")]
    assert hashes[0] == hashes[1]


def test_orders_of_a_single_day_are_refused_with_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + "o1,c1,a,2026-01-01,1,done\n")
    with pytest.raises(BadRequestError, match="expected customers who bought before"):
        train(tmp_path / "out", "--orders", tmp_path / "orders.csv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", [("--mode", "old"), ("--workspace", "here")])
def test_options_that_contradict_are_refused(file: Path, tmp_path: Path, wrong: tuple[str, str]) -> None:
    with pytest.raises(BadRequestError, match=wrong[0]):
        train(tmp_path / "out", "--orders", file, *wrong)


def test_the_folder_is_an_artefact_of_the_store_and_a_damaged_one_is_not(file: Path, tmp_path: Path) -> None:
    report = train(tmp_path / "out", "--orders", file)
    assert check_recommender(tmp_path / "out") == f"{report['chosen']} and affinity of 12 products"
    added = run("models", "add", "recommender", tmp_path / "out", "-w", tmp_path / "workspace", "--json")
    assert json.loads(added.stdout)["is_new"] is True
    (tmp_path / "out" / "model" / "model.npz").write_bytes(b"short")
    with pytest.raises(RefusedArtefactError, match=r"model\.npz"):
        check_recommender(tmp_path / "out")


def test_orders_of_a_workspace_are_read_as_those_of_a_file(shop) -> None:
    shop.add_order("o2", "c2", "tea", "milk", days_ago=3.5)
    shop.add_order("o1", "c1", "tea", days_ago=9)
    shop.add_order("o3", "c1", "cup", days_ago=1, status="refunded")
    found = workspace_history(shop.workspace.database, DEFAULT_TENANT, "small")
    assert (found.customer_ids, found.skus) == (("c1", "c2"), ("tea", "milk"))
    assert (found.lines.customers.tolist(), found.lines.items.tolist()) == ([0, 1, 1], [0, 1, 0])
    assert np.diff(found.lines.days).tolist() == pytest.approx([5.5, 0])
    assert (found.counts.n_kept, found.counts.n_undone) == (3, 1)


def test_what_was_given_back_in_a_workspace_is_counted_as_in_a_file(shop) -> None:
    shop.add_order("o1", "c1", "tea", days_ago=9)
    for number, (quantity, amount) in enumerate(((0.0, 0), (-1.0, -100), (1.0, -100))):
        shop.add_order(f"b{number}", "c1", "cup", days_ago=3)
        with shop.workspace.database.write() as session:
            line = session.exec(select(OrderLine).where(OrderLine.order_id == f"b{number}")).one()
            line.quantity, line.amount_fen = quantity, amount
            session.add(line)
    found = workspace_history(shop.workspace.database, DEFAULT_TENANT, "small")
    assert found.skus == ("tea",)
    assert found.counts == OrderCounts(n_kept=1, n_refunds=2, n_taken_back=1)


def test_a_workspace_without_orders_says_what_to_load(shop) -> None:
    with pytest.raises(NotReadyError, match="copilot load"):
        workspace_history(shop.workspace.database, DEFAULT_TENANT, "small")


def test_the_orders_of_the_workspace_are_the_default(shop, tmp_path: Path) -> None:
    for customer in range(12):
        for day in range(0, 100, 10):
            shop.add_order(f"o{customer}-{day}", f"c{customer}", f"p{customer % 3}", days_ago=day + 1)
    report = train(tmp_path / "out", "--workspace", shop.workspace.folder)
    assert (report["data"]["name"], report["data"]["n_lines"]) == ("workspace", 120)
    assert report["chosen"] != "popularity"
