"""Saving what an editor wrote, unless somebody else has saved something in the meantime."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from knowledge.errors import StaleVersionError
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import describe_script, save_draft
from knowledge.tables import Script, ScriptKind, ScriptVersion

NEW = 0
"""The version a script has before it exists."""


@dataclass(frozen=True)
class Description:
    """What belongs to a script and not to one of its versions."""

    kind: ScriptKind = ScriptKind.SCRIPT
    title: str = ""
    owner: str = ""

    @classmethod
    def of(cls, script: Script) -> "Description":
        """The description of a script."""
        return cls(script.kind, script.title, script.owner)


@dataclass(frozen=True)
class Edit:
    """What an editor wrote, and what it was written over: the newest version and the description at that time."""

    script_id: str
    content: ScriptContent
    description: Description
    base_version: int
    base_description: Description
    reason: str = ""

    def check_base(self, script: Script | None) -> None:
        """Check that the script is as it was when the editing began.

        Raises:
            StaleVersionError: somebody has saved another version or description.
        """
        newest = NEW if script is None else script.latest_version
        if newest != self.base_version:
            raise StaleVersionError(f"script {self.script_id!r} is at version {newest}, not {self.base_version}")
        now = self.base_description if script is None else Description.of(script)
        if now not in (self.base_description, self.description):
            raise StaleVersionError(f"script {self.script_id!r} has another title, kind or owner than before")


def save_edit(session: Session, tenant_id: str, edit: Edit, *, actor: str, now: datetime) -> ScriptVersion:
    """The version that says what the editor wrote: a new draft, or the newest one when it says so already.

    Raises:
        StaleVersionError: somebody has saved something since the editing began.
        InvalidValueError: the content breaks a rule.
    """
    edit.check_base(session.get(Script, (tenant_id, edit.script_id)))
    version = save_draft(
        session,
        tenant_id,
        edit.script_id,
        edit.content,
        actor=actor,
        now=now,
        expected_version=edit.base_version,
        reason=edit.reason,
    )
    about = edit.description
    describe_script(
        session, tenant_id, edit.script_id, kind=about.kind, title=about.title, owner=about.owner, actor=actor, now=now
    )
    return version
