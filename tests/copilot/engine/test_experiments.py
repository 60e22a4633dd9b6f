import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from copilot.engine.answer import Exposure
from copilot.engine.engine import Engine
from copilot.engine.experiments import read_experiments
from copilot.engine.policy import Policy
from copilot.engine.policy_file import read_policy
from copilot.engine.request import SuggestRequest
from copilot.errors import BadRequestError
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.experiments.assignment import Variant, assign
from knowledge.tables import Suggestion, SuggestionSet

BOLDER = """
[[experiment]]
name = "bolder"
unit = "customer"
from = 2026-11-01T00:00:00+08:00
to = 2026-12-01T00:00:00+08:00

[[experiment.variant]]
name = "control"

[[experiment.variant]]
name = "silent"
weight = 1
policy = { reply_threshold = 1.0 }
"""
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "experiments.md"
HALVES = (Variant("control"), Variant("silent"))


def written(folder: Path, text: str) -> Path:
    (folder / "experiments.toml").write_text(text, encoding="utf-8")
    return folder


def running(shop, text: str = BOLDER) -> Engine:
    """The shop's engine with the experiments of a file."""
    shop.add_script("shipping", "每天下午四点前的订单当天发出。", "什么时候发货")
    return started_again(shop, written(shop.workspace.folder, text))


def started_again(shop, folder: Path) -> Engine:
    engine = shop.engine
    setup = replace(engine.setup, experiments=read_experiments(folder, shop.policy))
    return Engine(engine.database, engine.index, engine.encoder, setup, clock=shop.clock)


def people(shop, n: int) -> list[str]:
    ids = [f"c{number}" for number in range(n)]
    for customer_id in ids:
        shop.add_customer(customer_id)
    return ids


def ask(engine: Engine, **fields):
    return engine.suggest(SuggestRequest(message="什么时候发货", **fields))


def test_each_customer_gets_the_policy_of_their_variant_every_time(shop) -> None:
    ids = people(shop, 12)
    engine = running(shop)
    for customer_id in ids * 2:
        answer = ask(engine, customer_id=customer_id)
        variant = assign(customer_id, "bolder", HALVES)
        assert answer.exposure == Exposure("bolder", variant)
        assert answer.abstained == (variant == "silent")
    assert {assign(customer_id, "bolder", HALVES) for customer_id in ids} == {"control", "silent"}


def test_the_answer_and_its_record_name_the_policy_that_was_used(shop) -> None:
    ids = people(shop, 12)
    engine = running(shop)
    versions = {"control": Policy().version, "silent": Policy(reply_threshold=1.0).version}
    for customer_id in ids:
        answer = ask(engine, customer_id=customer_id)
        assert answer.versions.policy == versions[answer.exposure.variant]
        with shop.workspace.database.read() as session:
            kept = session.get(SuggestionSet, ("default", answer.set_id))
        assert (kept.experiment, kept.variant) == ("bolder", answer.exposure.variant)
        assert kept.policy_version == answer.versions.policy


def test_nobody_known_gets_the_control(shop) -> None:
    engine = running(shop)
    assert {ask(engine).exposure for _ in range(5)} == {Exposure("bolder", "control")}


def test_agents_can_be_the_units(shop) -> None:
    engine = running(shop, BOLDER.replace('"customer"', '"agent"'))
    for number in range(12):
        answer = ask(engine, agent_id=f"a{number}")
        assert answer.exposure == Exposure("bolder", assign(f"a{number}", "bolder", HALVES))


@pytest.mark.parametrize("now", [datetime(2026, 10, 31, 15, 59, tzinfo=UTC), datetime(2026, 11, 30, 16, 0, tzinfo=UTC)])
def test_outside_its_time_an_experiment_changes_and_records_nothing(shop, now: datetime) -> None:
    ids = people(shop, 6)
    engine = running(shop)
    shop.clock.now = now
    answers = [ask(engine, customer_id=customer_id) for customer_id in ids]
    assert {answer.exposure for answer in answers} == {None}
    assert {answer.versions.policy for answer in answers} == {Policy().version}
    with shop.workspace.database.read() as session:
        assert {(row.experiment, row.variant) for row in session.exec(select(SuggestionSet))} == {("", "")}


def test_a_variant_may_explore_and_the_control_not(shop) -> None:
    ids = people(shop, 8)
    for number, text in enumerate(["甲乙丙丁", "戊己庚辛", "壬癸子丑"]):
        shop.add_script(f"s{number}", text, "什么时候发货")
    engine = running(shop, BOLDER.replace("reply_threshold = 1.0", "exploration = { rate = 0.5, tie_gap = 100.0 }"))
    for customer_id in ids:
        answer = ask(engine, customer_id=customer_id)
        with shop.workspace.database.read() as session:
            rows = session.exec(select(Suggestion).where(Suggestion.set_id == answer.set_id)).all()
        explored = answer.exposure.variant == "silent"
        assert bool(answer.slate.candidates) == explored
        assert all((row.propensity < 1.0) == explored for row in rows if row.kind == "reply")


def test_a_variant_may_have_a_policy_file_beside_the_experiments(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "silent.toml").write_text("reply_threshold = 0.9", encoding="utf-8")
    text = BOLDER.replace("policy = { reply_threshold = 1.0 }", 'policy_file = "policies/silent.toml"')
    (experiment,) = read_experiments(written(tmp_path, text), Policy(n_ranked=5))
    assert experiment.policies == {"control": Policy(n_ranked=5), "silent": Policy(reply_threshold=0.9)}


