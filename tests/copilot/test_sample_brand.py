"""The sample brand through the production engine and the default encoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from copilot.cli.demo import make_demo
from copilot.engine.context import read_customer
from copilot.engine.eligibility import Place, script_reason
from copilot.engine.rendering import SLOT
from copilot.engine.request import SuggestRequest
from copilot.runtime import Runtime
from copilot.settings import Settings
from knowledge.tables import Customer, Scene, Script, ScriptVersion, User
from knowledge.workspace import utc_now


@dataclass(frozen=True)
class Asked:
    """One trigger, put by somebody for whom its script is eligible."""

    script_id: str
    trigger: str
    request: SuggestRequest
    at: datetime


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    settings = Settings(workspace=tmp_path_factory.mktemp("brand") / "workspace")
    make_demo(settings, seed=7)
    runtime = Runtime.open(settings)
    assert runtime.degraded == ""
    yield runtime
    runtime.close()


def live_versions(runtime: Runtime) -> list[ScriptVersion]:
    query = select(ScriptVersion).join(
        Script,
        (col(Script.id) == col(ScriptVersion.script_id)) & (col(Script.live_version) == col(ScriptVersion.version)),
    )
    with runtime.workspace.database.read() as session:
        return list(session.execute(query.order_by(col(ScriptVersion.script_id))).scalars())


def moment_within(version: ScriptVersion, now: datetime) -> datetime:
    if version.valid_from is not None and now < version.valid_from:
        return version.valid_from + timedelta(hours=1)
    if version.valid_to is not None and now > version.valid_to:
        return version.valid_to - timedelta(hours=1)
    return now


def asked_by_somebody(runtime: Runtime) -> list[Asked]:
    """Every trigger of every live script, put where that script is eligible."""
    with runtime.workspace.database.read() as session:
        customer_ids = session.execute(select(col(Customer.id)).order_by(col(Customer.id))).scalars().all()
        agent_ids = session.execute(select(col(User.id)).order_by(col(User.id))).scalars().all()
        people = [read_customer(session, "default", customer_id) for customer_id in customer_ids]
        agents = [runtime.engine.memory.agent(session, agent_id) for agent_id in agent_ids]
    view = runtime.index.scripts
    asked = []
    for version in live_versions(runtime):
        ordinal = view.ordinal(version.script_id)
        assert ordinal is not None
        at = moment_within(version, utc_now())
        scene = Scene.GROUP if version.scenes == ["group"] else Scene.DIRECT
        needs_order = any(slot.startswith("order.") for slot in SLOT.findall(version.text))
        window = view.number("valid_from", ordinal), view.number("valid_to", ordinal)
        place = next(
            place
            for customer in people
            if customer is not None and (customer.last_order or not needs_order)
            for agent in agents
            for place in [Place(customer, agent, scene, "", at)]
            if not script_reason(view.label("rule", ordinal), *window, place)
        )
        request = {
            "customer_id": place.customer.customer_id,
            "agent_id": place.agent.agent_id,
            "scene": scene,
            "max_products": 0,
        }
        request["explain_excluded"] = False
        needs_product = any(slot.startswith("product.") for slot in SLOT.findall(version.text))
        if needs_product and len(version.skus) != 1:
            request["sku"] = version.skus[0] if version.skus else "JH-CL01"
        asked += [
            Asked(version.script_id, trigger, SuggestRequest(message=trigger, **request), at)
            for trigger in version.triggers
        ]
    return asked


def test_every_live_script_is_the_first_suggestion_for_each_of_its_own_triggers(brand: Runtime) -> None:
    engine = brand.engine
    asked = asked_by_somebody(brand)
    assert len(asked) > 800
    missed = []
    for one in asked:
        engine.clock = lambda at=one.at: at
        answer = engine.suggest(one.request)
        first = answer.replies[0].script_id if answer.replies else answer.abstain_reason
        if first != one.script_id:
            missed.append((one.script_id, one.trigger, first, answer.excluded))
    engine.clock = utc_now
    assert missed == []


def test_loading_the_sample_brand_again_changes_nothing(brand: Runtime) -> None:
    reports = make_demo(brand.settings, seed=7)
    assert [(report.n_added, report.n_changed, report.n_rejected) for report in reports] == [(0, 0, 0)] * len(reports)


def test_the_sample_brand_keeps_its_workspace_file(brand: Runtime) -> None:
    assert (Path(brand.settings.workspace) / "shop.json").is_file()
    assert brand.shop.name == "霁禾"
