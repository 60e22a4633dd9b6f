"""What the desk's address and forms send."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field

from copilot.web.console.forms import Key, OptionalId
from copilot.web.schemas.candidates import EMPTY_IS_NONE, ApproveIn, CandidateQuery, MergeIn, RejectIn
from copilot.web.schemas.common import Id, Label, LongText, Short, Wire
from knowledge.tables import CandidateStatus

FILTERS = ("status", "verdict", "outcome", "stage", "source", "q")


def _plain_lines(value: object) -> object:
    """Line ends as the server keeps them; browsers send two characters."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _lines(value: object) -> object:
    """One entry a line; a form gives the one text alone or in a list."""
    texts = value if isinstance(value, list) else [value]
    return [line.strip() for text in texts if isinstance(text, str) for line in text.splitlines() if line.strip()]


class DeskQuery(CandidateQuery):
    """Which candidates the list shows, and which one was decided just now."""

    status: Annotated[CandidateStatus | Literal["open"] | None, EMPTY_IS_NONE] = "open"
    done: Short = ""

    @property
    def address(self) -> str:
        """The filters as they stand in an address."""
        return urlencode(
            [(name, getattr(self, name) or "") for name in FILTERS if name == "status" or getattr(self, name)]
        )


class EditForm(Wire):
    """The candidate as it stands in the form."""

    text: Annotated[LongText, BeforeValidator(_plain_lines)] = ""
    title: Short = ""
    triggers: Annotated[list[Label], BeforeValidator(_lines), Field(max_length=200)] = Field(default=[])
    stage: Short = ""
    scene: Short = ""
    script_id: OptionalId = None
    key: Key = None

    def approval(self, author: str) -> ApproveIn:
        """The candidate as edited, to become a script."""
        return ApproveIn(
            text=self.text,
            title=self.title,
            triggers=self.triggers,
            stage=self.stage,
            scene=self.scene,
            script_id=self.script_id,
            author=author,
        )


class MergeForm(EditForm):
    """The candidate as it stands in the form, and the script that takes it in."""

    target: Id
    how: Literal["triggers", "version"]

    def merger(self, author: str) -> MergeIn:
        """What the script takes in."""
        return MergeIn(script_id=self.target, how=self.how, text=self.text, triggers=self.triggers, author=author)


class RejectForm(Wire):
    """A reason in the editor's own words, or one of the usual ones."""

    reason: Short = ""
    usual: Short = ""
    key: Key = None

    def rejection(self, author: str) -> RejectIn:
        """The rejection; without any reason it is refused later, by its name."""
        return RejectIn.model_construct(reason=(self.reason or self.usual).strip(), author=author, reviewer="")


class ReopenForm(Wire):
    """Nothing but the key of this very form."""

    key: Key = None
