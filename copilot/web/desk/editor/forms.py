"""What the editor's forms send.

A browser changes a little of what passes through it, line ends above all. So whatever somebody left as the form showed
it is taken from the version it came from, to the letter.
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

from copilot.curation.review import Step
from copilot.curation.saving import Description, Edit
from copilot.web.console.forms import Key, OptionalId
from copilot.web.desk.editor.audience import AudienceFields
from copilot.web.schemas.common import NO_NUL, Count, Id, LongText, Short, Wire
from knowledge.library.content import ScriptContent
from knowledge.tables import Scene, ScriptKind

PREFIX: Final = "audience_"
FIELDS: Final = (
    "text",
    "triggers",
    "title",
    "kind",
    "owner",
    "stages",
    "scenes",
    "channels",
    "audience",
    "scope",
    "validity",
    "skus",
    "attachments",
)
"""What an editor may change, in the order it is told."""


def _plain(value: object) -> object:
    """Line ends as the server keeps them; browsers send two characters."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


PlainText = Annotated[LongText, BeforeValidator(_plain)]
Lines = Annotated[str, StringConstraints(max_length=200_000), NO_NUL, BeforeValidator(_plain)]
Item = Annotated[str, StringConstraints(max_length=2_000), NO_NUL, BeforeValidator(_plain)]
Items = Annotated[list[Item], Field(max_length=500)]
Instant = Annotated[AwareDatetime | None, BeforeValidator(_none_when_empty)]
Digits = Annotated[str, StringConstraints(max_length=12, strip_whitespace=True), NO_NUL]


class EditorForm(Wire):
    """A script as it stands in the form, and what it was opened with."""

    script_id: Short = ""
    base: Count = 0
    base_kind: ScriptKind = ScriptKind.SCRIPT
    base_title: PlainText = ""
    base_owner: Short = ""
    key: Key = None
    text: PlainText = ""
    triggers: Lines = ""
    title: PlainText = ""
    kind: ScriptKind = ScriptKind.SCRIPT
    owner: Short = ""
    stages: Items = Field(default=[])
    scenes: Items = Field(default=[])
    channels: Items = Field(default=[])
    scope: Short = "organisation"
    valid_from: Instant = None
    valid_to: Instant = None
    skus: Items = Field(default=[])
    attachments: Lines = ""
    audience_all: Items = Field(default=[])
    audience_any: Items = Field(default=[])
    audience_none: Items = Field(default=[])
    audience_gender: Literal["", "female", "male"] = ""
    audience_unknown_gender: Literal["", "allow", "deny"] = ""
    audience_orders_min: Digits = ""
    audience_orders_max: Digits = ""
    audience_orders_days: Digits = ""
    audience_age_from: Digits = ""
    audience_age_to: Digits = ""
    audience_segments: Items = Field(default=[])
    audience_other: Lines = ""
    reason: Short = ""
    then: Step | None = None
    customer: Short = ""
    sku: Short = ""

    @classmethod
    def of(cls, script_id: str, version: int, description: Description, content: ScriptContent) -> "EditorForm":
        """The form as it is opened."""
        about = AudienceFields.of(content.audience)
        audience: dict[str, Any] = {f"{PREFIX}{one.name}": _shown(getattr(about, one.name)) for one in fields(about)}
        return cls.model_construct(
            script_id=script_id,
            base=version,
            base_kind=description.kind,
            base_title=description.title,
            base_owner=description.owner,
            text=_seen(content.text),
            triggers="\n".join(_seen(one) for one in content.triggers),
            title=description.title,
            kind=description.kind,
            owner=description.owner,
            stages=_seen_all(content.stages),
            scenes=_seen_all(content.scenes),
            channels=_seen_all(content.channels),
            scope=content.scope,
            valid_from=content.valid_from,
            valid_to=content.valid_to,
            skus=_seen_all(content.skus),
            attachments="\n".join(_seen(one) for one in content.attachments),
            **audience,
        )

    @property
    def audience(self) -> AudienceFields:
        values: dict[str, Any] = {}
        for one in fields(AudienceFields):
            value = getattr(self, f"{PREFIX}{one.name}")
            values[one.name] = tuple(value) if isinstance(value, list) else value
        return AudienceFields(**values)

    @property
    def description(self) -> Description:
        """The title is one line; one that had several and was left alone keeps them."""
        was = _in_one_line(self.base_title)
        title = self.base_title if self.base and was == self.title else _in_one_line(self.title).strip()
        return Description(self.kind, title, self.owner)

    @property
    def base_description(self) -> Description:
        return Description(self.base_kind, self.base_title, self.base_owner)

    def shows(self, field: str) -> object:
        """What stands in a field, to be compared with the same field of another form."""
        if field == "validity":
            return self.valid_from, self.valid_to
        return getattr(self, field)

    def content(self, base: ScriptContent | None) -> ScriptContent:
        """What the script says; `base` is the version the form was opened with, if any.

        Raises:
            BadRequestError: a number of the audience is none.
        """
        written: dict[str, Any] = {
            "text": self.text.strip(),
            "triggers": _lines(self.triggers),
            "stages": tuple(self.stages),
            "scenes": tuple(self.scenes),
            "channels": tuple(self.channels),
            "scope": self.scope,
            "skus": tuple(self.skus),
            "attachments": _lines(self.attachments),
        }
        was = None if base is None else EditorForm.of("", 0, Description(), base)
        if base is not None and was is not None:
            written |= {name: getattr(base, name) for name in written if was.shows(name) == self.shows(name)}
        is_same = base is not None and was is not None and was.audience == self.audience
        audience = dict(base.audience) if base is not None and is_same else self.audience.rule()
        return ScriptContent(audience=audience, valid_from=self.valid_from, valid_to=self.valid_to, **written)

    def edit(self, script_id: str, base: ScriptContent | None, actor: str) -> Edit:
        """What is to be saved; a new script belongs to whoever writes it, unless it says otherwise.

        Raises:
            BadRequestError: a number of the audience is none.
        """
        about = self.description
        if not self.base and not about.owner:
            about = replace(about, owner=actor)
        return Edit(script_id, self.content(base), about, self.base, self.base_description, self.reason)


class StepForm(Wire):
    """A step in a script's life."""

    script_id: Id
    base: Count
    step: Step
    reason: Short = ""
    version: Annotated[Count | None, BeforeValidator(_none_when_empty)] = None
    key: Id


class CommentForm(Wire):
    """A remark on a version."""

    script_id: Id
    version: Count
    text: LongText
    key: Id


class ResolveForm(Wire):
    """A remark to resolve or to open again."""

    comment_id: Id
    is_open: bool = False


class HitForm(Wire):
    """A message as a customer would write it, and where."""

    script_id: Id
    message: PlainText
    scene: Scene = Scene.DIRECT
    stage: Short = ""
    customer: OptionalId = None
    supposing: bool = False


class CaseForm(HitForm):
    """A tried message to keep."""

    within: Count = 3
    note: Short = ""
    key: Id


def exact(moment: datetime | None) -> str:
    """A moment as the form carries it, to the microsecond."""
    return moment.isoformat() if moment else ""


def _seen(text: str) -> str:
    """A text as it comes back from a browser that nobody typed in."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _in_one_line(text: str) -> str:
    return text.replace("\n", "")


def _seen_all(texts: Iterable[str]) -> list[str]:
    return [_seen(one) for one in texts]


def _shown(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else _seen_all(value)


def _lines(text: str) -> tuple[str, ...]:
    """One entry a line, blank ones and repetitions left out."""
    return tuple(dict.fromkeys(line.strip() for line in text.split("\n") if line.strip()))
