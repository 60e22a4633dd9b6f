import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.curation.hit_test import engine_supposing, try_message
from copilot.curation.regression import add_case, read_cases, remove_case, run_cases
from copilot.engine.request import SuggestRequest
from copilot.engine.why_not import Fate
from copilot.errors import BadRequestError, UnknownIdError
from copilot.runtime import Runtime
from copilot.settings import Settings
from knowledge.errors import NotFoundError
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, retire_script, save_draft
from knowledge.tables import DEFAULT_TENANT, RegressionCase, Suggestion, SuggestionSet
from knowledge.workspace import Workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setenv("COPILOT_ENCODER", "hash")
    workspace = Workspace.create(tmp_path / "workspace")
    shared = {"actor": "e1", "now": NOON}
    with workspace.database.write() as session:
        for script_id, text, trigger in (
            ("returns", "七天内可以退货。", "可以退货吗"),
            ("hours", "九点开门。", "几点开门"),
        ):
            save_draft(session, DEFAULT_TENANT, script_id, ScriptContent(text, (trigger,)), **shared)
            publish_script(session, DEFAULT_TENANT, script_id, **shared)
        save_draft(session, DEFAULT_TENANT, "weekend", ScriptContent("周末照常发货。", ("周末发货吗",)), **shared)
    workspace.close()
    opened = Runtime.open(Settings(workspace=workspace.folder, encoder="hash"))
    yield opened
    opened.close()


def case(**values: Any) -> RegressionCase:
    row = {"tenant_id": DEFAULT_TENANT, "id": "k1", "message": "可以退货吗", "script_id": "returns", "within": 1}
    return RegressionCase(**{**row, "author": "e1", "at": NOON, **values})


def keep(runtime: Runtime, *cases: RegressionCase) -> list[RegressionCase]:
    with runtime.workspace.database.write() as session:
        for one in cases:
            add_case(session, one)
    with runtime.workspace.database.read() as session:
        return read_cases(session, DEFAULT_TENANT)


def test_a_case_passes_while_its_script_ranks_high_enough_and_fails_afterwards(runtime: Runtime) -> None:
    cases = keep(runtime, case())
    (result,) = run_cases(runtime.engine, cases).results
    assert (result.rank, result.has_passed) == (1, True)
    with runtime.workspace.database.write() as session:
        retire_script(session, DEFAULT_TENANT, "returns", actor="e1", now=NOON)
    report = run_cases(runtime.engine, cases)
    assert (report.n_failed, report.results[0].rank) == (1, None)


def test_a_customer_who_is_gone_fails_the_case_and_says_so(runtime: Runtime) -> None:
    (result,) = run_cases(runtime.engine, [case(customer_id="c404")]).results
    assert (result.has_passed, result.why_not) == (False, "no customer has the id 'c404'")


def test_nothing_that_is_tried_is_recorded(runtime: Runtime) -> None:
    run_cases(runtime.engine, keep(runtime, case()))
    try_message(runtime.engine, SuggestRequest(message="可以退货吗"), "returns")
    with runtime.workspace.database.read() as session:
        assert [session.exec(select(table)).all() for table in (SuggestionSet, Suggestion)] == [[], []]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"message": " "}, BadRequestError),
        ({"message": "长" * 20_001}, BadRequestError),
        ({"within": 0}, BadRequestError),
        ({"scene": "crowd"}, BadRequestError),
        ({"script_id": "none"}, NotFoundError),
        ({"customer_id": "none"}, NotFoundError),
    ],
)
def test_a_case_that_cannot_be_run_is_refused(runtime: Runtime, values: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        keep(runtime, case(**values))


def test_a_case_sent_twice_is_kept_once_and_can_be_forgotten(runtime: Runtime) -> None:
    assert [one.id for one in keep(runtime, case(), case())] == ["k1"]
    with runtime.workspace.database.write() as session:
        remove_case(session, DEFAULT_TENANT, "k1", actor="e1", now=NOON)
    assert keep(runtime) == []
    with pytest.raises(NotFoundError), runtime.workspace.database.write() as session:
        remove_case(session, DEFAULT_TENANT, "k1", actor="e1", now=NOON)


def test_a_draft_can_be_supposed_live_and_the_real_library_stays_as_it_is(runtime: Runtime) -> None:
    request = SuggestRequest(message="周末发货吗")
    with runtime.workspace.database.read() as session:
        supposing = engine_supposing(runtime.engine, runtime.index, session, "weekend", 1)
    assert try_message(supposing, request, "weekend").rank == 1
    hit = try_message(runtime.engine, request, "weekend")
    assert (hit.rank, hit.fate.fate) == (None, Fate.NOT_LIVE)
    assert runtime.index.scripts.ordinal("weekend") is None


def test_a_version_that_does_not_exist_cannot_be_supposed(runtime: Runtime) -> None:
    with pytest.raises(UnknownIdError), runtime.workspace.database.read() as session:
        engine_supposing(runtime.engine, runtime.index, session, "weekend", 9)


def test_the_command_fails_when_a_case_fails(runtime: Runtime) -> None:
    keep(runtime, case(), case(id="k2", script_id="hours", message="几点开门", note="常问"))
    folder = str(runtime.workspace.folder)
    good = CliRunner().invoke(app, ["eval", "regressions", "--json", "-w", folder])
    assert (good.exit_code, json.loads(good.stdout)["n_failed"]) == (0, 0)
    with runtime.workspace.database.write() as session:
        retire_script(session, DEFAULT_TENANT, "hours", actor="e1", now=NOON)
    bad = CliRunner().invoke(app, ["eval", "regressions", "-w", folder])
    assert (bad.exit_code, "FAILED  hours" in bad.stdout, "2 cases, 1 failed" in bad.stdout) == (1, True, True)
    alone = CliRunner().invoke(app, ["eval", "regressions", "--script", "returns", "-w", folder])
    assert (alone.exit_code, "1 cases, 0 failed" in alone.stdout) == (0, True)
