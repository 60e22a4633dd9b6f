"""What the performance page's address says."""

from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BeforeValidator, ConfigDict, Field

from copilot.curation.exposures import Dimension, Turns
from copilot.curation.performance import Asking
from copilot.web.api.reports import asking_of
from copilot.web.reports import Reports
from copilot.web.schemas.candidates import EMPTY_IS_NONE
from copilot.web.schemas.common import Short, Wire
from copilot.web.schemas.reports import Day, PerformanceQuery

PRESETS = (7, 28, 84, 182)
USUAL = 28
RESTRICTING = ("script", "stage", "agent", "team")
Column = Literal[
    "name", "n_shown", "acceptance", "rank1", "rank2", "rank3", "edit_rate", "edit_distance", "dismissal", "reply",
    "purchase", "complaint",
]  # fmt: skip
OptionalDay = Annotated[Day | None, EMPTY_IS_NONE]


def _known_preset(value: object) -> object:
    return USUAL if value == "" else value


class PageQuery(Wire):
    """What is compared over which days, and in which order; a first or last day goes before a number of days."""

    model_config = ConfigDict(extra="ignore")

    by: Dimension = Dimension.SCRIPT
    days: Annotated[int, BeforeValidator(_known_preset), Field(ge=1, le=366)] = USUAL
    first: OptionalDay = None
    last: OptionalDay = None
    turns: Turns = Turns.INFORMATIVE
    script: Short = ""
    stage: Short = ""
    agent: Short = ""
    team: Short = ""
    sort: Column = "n_shown"
    up: bool = False
    page: Annotated[int, Field(ge=1, le=100_000)] = 1

    def asking(self, reports: Reports) -> Asking:
        """What the report is about.

        Raises:
            InvalidValueError: the last day is before the first, or more than a year after it.
        """
        named = ("by", "first", "last", "turns", *RESTRICTING)
        query = PerformanceQuery(**{name: getattr(self, name) for name in named})
        return asking_of(query, reports, n_days=self.days)

    def address(self, **changed: object) -> str:
        """The choices as they stand in an address, with some of them changed; another choice begins with page 1."""
        kept: dict[str, object] = {
            "by": self.by.value,
            "days": "" if self.first or self.last else self.days,
            "first": self.first,
            "last": self.last,
            "turns": self.turns.value,
            **{name: getattr(self, name) for name in RESTRICTING},
            "sort": self.sort,
            "up": "1" if self.up else "",
        }
        kept |= changed
        return urlencode([(name, _written(value)) for name, value in kept.items() if value])

    def sorted_by(self, column: str) -> str:
        """The address ordered by a column; by the other end when it is ordered by it already."""
        up = not self.up if column == self.sort else column == "name"
        return self.address(sort=column, up="1" if up else "")


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
