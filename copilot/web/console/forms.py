"""What the console's forms send."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from copilot.web.schemas.common import Id, LongText, Short, Wire
from knowledge.tables import DecisionKind, Scene


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


OptionalId = Annotated[Id | None, BeforeValidator(_none_when_empty)]
OptionalRank = Annotated[int | None, BeforeValidator(_none_when_empty), Field(ge=1, le=10)]
Key = Annotated[Short | None, BeforeValidator(_none_when_empty)]


class DecideForm(Wire):
    """A suggestion taken as it stands, or dismissed."""

    set_id: Id
    kind: Literal[DecisionKind.ACCEPT, DecisionKind.DISMISS]
    item_kind: Literal["reply", "product"] = "reply"
    rank: OptionalRank = None
    reason: Short = ""
    key: Key = None


class SendForm(Wire):
    """A text the agent wrote or changed; `base` is the suggestion it began with."""

    text: LongText
    set_id: OptionalId = None
    item_kind: Literal["reply", "product"] = "reply"
    rank: OptionalRank = None
    base: LongText = ""
    key: Key = None

    @property
    def decision_kind(self) -> DecisionKind:
        """What the agent did."""
        if self.rank is None:
            return DecisionKind.FREEHAND
        is_unchanged = self.item_kind == "reply" and self.text.strip() == self.base.strip()
        return DecisionKind.ACCEPT if is_unchanged else DecisionKind.EDIT


class OpenForm(Wire):
    """A conversation to open."""

    customer_id: OptionalId = None
    scene: Scene = Scene.DIRECT


class RequestForm(Wire):
    """A message that nothing answers."""

    message: LongText
    set_id: OptionalId = None
