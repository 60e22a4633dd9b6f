"""What every part of the editor is drawn with, and what it asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import uuid4

from fastapi import Depends, Request

from copilot.curation.checks import Checker
from copilot.curation.saving import NEW, Description
from copilot.engine.rendering import FILLABLE
from copilot.web.desk.editor.forms import EditorForm, exact
from copilot.web.desk.editor.reading import Choices, Opened, open_script, read_choices
from copilot.web.pages.frame import Visitor
from copilot.web.services import Services, ServicesDep
from knowledge.library.content import ScriptContent
from knowledge.tables import Scene, ScriptKind, ScriptVersion, Stage
from knowledge.workspace import utc_now

Tab = Literal["edit", "versions", "history", "try"]
TABS: tuple[Tab, ...] = ("edit", "versions", "history", "try")


def checker_of(request: Request, services: ServicesDep) -> Checker:
    """The checker of this application, which remembers what it has encoded."""
    state = request.app.state
    if getattr(state, "checker", None) is None:
        state.checker = Checker(services.runtime.engine, services.runtime.desk.rules, clock=utc_now)
    checker: Checker = state.checker
    return checker


CheckerDep = Annotated[Checker, Depends(checker_of)]


@dataclass(frozen=True)
class Surroundings:
    """What there is to choose from, and the values that every template of the editor takes."""

    choices: Choices
    values: Mapping[str, object]


def opened_script(services: Services, script_id: str) -> Opened:
    """The script as the database has it now.

    Raises:
        UnknownIdError: there is no such script.
    """
    with services.database.read() as session:
        return open_script(session, services.tenant_id, script_id, services.runtime.shop)


def form_of(opened: Opened) -> EditorForm:
    """The form of a script's newest version."""
    content, about = ScriptContent.of(opened.newest), Description.of(opened.script)
    return EditorForm.of(opened.script.id, opened.newest.version, about, content)


def surroundings(services: Services, visitor: Visitor, form: EditorForm, opened: Opened | None) -> Surroundings:
    """What every part of the editor is drawn with."""
    versions = opened.versions if opened else []
    linked = {sku for one in versions for sku in one.skus} | set(form.skus)
    with services.database.read() as session:
        choices = read_choices(session, services.tenant_id, sorted(linked))
    values: dict[str, object] = {
        "f": form,
        "opened": opened,
        "choices": choices,
        "slots": sorted(FILLABLE),
        "kinds": [kind.value for kind in ScriptKind],
        "all_stages": [stage.value for stage in Stage],
        "all_scenes": [scene.value for scene in Scene],
        "key": uuid4().hex,
        "exact": exact,
        "person": visitor.agent_id,
        "tabs": TABS,
    }
    return Surroundings(choices, values)


def base_content(services: Services, form: EditorForm) -> ScriptContent | None:
    """The version the form was opened with."""
    if form.base == NEW:
        return None
    with services.database.read() as session:
        found = session.get(ScriptVersion, (services.tenant_id, form.script_id, form.base))
        return None if found is None else ScriptContent.of(found)


def address_of(script_id: str) -> str:
    """Where a script is edited."""
    return f"/desk/scripts/{quote(script_id, safe='')}"
