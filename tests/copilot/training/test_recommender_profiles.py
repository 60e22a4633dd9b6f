"""Whether profiles are used: where they do no harm, and help on the whole."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.evaluation.purchase_tasks import PurchaseTask
from copilot.evaluation.purchases import ProductMode
from copilot.training.recommender_profiles import ProfileVerdict, judge_profiles
from copilot.training.workspace_tags import HeldTag, TagHistory, workspace_tags
from knowledge.tables import DEFAULT_TENANT, CustomerTag
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags
from models.recommenders.trained import TrainedRecommender

N = 60
START = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "order_id,customer_id,sku,ordered_at,quantity,status\n"
TAGS = ProfileTags.of_names([["young"] if customer < 30 else ["old"] if customer < 40 else [] for customer in range(N)])


def judged(any_gain: np.ndarray, new_gain: np.ndarray, decides: ProductMode = ProductMode.ANY) -> ProfileVerdict:
    """The verdict on these gains of sixty customers, in both modes."""
    none = np.zeros(0, np.int64)
    task = PurchaseTask(PurchaseLines(none, none, none, np.zeros(0), N, 1), np.arange(N), np.zeros(N), [none] * N)
    gains = {ProductMode.ANY: any_gain, ProductMode.NEW: new_gain}
    before = {mode: np.full(N, 0.5) for mode in gains}
    after = {mode: before[mode] + gain for mode, gain in gains.items()}
    return judge_profiles(before, after, dict.fromkeys(gains, task), TAGS, decides=decides, seed=0)


def wobbling(mean: float) -> np.ndarray:
    """Gains that scatter by 0.2 around a mean: one of 0.02 may be chance with sixty customers, 0.1 is not."""
    return mean + np.where(np.arange(N) % 2, 0.2, -0.2)


def test_profiles_help_where_they_raise_what_decides_and_harm_nowhere() -> None:
    found = judged(wobbling(0.1), wobbling(-0.02))
    assert found.helps
    assert found.difference[ProductMode.ANY].mean == pytest.approx(0.1)
    assert found.why.startswith("profiles help: with them the model is +0.100 [")


def test_profiles_that_harm_what_does_not_decide_are_not_used_either() -> None:
    found = judged(wobbling(0.1), wobbling(-0.1))
    assert not found.helps
    assert "significantly worse on first purchases" in found.why


def test_profiles_that_are_no_better_in_what_decides_are_not_used() -> None:
    assert not judged(np.zeros(N), wobbling(0.1)).helps
    assert judged(wobbling(-0.02), wobbling(0.1)).why.startswith(
        "profiles are left out: with them the model is no better on later purchases"
    )
    assert judged(wobbling(-0.02), wobbling(0.1), ProductMode.NEW).helps


def test_it_is_told_whose_customers_gain_and_how_surely() -> None:
    gain = np.where(np.arange(N) < 30, 0.3, 0.0) + np.where(np.arange(N) % 2, 0.05, -0.05)
    found = judged(gain, np.zeros(N))
    (young,) = found.by_tag[ProductMode.ANY]  # only ten customers are old
    assert (young.tag, young.gain.n) == ("young", 30)
    assert young.gain.mean == pytest.approx(0.3)
    assert young.p < 0.001
    assert found.difference_tagged[ProductMode.ANY].n == 40
    assert found.difference_tagged[ProductMode.ANY].mean == pytest.approx(0.3 * 30 / 40)


def test_p_values_are_raised_for_the_number_of_tags() -> None:
    # Of fourteen customers who differ all gain: 2 / 2^14 by the sign-flip test; twice that with two tags.
    global_tags = ProfileTags.of_names([["one", "two"]] * N)
    none = np.zeros(0, np.int64)
    task = PurchaseTask(PurchaseLines(none, none, none, np.zeros(0), N, 1), np.arange(N), np.zeros(N), [none] * N)
    before = {ProductMode.ANY: np.zeros(N)}
    after = {ProductMode.ANY: np.where(np.arange(N) < 14, 0.1, 0.0)}
    found = judge_profiles(before, after, {ProductMode.ANY: task}, global_tags, decides=ProductMode.ANY, seed=0).by_tag[
        ProductMode.ANY
    ]
    assert [one.p for one in found] == pytest.approx([2 * 2 / 2**14] * 2)


def test_the_tags_whose_customers_gain_most_are_told_each_with_its_own_p() -> None:
    # Twelve tags of twenty customers each; those of tag n gain n hundredths, but of tag 3 as much as they lose.
    owners = np.repeat(np.arange(12), 20)
    tags = ProfileTags.of_names([[f"tag {one:02}"] for one in owners])
    gain = owners / 100 + np.where(owners == 3, np.where(np.arange(240) % 2, 0.5, -0.5), 0.0)
    none = np.zeros(0, np.int64)
    lines = PurchaseLines(none, none, none, np.zeros(0), 240, 1)
    task = PurchaseTask(lines, np.arange(240), np.zeros(240), [none] * 240)
    mode = ProductMode.ANY
    found = judge_profiles({mode: np.zeros(240)}, {mode: gain}, {mode: task}, tags, decides=mode, seed=0).by_tag[mode]
    assert [one.tag for one in found] == [f"tag {number:02}" for number in (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)]
    assert [one.gain.mean for one in found] == pytest.approx(
        [number / 100 for number in (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)]
    )
    assert [one.p < 0.01 for one in found] == [one.tag != "tag 03" for one in found]


def write_town(folder: Path, *, told: bool) -> None:
    """Customers of five kinds; half of what they buy is of their kind, half by chance; profiles that tell, or noise."""
    rng = np.random.default_rng(2)
    rows, kinds = [], rng.integers(5, size=400)
    for customer, kind in enumerate(kinds.tolist()):
        for number in range(4):
            bought = rng.integers(12) + 12 * (kind if rng.random() < 0.5 else rng.integers(5))
            day = START + timedelta(days=int(rng.integers(0, 120)))
            rows.append(f"o{customer}-{number},c{customer},p{bought},{day:%Y-%m-%d},1,done")
    (folder / "orders.csv").write_text(HEADER + "\n".join(rows) + "\n")
    shown = kinds if told else rng.permutation(kinds)
    profiles = "\n".join(f"c{customer},{kind}" for customer, kind in enumerate(shown.tolist()))
    (folder / "customers.csv").write_text(f"id,kind\n{profiles}\n")


def train(folder: Path, *arguments: object) -> dict:
    command = ("train", "recommender", "--orders", folder / "orders.csv", "--out", folder / "out", "--json", *arguments)
    result = CliRunner().invoke(app, [str(one) for one in command])
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)


@pytest.mark.slow
def test_where_profiles_tell_what_is_bought_they_are_used_and_kept(tmp_path: Path) -> None:
    write_town(tmp_path, told=True)
    report = train(tmp_path, "--customers", tmp_path / "customers.csv")
    verdict = report["profiles"]
    assert verdict["used"]
    assert verdict["difference"]["any"]["low"] > 0.0
    assert verdict["difference"]["new"]["low"] > 0.0
    trained = TrainedRecommender.load(tmp_path / "out")
    assert trained.kind == report["chosen"] == "learned"
    assert trained.tag_names == tuple(f"kind:{kind}" for kind in range(5))


@pytest.mark.slow
def test_profiles_that_are_noise_are_left_out_or_change_nothing_for_the_worse(tmp_path: Path) -> None:
    write_town(tmp_path, told=False)
    verdict = train(tmp_path, "--customers", tmp_path / "customers.csv")["profiles"]
    for difference in verdict["difference"].values():
        assert not difference["high"] < 0.0
    assert not verdict["used"] or verdict["difference"]["any"]["mean"] > 0.0


@pytest.mark.slow
def test_without_profiles_the_report_says_nothing_of_them(tmp_path: Path) -> None:
    write_town(tmp_path, told=True)
    assert train(tmp_path)["profiles"] is None


@pytest.mark.slow
def test_profiles_that_few_customers_have_are_not_used(tmp_path: Path) -> None:
    write_town(tmp_path, told=True)
    (tmp_path / "customers.csv").write_text("id,kind\nc1,0\nc2,1\n")
    verdict = train(tmp_path, "--customers", tmp_path / "customers.csv")["profiles"]
    assert (verdict["used"], verdict["n_tags"]) == (False, 0)
    assert "no tag that 20 customers" in verdict["why"]


@pytest.mark.slow
def test_measuring_the_learned_model_shows_it_the_profiles(tmp_path: Path) -> None:
    write_town(tmp_path, told=True)
    later = [f"x{n},c{n},p{n % 60},2026-06-01,1,done" for n in range(400)]
    (tmp_path / "later.csv").write_text(HEADER + "\n".join(later) + "\n")
    command = ["eval", "products", "--model", "learned", "--json", "--orders", str(tmp_path / "orders.csv")]
    command += ["--test", str(tmp_path / "later.csv"), "--mode", "new"]
    without, known = (
        json.loads(CliRunner().invoke(app, [*command, *more]).stdout)["metrics"]["nDCG@10"]
        for more in ((), ("--customers", str(tmp_path / "customers.csv")))
    )
    assert without != known


def test_a_tag_counts_from_when_it_was_given_until_it_ended() -> None:
    history = TagHistory([HeldTag("c1", ("vip",), 10.0, 20.0), HeldTag("c2", ("age", "age:30"), 15.0, None)])
    held = {day: history.at(["c2", "c1", "c0"], day) for day in (9.9, 10.0, 19.9, 20.0)}
    assert [found.names for found in held.values()] == [(), ("vip",), ("age", "age:30", "vip"), ("age", "age:30")]
    assert held[19.9].matrix.toarray().tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_tags_of_a_workspace_are_read_with_their_values_and_times(shop) -> None:
    with shop.workspace.database.write() as session:
        for tag, value, to in (("age", "30", None), ("vip", "", START + timedelta(days=3))):
            session.add(
                CustomerTag(
                    tenant_id=DEFAULT_TENANT, customer_id="c1", tag=tag, value=value, valid_from=START, valid_to=to
                )
            )
    day = START.timestamp() / 86_400
    history = workspace_tags(shop.workspace.database, DEFAULT_TENANT)
    assert history.at(["c1"], day + 1).names == ("age", "age:30", "vip")
    assert history.at(["c1"], day + 3).names == ("age", "age:30")
    assert history.at(["c1"], day - 1).names == ()


@pytest.mark.slow
def test_tags_of_a_workspace_are_tried_as_they_were_before_the_last_days(shop, tmp_path: Path) -> None:
    for customer in range(30):
        for day in range(0, 100, 10):
            shop.add_order(f"o{customer}-{day}", f"c{customer}", f"p{customer % 3}", days_ago=day + 1)
    now = shop.clock()
    with shop.workspace.database.write() as session:
        for customer in range(30):
            for tag, days_ago in (("early", 200), ("late", 1)):
                given = now - timedelta(days=days_ago)
                session.add(
                    CustomerTag(tenant_id=DEFAULT_TENANT, customer_id=f"c{customer}", tag=tag, valid_from=given)
                )
    command = ("train", "recommender", "--workspace", shop.workspace.folder, "--out", tmp_path / "out", "--json")
    report = json.loads(CliRunner().invoke(app, [str(one) for one in command]).stdout)
    # Everybody has the tag, so that it tells nobody apart; the other was given after the last days had begun.
    assert (report["profiles"]["n_tags"], report["profiles"]["helps"]) == (1, False)
    assert report["profiles"]["difference"]["any"]["mean"] == 0.0
