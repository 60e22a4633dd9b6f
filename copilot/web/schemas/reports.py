"""The reports: what is wrong with a library, what it lacks, and how its scripts do."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, JsonValue

from copilot.curation.exposures import Dimension, Turns
from copilot.curation.library_health import Kind
from copilot.web.schemas.common import EARLIEST_YEAR, LATEST_YEAR, Short, Wire
from eval.statistics.estimate import Estimate

SHARE: dict[str, JsonValue] = {"mean": 0.25, "low": 0.221, "high": 0.281, "n": 800}
COUNTS: dict[str, JsonValue] = {
    "n_shown": 800,
    "n_accepted": 160,
    "n_edited": 40,
    "n_dismissed": 24,
    "acceptance": SHARE,
    "edit_rate": {"mean": 0.2, "low": 0.15, "high": 0.261, "n": 200},
    "edit_distance": {"mean": 6.5, "low": 5.2, "high": 7.8, "n": 40},
    "dismissal": {"mean": 0.03, "low": 0.02, "high": 0.044, "n": 800},
    "reply": {"mean": 0.6, "low": 0.531, "high": 0.665, "n": 200},
    "purchase": {"mean": 0.1, "low": 0.066, "high": 0.149, "n": 200},
    "complaint": None,
}
ROW: dict[str, JsonValue] = {
    **COUNTS,
    "key": "S001",
    "name": "敏感肌选品",
    "dismissals": {"not relevant": 20, "outdated": 4},
    "ranks": [{"rank": 1, "n_shown": 500, "acceptance": {"mean": 0.3, "low": 0.262, "high": 0.342, "n": 500}}],
    "weeks": [{"first": "2026-10-26", "last": "2026-11-01", "n_shown": 200, "acceptance": None}],
}
FINDING: dict[str, JsonValue] = {
    "id": "8c0a2f0e61d44b7b9a1c",
    "kind": "conflict",
    "script_ids": ["S001", "S017"],
    "question": "可以退货吗",
    "said": ["7天", "15天"],
}
GAP: dict[str, JsonValue] = {
    "triggers": ["可以开发票吗", "能开专票吗"],
    "n_messages": 41,
    "n_conversations": 37,
    "n_customers": 35,
    "why": {"abstained": 30, "requested": 11},
    "stage": "交易",
    "at_stake_fen": 120000,
    "script_id": "",
    "is_answered": False,
}


def _plausible(day: date) -> date:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"a year from {EARLIEST_YEAR} to {LATEST_YEAR} is expected")
    return day


Day = Annotated[date, AfterValidator(_plausible)]


class EstimateOut(Wire):
    """A number with its 95 % interval; an end that the data does not give is empty."""

    mean: float
    low: float | None
    high: float | None
    n: int

    @classmethod
    def of(cls, estimate: Estimate | None) -> "EstimateOut | None":
        """The estimate as it is sent."""
        return None if estimate is None else cls.model_validate(estimate.to_dict())


class FallOut(Wire):
    """A rate before and now; `shrunk` is what to expect of the change."""

    earlier: float
    n_earlier: int
    recent: float
    n_recent: int
    shrunk: float


class FindingOut(Wire):
    """Something wrong with one script, or between several; `id` changes when one of the scripts does."""

    model_config = ConfigDict(json_schema_extra={"examples": [FINDING]})

    id: str
    kind: Kind
    script_ids: list[str]
    n_shown: int = 0
    valid_to: datetime | None = None
    slots: list[str] = Field(default=[])
    question: str = ""
    said: list[str] = Field(default=[], description="What each of two scripts states against the other.")
    similarities: list[float] = Field(default=[], description="Of each further script to the first.")
    fall: FallOut | None = None


class GapOut(Wire):
    """Messages that say the same and got no good suggestion; personal data is masked."""

    model_config = ConfigDict(json_schema_extra={"examples": [GAP]})

    triggers: list[str]
    n_messages: int
    n_conversations: int
    n_customers: int
    why: dict[str, int]
    stage: str
    at_stake_fen: int | None
    script_id: str = Field(description="The live script that has the most frequent of them as a trigger, if any.")
    is_answered: bool = Field(description="Whether that script went live after the last message.")


class HealthReportOut(Wire):
    """What is wrong with the library, what matters most first, and what it lacks, biggest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "as_of": "2026-11-22T03:00:00Z",
                    "is_coming": False,
                    "n_scripts": 293,
                    "counts": {"conflict": 1},
                    "n_fine": 0,
                    "findings": [FINDING],
                    "gaps": [GAP],
                }
            ]
        }
    )

    as_of: datetime | None = Field(description="When the oldest part was computed; empty before the first.")
    is_coming: bool = Field(description="Whether parts are missing or being computed anew; ask again in a while.")
    n_scripts: int
    counts: dict[str, int]
    n_fine: int = Field(description="Findings that somebody called fine for a while; they are left out.")
    findings: list[FindingOut]
    gaps: list[GapOut]


class PerformanceQuery(Wire):
    """What a report on performance is about; an empty value does not restrict."""

    model_config = ConfigDict(extra="ignore")

    by: Dimension = Dimension.SCRIPT
    first: Day | None = Field(default=None, description="The first day; four weeks before the last when absent.")
    last: Day | None = Field(default=None, description="The last day; today when absent.")
    turns: Turns = Field(default=Turns.INFORMATIVE, description="Greetings, thanks and the like are `small_talk`.")
    script: Short = ""
    stage: Short = ""
    agent: Short = ""
    team: Short = ""


class CountsOut(Wire):
    """What was shown and what became of it; outcomes and edits are shares of what was sent."""

    n_shown: int
    n_accepted: int
    n_edited: int
    n_dismissed: int
    acceptance: EstimateOut | None
    edit_rate: EstimateOut | None
    edit_distance: EstimateOut | None = Field(description="Characters changed in what was edited.")
    dismissal: EstimateOut | None
    reply: EstimateOut | None
    purchase: EstimateOut | None
    complaint: EstimateOut | None


class RankOut(Wire):
    """How often what was shown at one rank was used."""

    rank: int
    n_shown: int
    acceptance: EstimateOut | None


class WeekOut(Wire):
    """One week of the period; the first may be shorter."""

    first: date
    last: date
    n_shown: int
    acceptance: EstimateOut | None


class PerformanceRowOut(CountsOut):
    """One script, stage, agent or team; the key is empty where it is not known."""

    model_config = ConfigDict(json_schema_extra={"examples": [ROW]})

    key: str
    name: str
    dismissals: dict[str, int]
    ranks: list[RankOut]
    weeks: list[WeekOut]


class PerformanceOut(Wire):
    """The rows by exposures, most first, and all of them together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "by": "script",
                    "turns": "informative",
                    "first": "2026-10-26",
                    "last": "2026-11-22",
                    "as_of": "2026-11-22T03:00:00Z",
                    "total": {**ROW, "key": "", "name": ""},
                    "rows": [ROW],
                }
            ]
        }
    )

    by: Dimension
    turns: Turns
    first: date
    last: date
    as_of: datetime
    total: PerformanceRowOut
    rows: list[PerformanceRowOut]
