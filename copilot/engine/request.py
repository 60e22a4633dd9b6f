"""What goes into the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from copilot.errors import BadRequestError
from knowledge.tables import DEFAULT_TENANT, MessageRole, Scene, Stage

MAX_MESSAGE_CHARACTERS = 20_000


@dataclass(frozen=True)
class Said:
    """One message of a conversation."""

    role: MessageRole
    text: str
    at: datetime | None = None


@dataclass(frozen=True)
class SuggestRequest:
    """One question to the engine: a message, who wrote it, and where.

    With `conversation_id` the messages come from the database and `message` may be empty; otherwise `context` holds
    what was said before `message`, oldest first.
    """

    message: str = ""
    tenant_id: str = DEFAULT_TENANT
    conversation_id: str | None = None
    context: Sequence[Said] = field(default=())
    customer_id: str | None = None
    agent_id: str | None = None
    scene: Scene | None = None
    channel: str = ""
    stage: Stage | None = None
    sku: str | None = None
    max_replies: int = 3
    max_products: int = 3
    explain_excluded: bool = True

    def __post_init__(self) -> None:
        if len(self.message) > MAX_MESSAGE_CHARACTERS:
            expected = f"at most {MAX_MESSAGE_CHARACTERS:,} characters"
            raise BadRequestError("message", f"{len(self.message):,} characters", expected)
        if not self.conversation_id and not self.message.strip():
            raise BadRequestError("message", self.message, "a message that is not empty, or a conversation_id")
        for name in ("max_replies", "max_products"):
            if not 0 <= getattr(self, name) <= 10:
                raise BadRequestError(name, getattr(self, name), "a number from 0 to 10")
