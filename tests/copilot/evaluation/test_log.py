import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.engine.decisions import NewDecision
from copilot.engine.policy import Exploration, Policy, ReplyWeights
from copilot.engine.request import Said, SuggestRequest
from copilot.errors import BadRequestError, NotReadyError
from copilot.evaluation.archive import ArchiveTurns
from copilot.evaluation.log import LogTurns
from copilot.evaluation.propensities import export_decisions
from copilot.evaluation.replaying import replay_log
from copilot.evaluation.running import RunOptions, run_turns
from copilot.settings import Settings
from eval.datasets.decisions import read_decisions
from knowledge.tables import DEFAULT_TENANT, INFERRED, Conversation, Decision, DecisionKind, Message, MessageRole

ONE = RunOptions(n_processes=1)


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


@pytest.fixture
def busy(shop):
    """Two answers to the same question, hardly to be told apart."""
    shop.add_script("a", "七天内可以退货哦", "可以退货吗", "怎么退货")
    shop.add_script("b", "退货请在订单里点申请售后", "可以退货吗", "退货流程")
    shop.add_script("c", "我们今天就发货", "什么时候发货")
    shop.add_customer("c1")
    return shop


@pytest.fixture
def settings(busy) -> Settings:
    return Settings(workspace=busy.workspace.folder, encoder="hash")


def ask_and_decide(shop, message: str, kind: DecisionKind, rank: int | None = 1, **more: object) -> str:
    shop.clock.advance(days=10)
    answer = shop.engine.suggest(SuggestRequest(message, customer_id="c1", agent_id="a1", **more))
    shop.clock.advance(seconds=20)
    sent = "自己写的回答" if kind is DecisionKind.FREEHAND else ""
    shop.desk.decide(NewDecision(answer.set_id, kind, rank=rank, sent_text=sent, agent_id="a1"))
    return answer.set_id


def log_of(shop) -> LogTurns:
    return LogTurns(shop.workspace.database, DEFAULT_TENANT)


def test_every_decided_set_is_a_turn(busy) -> None:
    first = ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT)
    second = ask_and_decide(busy, "什么时候发货", DecisionKind.FREEHAND, None)
    busy.engine.suggest(SuggestRequest("没有人理的问题", customer_id="c1"))
    turns = list(log_of(busy).turns())
    assert [turn.id for turn in turns] == [first, second]
    assert [turn.decision for turn in turns] == ["accept", "freehand"]
    assert turns[0].script_id in ("a", "b")
    assert turns[0].sent in ("七天内可以退货哦", "退货请在订单里点申请售后")
    assert (turns[1].script_id, turns[1].sent) == (None, "自己写的回答")
    assert log_of(busy).count() == 2


def test_what_was_only_seen_in_the_archive_is_no_turn(busy) -> None:
    decided = ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT)
    seen = busy.engine.suggest(SuggestRequest("什么时候发货", customer_id="c1"))
    with busy.workspace.database.write() as session:
        inferred = {"id": "seen", "set_id": seen.set_id, "kind": DecisionKind.ACCEPT, "rank": 1, "at": busy.clock()}
        session.add(Decision(tenant_id=DEFAULT_TENANT, source=INFERRED, confidence=0.9, **inferred))
    assert [turn.id for turn in log_of(busy).turns()] == [decided]
    assert log_of(busy).count() == 1


def test_the_log_keeps_its_hash_until_something_is_decided(busy) -> None:
    ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT)
    before = log_of(busy).sha256
    assert log_of(busy).sha256 == before
    ask_and_decide(busy, "可以退货吗", DecisionKind.DISMISS)
    assert log_of(busy).sha256 != before


def test_the_conversations_of_the_workspace_are_turns_too(busy) -> None:
    here = {"tenant_id": DEFAULT_TENANT, "conversation_id": "k1"}
    said = [("customer", "在吗"), ("customer", "可以退货吗"), ("agent", "七天内可以退货哦"), ("customer", "好的")]
    start = busy.clock.now
    busy.add(Conversation(tenant_id=DEFAULT_TENANT, id="k1", customer_id="c1", version=4, started_at=start))
    for position, (role, text) in enumerate(said, start=1):
        script = {"script_id": "a"} if role == "agent" else {}
        at = start + timedelta(seconds=position)
        busy.add(Message(**here, position=position, role=MessageRole(role), text=text, at=at, **script))
    (turn,) = ArchiveTurns(busy.workspace.database, DEFAULT_TENANT).turns()
    assert (turn.id, turn.message, turn.sent, turn.script_id) == ("k1#2", "在吗 可以退货吗", "七天内可以退货哦", "a")
    assert turn.at == start + timedelta(seconds=2)


def test_a_policy_is_not_told_what_it_decided_itself(busy, settings) -> None:
    """The engine counts how often a script was taken; at the time of the first turn it was never."""
    set_id = ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT)
    made = run_turns(settings, log_of(busy), ONE, quiet)
    (replies,) = made.table["replies"].to_pylist()
    features = {part["feature"]: part["contribution"] for reply in replies for part in reply["why"]}
    assert made.query_ids == [set_id]
    assert not {"performance", "own_usage", "fatigue"} & features.keys()
    assert made.values("acceptance@3").tolist() == [1.0]


