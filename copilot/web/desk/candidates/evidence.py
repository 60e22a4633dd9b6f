"""A candidate's evidence, read from JSON that others wrote; a part that cannot be read is named and left out."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class WithinAgent(_Part):
    """The difference between replies of one and the same agent."""

    mean: float
    low: float
    high: float
    n: int = 0


class OutcomeEvidence(_Part):
    """What the candidate did to one outcome; differences of probabilities, empty when they could not be estimated."""

    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n_treated: int | None = None
    n_comparison: int | None = None
    treated_rate: float | None = None
    comparison_rate: float | None = None
    raw_difference: float | None = None
    within_agent: WithinAgent | None = None
    e_value: float | None = None
    e_value_limit: float | None = None
    overlap: float | None = None
    needs_more: int | None = None
    verdict: str = ""
    why: str = ""


class SegmentEvidence(_Part):
    """The effect among some of the conversations."""

    segment: str
    value: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


class Context(_Part):
    """What customers had said, and how often."""

    text: str
    n: int = 0


class Example(_Part):
    """One place where it was said."""

    conversation_id: str
    position: int | None = None
    message: str = ""
    reply: str = ""


class Move(_Part):
    """What customers said next, and what good agents answered."""

    customer: str
    reply: str
    n: int = 0


class NearDuplicate(_Part):
    """A script of the library that says nearly the same."""

    script_id: str
    similarity: float


class RuleFinding(_Part):
    """A rule that fires on the text."""

    rule: str
    severity: str = "warn"
    reason: str = ""
    words: str = ""


class Evidence(_Part):
    """Everything known about a candidate; of a wish only how often and where it was made."""

    n: int | None = None
    n_conversations: int | None = None
    n_customers: int | None = None
    n_agents: int | None = None
    n_wordings: int | None = None
    outcome: str = ""
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str = ""
    why: str = ""
    basis: str = ""
    needs_more: int | None = None
    outcomes: dict[str, OutcomeEvidence] = {}
    segments: list[SegmentEvidence] = []
    contexts: list[Context] = []
    examples: list[Example] = []
    playbook: list[Move] = []
    near_duplicates: list[NearDuplicate] = []
    compliance: list[RuleFinding] = []
    n_requests: int | None = None
    note: str | None = None
    conversation_id: str | None = None


def read_evidence(raw: Mapping[str, object]) -> tuple[Evidence, list[str]]:
    """The evidence, and the names of the parts that are not what they should be."""
    try:
        return Evidence.model_validate(raw), []
    except ValidationError as error:
        wrong = {str(one["loc"][0]) for one in error.errors()}
    return Evidence.model_validate({name: value for name, value in raw.items() if name not in wrong}), sorted(wrong)
