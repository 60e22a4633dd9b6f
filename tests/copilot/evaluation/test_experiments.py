import json
from dataclasses import replace
from datetime import timedelta

import pytest
import typer
from typer.testing import CliRunner

from copilot.cli.evaluation.experiment import experiment as command
from copilot.engine.decisions import NewDecision, NewOutcome
from copilot.engine.engine import Engine
from copilot.engine.experiments import read_experiments
from copilot.engine.request import SuggestRequest
from copilot.errors import BadRequestError
from copilot.evaluation.experiments import ACCEPTANCE, CONVERSION, find_experiment, measure_experiment
from copilot.evaluation.tenure import EXPERT, STEPS
from copilot.settings import Settings
from eval.errors import NothingMeasuredError
from eval.experiments.assignment import Variant, assign
from knowledge.tables import DEFAULT_TENANT, Conversation, DecisionKind, Scene

FILE = """
[[experiment]]
name = "bolder"
unit = "customer"
planned_units = 30
margin = 0.3

[[experiment.variant]]
name = "control"

[[experiment.variant]]
name = "silent"
policy = { reply_threshold = 1.0 }
"""
VARIANTS = (Variant("control"), Variant("silent"))
NOVICE = STEPS[0][1]


def variant_of(customer_id: str) -> str:
    return assign(customer_id, "bolder", VARIANTS)


@pytest.fixture
def running(shop):
    """An engine with the experiment, one script, forty customers, a new agent and one of long standing."""
    (shop.workspace.folder / "experiments.toml").write_text(FILE, encoding="utf-8")
    shop.add_script("shipping", "每天下午四点前的订单当天发出。", "什么时候发货")
    for number in range(40):
        shop.add_customer(f"c{number}")
    long_ago = shop.clock.now - timedelta(days=400)
    shop.add(
        Conversation(
            tenant_id=DEFAULT_TENANT, id="first", agent_id="old-hand", channel="web", scene=Scene.DIRECT,
            started_at=long_ago, last_message_at=long_ago,
        )
    )  # fmt: skip
    engine = shop.engine
    experiments = read_experiments(shop.workspace.folder, shop.policy)
    setup = replace(engine.setup, experiments=experiments)
    return Engine(engine.database, engine.index, engine.encoder, setup, clock=shop.clock)


def ask(engine: Engine, customer_id: str | None, agent_id: str = "new") -> str:
    answer = engine.suggest(SuggestRequest(message="什么时候发货", customer_id=customer_id, agent_id=agent_id))
    return answer.set_id


def settings_of(shop) -> Settings:
    return Settings(workspace=shop.workspace.folder)


def measure(shop):
    return measure_experiment(shop.workspace.database, DEFAULT_TENANT, find_experiment(settings_of(shop), "bolder"))


def test_acceptance_is_the_share_of_a_units_sets_that_were_sent(shop, running) -> None:
    taken = 0
    for number in range(40):
        first, second = ask(running, f"c{number}"), ask(running, f"c{number}")
        if variant_of(f"c{number}") == "control":
            kind = DecisionKind.ACCEPT if number % 2 else DecisionKind.EDIT
            shop.desk.decide(NewDecision(first, kind, rank=1, sent_text="当天发。"))
            shop.desk.decide(NewDecision(second, DecisionKind.DISMISS, rank=1))
            taken += 1
    report = measure(shop)[ACCEPTANCE]
    assert report.n_units == {"control": taken, "silent": 40 - taken}
    assert report.n_rows == 80
    assert {name: one.mean for name, one in report.variants.items()} == {"control": 0.5, "silent": 0.0}
    assert report.comparisons[0].effect.mean == -0.5


def test_conversion_is_the_share_of_customers_who_bought_after_any_of_their_sets(shop, running) -> None:
    bought: dict[str, list[int]] = {"control": [], "silent": []}
    for number in range(40):
        sets = [ask(running, f"c{number}"), ask(running, f"c{number}")]
        if number % 4 == 0:
            shop.desk.note_outcome(NewOutcome(sets[1], "purchase"))
            shop.desk.note_outcome(NewOutcome(sets[1], "purchase"))
        if number % 4 == 1:
            shop.desk.note_outcome(NewOutcome(sets[0], "click"))
        bought[variant_of(f"c{number}")].append(number % 4 == 0)
    report = measure(shop)[CONVERSION]
    assert report.n_rows == 40
    for name, customers in bought.items():
        assert report.variants[name].mean == pytest.approx(sum(customers) / len(customers))


def test_sets_for_nobody_known_and_of_other_times_are_left_out(shop, running) -> None:
    ask(running, None)
    ask(shop.engine, "c1")
    ask(running, "c0")
    assert measure(shop)[ACCEPTANCE].n_rows == 1


def test_agents_are_grouped_by_how_long_they_had_been_there_when_the_experiment_met_them(shop, running) -> None:
    for number in range(40):
        ask(running, f"c{number}", "new")
        ask(running, f"c{number}", "old-hand")
    shop.clock.advance(days=200)
    ask(running, "c0", "new")
    groups = measure(shop)[ACCEPTANCE].comparisons[0].by_tenure.groups
    assert [one.group for one in groups] == [NOVICE, EXPERT]
    assert [one.effect.n for one in groups] == [40, 40]


def test_agents_as_units_serve_many_customers(shop, running) -> None:
    text = FILE.replace('"customer"', '"agent"')
    (shop.workspace.folder / "experiments.toml").write_text(text, encoding="utf-8")
    setup = replace(running.setup, experiments=read_experiments(shop.workspace.folder, shop.policy))
    engine = Engine(running.database, running.index, running.encoder, setup, clock=shop.clock)
    for number in range(6):
        set_id = ask(engine, f"c{number}", f"a{number % 2}")
        if number in (0, 2):
            shop.desk.note_outcome(NewOutcome(set_id, "purchase"))
    report = measure(shop)[CONVERSION]
    assert sum(report.n_units.values()) == 2
    assert report.n_rows == 6


def test_an_experiment_without_exposures_says_so(shop, running) -> None:
    with pytest.raises(NothingMeasuredError, match="bolder"):
        measure(shop)


def test_an_unknown_experiment_is_refused_with_the_known_ones(shop, running) -> None:
    with pytest.raises(BadRequestError, match=r"'calmer'.*which has bolder"):
        find_experiment(settings_of(shop), "calmer")


@pytest.fixture
def cli() -> typer.Typer:
    app = typer.Typer()
    app.command("experiment")(command)
    return app


def test_the_command_prints_every_metric(shop, running, cli: typer.Typer) -> None:
    for number in range(40):
        ask(running, f"c{number}")
    asked = ["bolder", "--workspace", str(shop.workspace.folder)]
    shown = CliRunner().invoke(cli, asked)
    assert shown.exit_code == 0, shown.output
    assert "bolder · acceptance" in shown.output
    assert "bolder · conversion" in shown.output
    printed = json.loads(CliRunner().invoke(cli, [*asked, "--json"]).output)
    assert printed["experiment"] == "bolder"
    assert printed["metrics"].keys() == {ACCEPTANCE, CONVERSION}
    units = printed["metrics"][ACCEPTANCE]["sample_ratio"]["n_units"]
    assert units == {name: sum(variant_of(f"c{n}") == name for n in range(40)) for name in ("control", "silent")}
