"""Messages that must go on finding their script."""

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from copilot.curation.regression import read_cases, run_cases
from copilot.web.api.documented import READS, problems
from copilot.web.schemas.common import Short, Wire
from copilot.web.services import ServicesDep

router = APIRouter(prefix="/v1/regressions", tags=["library"])


class CaseOut(Wire):
    """A case as it fares now; `rank` counts from 1 and is empty when the script was not among the first `within`."""

    id: str
    message: str
    script_id: str
    within: int
    scene: str
    customer_id: str | None
    note: str
    passed: bool
    rank: int | None
    shown: list[str] = Field(description="The scripts found, best first.")
    why_not: str = Field(description="The rule or reason that kept the script away, where one is known.")


class CasesOut(Wire):
    """All cases as they fare now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "n": 1,
                    "n_failed": 0,
                    "cases": [
                        {
                            "id": "8f14e45f",
                            "message": "敏感肌能用吗",
                            "script_id": "S001",
                            "within": 3,
                            "scene": "direct",
                            "customer_id": None,
                            "note": "",
                            "passed": True,
                            "rank": 1,
                            "shown": ["S001"],
                            "why_not": "",
                        }
                    ],
                }
            ]
        }
    )

    n: int
    n_failed: int
    cases: list[CaseOut]


@router.get("", responses=problems(*READS), summary="Run the regression cases")
def get_regressions(services: ServicesDep, script_id: Short = "") -> CasesOut:
    """How every kept message fares now, or those of one script; nothing is recorded."""
    with services.database.read() as session:
        cases = read_cases(session, services.tenant_id, script_id)
    return CasesOut.model_validate(run_cases(services.runtime.engine, cases).to_dict())
