"""What the health page's address and forms send."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import ConfigDict, Field

from copilot.curation.library_health import Kind
from copilot.curation.tending import LONGEST_DAYS
from copilot.web.console.forms import Key
from copilot.web.schemas.candidates import EMPTY_IS_NONE
from copilot.web.schemas.common import Count, Id, Short, Wire

FILTERS = ("kind", "owner", "stage")


class HealthQuery(Wire):
    """Which findings the page shows; an empty value does not restrict, `gap` are the gaps."""

    model_config = ConfigDict(extra="ignore")

    kind: Annotated[Kind | Literal["gap"] | None, EMPTY_IS_NONE] = None
    owner: Short = ""
    stage: Short = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1

    def address(self, **changed: object) -> str:
        """The filters as they stand in an address, with some of them changed; another list begins with page 1."""
        kept = {name: getattr(self, name) for name in FILTERS} | changed
        return urlencode([(name, value) for name, value in kept.items() if value])


class DeedForm(Wire):
    """A deed on a finding: its id, and the script with the version it was seen in."""

    finding: Short = ""
    script_id: Id
    version: Count
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = 90
    key: Key = None


class FineForm(Wire):
    """A finding that is fine for so many days."""

    finding: Id
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = 30
    key: Key = None


class UndoForm(Wire):
    """The change to take back."""

    change_id: Id
    key: Key = None
