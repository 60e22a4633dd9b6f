"""What the editor's templates show, made ready to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.curation.objections import Objection, Severity
from copilot.curation.saving import Description
from copilot.web.desk.editor.forms import FIELDS, EditorForm
from copilot.web.desk.editor.reading import Opened
from copilot.web.desk.editor.wording import FieldChange, Names, field_changes, told
from copilot.web.pages.difference import Change, changes
from copilot.web.pages.translation import Words
from knowledge.library.content import ScriptContent
from knowledge.tables import Script, ScriptVersion


@dataclass(frozen=True)
class Told:
    """An objection in the reader's language."""

    objection: Objection
    sentence: str
    title: str


@dataclass(frozen=True)
class CheckView:
    """Everything that stands against a script, and how much of each severity."""

    told: Sequence[Told]

    def n(self, severity: str) -> int:
        """How many objections of one severity."""
        return sum(one.objection.severity == severity for one in self.told)

    @property
    def is_blocked(self) -> bool:
        return self.n(Severity.BLOCK) > 0


@dataclass(frozen=True)
class Clash:
    """A field in which an editor's text differs from what somebody saved meanwhile."""

    field: str
    changed_by: str
    changes: Sequence[Change]


@dataclass(frozen=True)
class Conflict:
    """What somebody else saved while the form was open, and where it differs from the form."""

    opened: Opened
    theirs: EditorForm
    clashes: Sequence[Clash]

    @property
    def only_theirs(self) -> list[str]:
        """The fields that only they have changed."""
        return [one.field for one in self.clashes if one.changed_by == "they"]


@dataclass(frozen=True)
class Comparison:
    """Two versions of a script, the earlier one first."""

    before: ScriptVersion
    after: ScriptVersion
    changes: Sequence[FieldChange]


def check_view(session: Session, tenant_id: str, objections: Sequence[Objection], words: Words) -> CheckView:
    """The objections in words, with the titles of the scripts they name."""
    ids = {one.script_id for one in objections if one.script_id}
    titles = _titles(session, tenant_id, sorted(ids)) if ids else {}
    return CheckView([Told(one, _sentence(one, words), titles.get(one.script_id, "")) for one in objections])


def conflict_view(opened: Opened, form: EditorForm, names: Names, words: Words) -> Conflict:
    """What a form and the newest version do not agree on."""
    content, description = ScriptContent.of(opened.newest), Description.of(opened.script)
    theirs = EditorForm.of(opened.script.id, opened.newest.version, description, content)
    base_version = next((one for one in opened.versions if one.version == form.base), None)
    base_content = ScriptContent.of(base_version) if base_version else None
    base = EditorForm.of("", form.base, form.base_description, base_content or ScriptContent(""))
    ours = told(form.content(base_content), form.description, names, words)
    said = told(content, description, names, words)
    clashes = [
        Clash(name, _changed_by(name, form, theirs, base), changes(said[name], ours[name]))
        for name in FIELDS
        if form.shows(name) != theirs.shows(name)
    ]
    return Conflict(opened, theirs, clashes)


def compare(opened: Opened, before: int, after: int, names: Names, words: Words) -> Comparison:
    """Two versions, field by field.

    Raises:
        UnknownIdError: one of them does not exist.
    """
    earlier, later = opened.version(before), opened.version(after)
    about = Description.of(opened.script)
    found = field_changes((ScriptContent.of(earlier), about), (ScriptContent.of(later), about), names, words)
    return Comparison(earlier, later, found)


def _changed_by(field: str, form: EditorForm, theirs: EditorForm, base: EditorForm) -> str:
    """Who has changed a field since the form was opened: `they`, `you` or `both`."""
    if form.shows(field) == base.shows(field):
        return "they"
    return "you" if theirs.shows(field) == base.shows(field) else "both"


def _sentence(one: Objection, words: Words) -> str:
    values = dict(one.values)
    if "kind" in values:
        values["kind"] = words.name("editor_personal", str(values["kind"]))
    if "field" in values:
        values["field"] = words.name("editor_field", str(values["field"]))
    return words(f"check.{one.key}", **values)


def _titles(session: Session, tenant_id: str, script_ids: Sequence[str]) -> Mapping[str, str]:
    query = select(col(Script.id), col(Script.title)).where(
        col(Script.tenant_id) == tenant_id, col(Script.id).in_(script_ids)
    )
    return {row.id: row.title for row in session.execute(query)}
