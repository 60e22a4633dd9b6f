"""What goes into the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from copilot.errors import BadRequestError
from knowledge.tables import DEFAULT_TENANT, MessageRole, Scene, Stage

MAX_MESSAGE_CHARACTERS = 20_000


@dataclass(frozen=True)
class Said:
    """One message of a conversation."""

    role: MessageRole
    text: str
    at: datetime | None = None


class ProductMode(StrEnum):
    """Which products are wanted.

    Any that fit, refills included; such as this customer never ordered; what goes with a given product; or only what
    answers the message.
    """

    ANY = "any"
    NEW = "new"
    COMPLEMENT = "complement"
    ANSWER = "answer"


@dataclass(frozen=True)
class SuggestRequest:
    """One question to the engine: a message, who wrote it, and where.

    With `conversation_id` the messages come from the database and `message` may be empty; otherwise `context` holds
    what was said before `message`, oldest first. `at` is the moment to answer for, now when empty. `complement_of`
    names the product whose complements are wanted; without it they are those of the product on the screen, `sku`.
    With `opening` the customer has not written yet: what might be said first, without a message, to the customer of a
    conversation or to `customer_id`.
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
    products: ProductMode = ProductMode.ANY
    complement_of: str | None = None
    explain_excluded: bool = True
    at: datetime | None = None
    opening: bool = False

    def __post_init__(self) -> None:
        require_text("message", self.message)
        for said in self.context:
            require_text("context", said.text)
        for name in ("conversation_id", "customer_id", "agent_id", "channel", "sku", "complement_of"):
            require_text(name, getattr(self, name) or "")
        if self.opening:
            self._require_opening()
        elif not self.conversation_id and not self.message.strip():
            raise BadRequestError("message", self.message, "a message that is not empty, or a conversation_id")
        for name in ("max_replies", "max_products"):
            if not 0 <= getattr(self, name) <= 10:
                raise BadRequestError(name, getattr(self, name), "a number from 0 to 10")
        if self.products not in list(ProductMode):
            raise BadRequestError("products", self.products, " or ".join(ProductMode))
        if self.complement_of and self.products != ProductMode.COMPLEMENT:
            raise BadRequestError("products", str(self.products), "complement, as complement_of is given")
        if self.products == ProductMode.COMPLEMENT and not self.given_sku:
            raise BadRequestError("complement_of", self.complement_of, "the sku whose complements are wanted")

    def _require_opening(self) -> None:
        if self.message.strip() or self.context:
            raise BadRequestError("message", self.message, "no message and no context, as an opening is wanted")
        if not self.conversation_id and not self.customer_id:
            raise BadRequestError("customer_id", self.customer_id, "a customer_id or conversation_id for an opening")

    @property
    def given_sku(self) -> str | None:
        """The product whose complements are wanted; only asked in that mode."""
        return (self.complement_of or self.sku) if self.products == ProductMode.COMPLEMENT else None


def require_text(field: str, text: str) -> None:
    """Check that a text is of a length somebody may have written and can be kept by every database.

    Raises:
        BadRequestError: it is longer than 20,000 characters, or has NUL characters or halves of surrogate pairs.
    """
    if len(text) > MAX_MESSAGE_CHARACTERS:
        expected = f"at most {MAX_MESSAGE_CHARACTERS:,} characters"
        raise BadRequestError(field, f"{len(text):,} characters", expected)
    if "\x00" in text:
        raise BadRequestError(field, text, "text without NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRequestError(field, text, "text without halves of surrogate pairs") from error
