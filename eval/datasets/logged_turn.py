"""One turn of a log, and the row it is written as."""

from dataclasses import dataclass, fields
from datetime import datetime

from eval.datasets.record import Record
from eval.datasets.said import Said, read_context
from eval.datasets.words import DECISIONS, SCENES, STAGES


@dataclass(frozen=True, slots=True)
class LoggedTurn:
    """What a customer said, what was said before, and what an agent sent; `sent` is empty where nobody answered.

    `at` is in UTC. `decision` is what the agent did with what was suggested, where that is known.
    """

    id: str
    conversation_id: str
    customer_id: str | None
    agent_id: str | None
    at: datetime | None
    scene: str | None
    channel: str
    stage: str | None
    message: str
    context: tuple[Said, ...]
    sent: str
    script_id: str | None
    decision: str | None

    def to_row(self) -> dict[str, object]:
        """The turn as plain values for JSON; `turn_of` reads it back."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**row, "at": _written(self.at), "context": [_row_of(said) for said in self.context]}


FIELDS = tuple(field.name for field in fields(LoggedTurn))


def turn_of(record: Record) -> LoggedTurn:
    """The turn in a row; `id` and `message` must be there, and a turn without conversation is one of its own.

    Raises:
        DataError: a field is wrong, missing or unknown.
    """
    unknown = record.unknown(FIELDS)
    if unknown:
        raise record.refusal(", ".join(unknown), "is not a field of a turn", f"none but {', '.join(FIELDS)}")
    own = record.id("id")
    return LoggedTurn(
        id=own,
        conversation_id=record.optional_id("conversation_id") or own,
        customer_id=record.optional_id("customer_id"),
        agent_id=record.optional_id("agent_id"),
        at=record.moment("at"),
        scene=record.word("scene", SCENES),
        channel=record.optional_text("channel") or "",
        stage=record.word("stage", STAGES),
        message=record.required_text("message"),
        context=read_context(record),
        sent=record.optional_text("sent") or "",
        script_id=record.optional_id("script_id"),
        decision=record.word("decision", DECISIONS),
    )


def _row_of(said: Said) -> dict[str, object]:
    row: dict[str, object] = {"role": said.role, "text": said.text}
    return row if said.at is None else {**row, "at": _written(said.at)}


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
