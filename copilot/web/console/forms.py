"""What the console's forms send."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from copilot.web.schemas.common import Id, LongText, Short, Wire
from knowledge.tables import DecisionKind, Scene

MAX_RANK = 10


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


OptionalId = Annotated[Id | None, BeforeValidator(_none_when_empty)]
Rank = Annotated[int, Field(ge=1, le=MAX_RANK)]
OptionalRank = Annotated[Rank | None, BeforeValidator(_none_when_empty)]
Ranks = Annotated[str, StringConstraints(max_length=40, pattern=r"^(\d{1,2}(,\d{1,2})*)?$")]
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
    """A text the agent wrote, changed or put together.

    It began with the reply of a `rank` in the set, whose text was `base`; or with a script of the library; or with
    neither. `products` are the ranks of the set's products that it mentions, separated by commas.
    """

    text: LongText
    set_id: OptionalId = None
    rank: OptionalRank = None
    base: LongText = ""
    script_id: OptionalId = None
    products: Ranks = ""
    key: Key = None

    @property
    def product_ranks(self) -> tuple[int, ...]:
        """The ranks of the products it mentions."""
        return tuple(int(rank) for rank in self.products.split(",") if rank)

    @property
    def decision_kind(self) -> DecisionKind:
        """What the agent did."""
        if self.rank is None:
            return DecisionKind.EDIT if self.products else DecisionKind.FREEHAND
        return DecisionKind.ACCEPT if self.text.strip() == self.base.strip() else DecisionKind.EDIT


class OpenForm(Wire):
    """A conversation to open."""

    customer_id: OptionalId = None
    scene: Scene = Scene.DIRECT


class RequestForm(Wire):
    """A message that nothing answers, and what the agent wants to say about it."""

    message: LongText
    note: Short = ""
    set_id: OptionalId = None
