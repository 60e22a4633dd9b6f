"""`copilot train ranker` on a workspace whose agents decided through the production engine."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.engine.decisions import NewDecision
from copilot.engine.policy import REPLY_FEATURES, Exploration, Policy, ReplyWeights
from copilot.engine.policy_file import read_policy
from copilot.engine.request import SuggestRequest
from copilot.training.log import DecisionLog
from copilot.training.workspace_log import read_workspace_log
from knowledge.tables import DEFAULT_TENANT, DecisionKind

EXPLORING = Policy(exploration=Exploration(rate=0.5, tie_gap=5.0))


@pytest.fixture
def busy(shop):
    """Two answers to the same question; agents like the second one better."""
    shop.add_script("a", "七天内可以退货哦", "可以退货吗", "怎么退货")
    shop.add_script("b", "退货请在订单里点申请售后", "可以退货吗", "退货流程")
    shop.add_customer("c1")
    shop.policy = EXPLORING
    return shop


def decide(shop, n: int, *, likes: str = "b") -> None:
    engine = shop.engine
    for _ in range(n):
        shop.clock.advance(minutes=10)
        answer = engine.suggest(SuggestRequest("可以退货吗", customer_id="c1", agent_id="a1"))
        rank = next((one.rank for one in answer.replies if one.script_id == likes), None)
        kind = DecisionKind.IGNORE if rank is None else DecisionKind.ACCEPT
        shop.desk.decide(NewDecision(answer.set_id, kind, rank=rank, agent_id="a1"))


def read(shop, serving: Policy = EXPLORING) -> DecisionLog:
    return read_workspace_log(shop.workspace.database, DEFAULT_TENANT, serving)


def test_the_log_gives_back_what_the_engine_saw(busy) -> None:
    decide(busy, 12)
    log = read(busy)
    assert (log.n, log.n_taken) == (12, 12)
    weights = np.array([getattr(ReplyWeights(), name) for name in REPLY_FEATURES])
    assert log.scores(EXPLORING.reply) == pytest.approx(log.slates.features @ weights)
    assert log.slates.features[:, REPLY_FEATURES.index("exact_trigger")].max() == pytest.approx(1.0)
    assert log.n_swappable == 12
    assert log.propensities.sum(axis=1) == pytest.approx(np.ones(24))
    taken = [item for item, took in zip(log.item_ids, log.slates.taken.tolist(), strict=True) if took]
    assert set(taken) == {"b"}


def test_uses_are_those_before_the_set(busy) -> None:
    decide(busy, 3)
    log = read(busy)
    of_b = log.uses[[place for place, item in enumerate(log.item_ids) if item == "b"]]
    assert of_b.tolist() == [[0, 0], [1, 1], [2, 2]]
    column = log.slates.features[:, REPLY_FEATURES.index("performance")]
    assert log.believing(EXPLORING.performance).slates.features[:, REPLY_FEATURES.index("performance")] == (
        pytest.approx(column, abs=1e-5)
    )


def test_sets_of_a_policy_that_is_not_at_hand_are_left_out_and_counted(busy) -> None:
    decide(busy, 4)
    other = Policy(reply=ReplyWeights(stage=0.9), exploration=EXPLORING.exploration)
    log = read(busy, other)
    assert log.n == 0
    assert log.left_out == {f"shown by policy {EXPLORING.version}, which is not at hand": 4}
    assert read_workspace_log(busy.workspace.database, DEFAULT_TENANT, other, [EXPLORING]).n == 4


def test_undecided_sets_are_no_evidence(busy) -> None:
    decide(busy, 2)
    busy.engine.suggest(SuggestRequest("可以退货吗", customer_id="c1", agent_id="a1"))
    assert read(busy).n == 2


def run(*arguments: str):
    return CliRunner().invoke(app, ["train", "ranker", *arguments])


def test_few_decisions_say_how_many_more_and_leave_nothing_behind(busy, tmp_path: Path) -> None:
    decide(busy, 5)
    (busy.workspace.folder / "policy.toml").write_text("[exploration]\nrate = 0.5\ntie_gap = 5.0\n")
    result = run("--workspace", str(busy.workspace.folder), "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "5 decided sets" in str(result.exception)
    assert "more decisions" in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_log_is_exported_and_learned_from(busy, tmp_path: Path) -> None:
    decide(busy, 320)
    (busy.workspace.folder / "policy.toml").write_text("[exploration]\nrate = 0.5\ntie_gap = 5.0\n")
    file, out, here = tmp_path / "log.jsonl", tmp_path / "out", str(busy.workspace.folder)
    assert run("--workspace", here, "--export", str(file)).exit_code == 0
    result = run("--workspace", here, "--log", str(file), "--out", str(out), "--json", "--seed", "4")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["data"]["n_sets"] == 320
    assert found["seed"] == 4
    assert read_policy(out / "policy.json").version == found["policy_version"]
    assert read_policy(out / "policy.json").exploration == EXPLORING.exploration


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out"),
        (["--out", "x", "--wished-precision", "1.5"], "a share between 0 and 1"),
        (["--out", "x", "--examination", "0.5,1"], "the first being 1"),
        (["--out", "x", "--examination", "1,a"], "the first being 1"),
        (["--export", "x.csv"], "ends in .jsonl"),
    ],
)
def test_bad_options_are_refused(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert said in str(result.exception)