def test_the_same_policy_changes_nothing(busy, settings) -> None:
    for message in ("可以退货吗", "什么时候发货", "可以退货吗"):
        ask_and_decide(busy, message, DecisionKind.ACCEPT)
    run, changes = replay_log(settings, ONE, ["stage"], quiet)
    assert changes.n_changed == 0, changes.to_text()
    assert changes.kinds == {"same": 3}
    assert len(run.table) == 3


def test_a_policy_that_abstains_more_falls_silent_and_says_for_whom(busy, settings) -> None:
    ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT)
    ask_and_decide(busy, "怎么样才能退货呢", DecisionKind.DISMISS)
    shy = Policy(reply_threshold=1.0)
    _, changes = replay_log(settings, RunOptions(policy=shy, n_processes=1), ["decision"], quiet)
    assert set(changes.kinds) == {"silent now"}
    assert changes.shares["decision"] == {"accept": (1, 1), "dismiss": (1, 1)}
    assert "(nothing)" in changes.to_text()


def test_a_change_of_the_first_reply_names_the_features_that_did_it(busy, settings) -> None:
    ask_and_decide(busy, "退货流程怎么退货", DecisionKind.ACCEPT)
    turned = Policy(reply=ReplyWeights(reply_similarity=-40.0, reply_words=-40.0), reply_threshold=0.0)
    _, changes = replay_log(settings, RunOptions(policy=turned, n_processes=1), [], quiet)
    (change,) = changes.changes
    assert change.before != change.after
    assert {name for name, _ in change.moved} >= {"reply_similarity"}


def explore(shop) -> None:
    shop.policy = Policy(exploration=Exploration(rate=0.5, tie_gap=5.0, seed=3), reply_threshold=0.05)


def test_an_explored_log_becomes_decisions_with_propensities(busy, settings, tmp_path: Path) -> None:
    explore(busy)
    for _ in range(12):
        ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT)
    out = tmp_path / "decisions.jsonl"
    assert export_decisions(settings, ONE, out, quiet) == 12
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for set_id in {row["round_id"] for row in rows}:
        first = [row for row in rows if row["round_id"] == set_id and row["position"] == 1]
        assert sum(row["propensity"] for row in first) == pytest.approx(1.0)
        assert sum(row["target_propensity"] for row in first) == 1.0
        assert sum(row["shown"] for row in first) == 1
    decisions = read_decisions(out)
    assert decisions.n_rounds == 12
    assert decisions.probability("propensity").min() >= 0.0
    assert {row["reward"] for row in rows if row["shown"] and row["position"] == 1} == {1.0}


def test_a_log_without_exploration_cannot_tell(busy, settings, tmp_path: Path) -> None:
    ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT)
    with pytest.raises(NotReadyError, match=r"none of the 1 logged sets .* exploration\.rate"):
        export_decisions(settings, ONE, tmp_path / "decisions.jsonl", quiet)


def test_an_empty_log_is_refused(busy, settings) -> None:
    with pytest.raises(BadRequestError, match="at least one turn"):
        replay_log(settings, ONE, [], quiet)


def test_what_was_said_before_belongs_to_the_turn(busy) -> None:
    said = [Said(MessageRole.CUSTOMER, "在吗"), Said(MessageRole.AGENT, "在的")]
    ask_and_decide(busy, "可以退货吗", DecisionKind.ACCEPT, context=said)
    (turn,) = log_of(busy).turns()
    assert turn.context == (), "only conversations that are kept have a past"
    assert turn.at is not None
    assert turn.at.utcoffset() == timedelta(0)


def test_the_command_judges_a_policy_by_the_log(busy, settings, tmp_path: Path) -> None:
    """Agents take script a and never script b; both stand first about as often, since the policy explores."""
    explore(busy)
    for number in range(300):
        busy.add_customer(f"p{number}")
    engine, desk = busy.engine, busy.desk
    for number in range(300):
        busy.clock.advance(minutes=1)
        answer = engine.suggest(SuggestRequest("可以退货吗", customer_id=f"p{number}", agent_id="a1", max_replies=1))
        kind = DecisionKind.ACCEPT if answer.replies[0].script_id == "a" else DecisionKind.DISMISS
        desk.decide(NewDecision(answer.set_id, kind, rank=1, agent_id="a1"))
    policy = tmp_path / "policy.toml"
    policy.write_text("reply_threshold = 0.05\n", encoding="utf-8")
    base = ["eval", "ope", "--data", "log", "--policy", str(policy), "-w", str(settings.workspace), "--encoder", "hash"]
    result = CliRunner().invoke(app, [*base, "--estimators", "snips", "--json"])
    assert result.exit_code == 0, result.exception
    (found,) = json.loads(result.stdout)["estimates"]
    assert found["value"]["low"] <= found["value"]["mean"] <= found["value"]["high"]
    assert found["value"]["mean"] > 0.9, "the script that agents take comes to stand first"
