"""What the list's address and forms send."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field

from copilot.curation.bulk import MAX_SCRIPTS, Action, BulkOrder, Publish
from copilot.curation.facets import FACETS
from copilot.web.schemas.common import Id, Short, Wire

Sort = Literal["best", "id", "updated", "shown", "acceptance", "ends"]
N_ROWS = 50


def _without_empty(value: object) -> object:
    """Forms send a field that was left alone as an empty text."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values if one != ""]


Values = Annotated[list[Short], BeforeValidator(_without_empty), Field(max_length=100)]


class ListQuery(Wire):
    """Which scripts the list shows, in which order; every facet may have several values, of which one has to fit."""

    q: Short = ""
    status: Values = Field(default=[])
    health: Values = Field(default=[])
    stage: Values = Field(default=[])
    scene: Values = Field(default=[])
    kind: Values = Field(default=[])
    validity: Values = Field(default=[])
    owner: Annotated[list[Short], Field(max_length=100)] = Field(default=[])
    tag: Values = Field(default=[])
    sku: Values = Field(default=[])
    sort: Sort = "best"
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    lang: Short = ""
    changed: Short = ""

    @property
    def chosen(self) -> Mapping[str, Sequence[str]]:
        """The choices, facet by facet."""
        return {name: getattr(self, name) for name in FACETS}

    @property
    def has_choice(self) -> bool:
        return bool(self.q) or any(self.chosen.values())

    def address(self, **changes: object) -> str:
        """The list as it stands in an address, with some fields changed; the page begins anew unless it is changed."""
        values = self.model_dump(exclude={"page", "lang", "changed"}) | changes
        pairs = [
            (name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])
        ]
        defaults = {("sort", "best"), ("q", "")}
        return urlencode([pair for pair in pairs if pair not in defaults])

    def toggled(self, facet: str, value: str) -> str:
        """The address with one more value of a facet, or with one less."""
        values = list(self.chosen[facet])
        values = [one for one in values if one != value] if value in values else [*values, value]
        return self.address(**{facet: values})


class BulkForm(Wire):
    """An action on the chosen scripts, or on all that the list finds."""

    script_id: Annotated[list[Id], Field(max_length=MAX_SCRIPTS)] = Field(default=[])
    all_found: bool = False
    action: Action
    new_owner: Short = ""
    new_stage: Short = ""
    new_end: Annotated[date | None, BeforeValidator(lambda value: None if value == "" else value)] = None

    def order(self, actor: str, now: datetime, publish: Publish) -> BulkOrder:
        """The action as the library takes it; a day of validity ends with the day, in the server's own time."""
        end = None
        if self.new_end is not None:
            end = datetime.combine(self.new_end, time.max).astimezone().replace(microsecond=0).astimezone(UTC)
        return BulkOrder(
            action=self.action,
            actor=actor,
            now=now,
            owner=self.new_owner,
            stage=self.new_stage,
            valid_to=end,
            publish=publish,
        )


class ViewForm(Wire):
    """A name for the list as it stands."""

    name: Short = ""


class UndoForm(Wire):
    """A change of many scripts that should not have been."""

    change_id: Id