def test_variants_differ_from_the_policy_of_the_workspace(tmp_path: Path) -> None:
    (experiment,) = read_experiments(written(tmp_path, BOLDER), Policy(n_ranked=5))
    assert experiment.policies["silent"] == Policy(n_ranked=5, reply_threshold=1.0)


def test_the_examples_of_the_documentation_are_read(tmp_path: Path) -> None:
    policy, experiments = re.findall(r"```toml\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
    base = read_policy(tmp_path / "policy.toml")
    assert (base.reply_threshold, base.exploration.rate) == (0.4, 0.05)
    (bolder,) = read_experiments(written(tmp_path, experiments), base)
    assert (bolder.name, bolder.control, bolder.planned_units, bolder.margin) == ("bolder", "control", 2000, 0.02)
    assert bolder.policies["bold"] == replace(base, reply_threshold=0.25)


def test_without_a_file_there_are_no_experiments(tmp_path: Path) -> None:
    assert read_experiments(tmp_path, Policy()) == ()


def test_experiments_may_follow_each_other(tmp_path: Path) -> None:
    later = BOLDER.replace("bolder", "later").replace("12-01", "12-31").replace("11-01", "12-01")
    assert [one.name for one in read_experiments(written(tmp_path, BOLDER + later), Policy())] == ["bolder", "later"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('unit = "customer"', 'unit = "team"', ["experiment.0.unit", "'team'", "customer"]),
        ('unit = "customer"', "", ["experiment.0.unit", "required"]),
        ("weight = 1", "weight = -1", ["experiment.0.variant.1.weight", "-1"]),
        ("weight = 1", "weight = inf", ["experiment.0.variant.1.weight", "inf"]),
        ("weight = 1", 'weight = "1"', ["experiment.0.variant.1.weight", "'1'"]),
        ("weight = 1", "wieght = 1", ["experiment.0.variant.1.wieght", "1"]),
        ('name = "silent"', 'name = "control"', ["bolder", "'control' occurs twice"]),
        ('name = "silent"', 'name = "a b"', ["experiment.0.variant.1.name", "'a b'"]),
        ("T00:00:00+08:00\nto", "T00:00:00\nto", ["experiment.0.from", "timezone"]),
        ("to = 2026-12-01", "to = 2026-10-01", ["bolder: to", "2026-10-01"]),
        ("reply_threshold = 1.0", "reply_threshold = 1.1", ["variant silent", "reply_threshold", "1.1"]),
        ("reply_threshold = 1.0", "treshold = 1.0", ["variant silent", "treshold"]),
        ("weight = 1", 'policy_file = "x.toml"', ["variant silent", "not both"]),
        ("policy = { reply_threshold = 1.0 }", 'policy_file = "x.toml"', ["x.toml"]),
        (
            'unit = "customer"',
            'unit = "customer"\ncontrol = "other"',
            ["bolder: control", "'other'", "control, silent"],
        ),
        ('unit = "customer"', 'unit = "customer"\nplanned_units = 0', ["planned_units", "0"]),
        ("[[experiment]]", "[[experiments]]", ["experiments"]),
        ("[[experiment]]", "[experiment", ["TOML"]),
    ],
)
def test_a_wrong_file_is_refused_with_key_and_value(tmp_path: Path, old: str, new: str, said: list[str]) -> None:
    assert old in BOLDER
    with pytest.raises(BadRequestError) as raised:
        read_experiments(written(tmp_path, BOLDER.replace(old, new)), Policy())
    for words in said:
        assert words in str(raised.value)


def test_weights_that_nobody_gets_are_refused(tmp_path: Path) -> None:
    text = BOLDER.replace("weight = 1", "weight = 0").replace('name = "control"\n', 'name = "control"\nweight = 0\n')
    with pytest.raises(BadRequestError, match="no variant has a weight"):
        read_experiments(written(tmp_path, text), Policy())


def test_two_experiments_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="apart from that of experiment other"):
        read_experiments(written(tmp_path, BOLDER + BOLDER.replace("bolder", "other")), Policy())
    later = BOLDER.replace("2026-1", "2027-1")
    with pytest.raises(BadRequestError, match="another name"):
        read_experiments(written(tmp_path, BOLDER + later), Policy())


def test_a_workspace_serves_by_its_own_policy_and_experiments(shop) -> None:
    folder = shop.workspace.folder
    (folder / "policy.toml").write_text("n_ranked = 7", encoding="utf-8")
    written(folder, BOLDER)
    runtime = Runtime.open(Settings(workspace=folder, encoder="nowhere", models=folder / "models"))
    try:
        assert runtime.engine.versions().policy == Policy(n_ranked=7).version
        (experiment,) = runtime.engine.setup.experiments
        assert experiment.policies["silent"] == Policy(n_ranked=7, reply_threshold=1.0)
        assert experiment.is_active(datetime(2026, 11, 5, tzinfo=UTC))
    finally:
        runtime.close()


def test_a_workspace_with_a_wrong_policy_does_not_start(shop) -> None:
    folder = shop.workspace.folder
    (folder / "policy.toml").write_text("n_ranked = -7", encoding="utf-8")
    with pytest.raises(BadRequestError, match=r"policy\.toml: n_ranked: got -7"):
        Runtime.open(Settings(workspace=folder, encoder="nowhere", models=folder / "models"))


def test_a_variant_outlives_the_process(shop) -> None:
    ids = people(shop, 6)
    engine = running(shop)
    first = [ask(engine, customer_id=customer_id).exposure for customer_id in ids]
    shop.clock.advance(days=3)
    later = started_again(shop, shop.workspace.folder)
    assert [ask(later, customer_id=customer_id).exposure for customer_id in ids] == first
