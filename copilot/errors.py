"""Errors of the product.

CopilotError
├── BadRequestError        the caller's input breaks a rule (names field, value, expectation)
├── UnknownIdError         an id in the request that no row has
├── StaleConversationError the conversation has moved on since the suggestion was made
├── CannotUndoError        what was done can no longer be taken back
├── KeyReusedError         an idempotency key was used before with another request
└── NotReadyError          something the command needs is missing; the message says what to run
"""


class CopilotError(Exception):
    """Base of every error this package raises on purpose; the message is fit for a user."""


class BadRequestError(CopilotError):
    """The caller's input breaks a rule."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        shown = repr(value)
        super().__init__(f"{field}: got {shown[:80]}{'…' if len(shown) > 80 else ''}, expected {expected}")
        self.field = field
        self.value = value
        self.expected = expected


class UnknownIdError(CopilotError):
    """No row has this id."""

    def __init__(self, kind: str, item_id: str) -> None:
        super().__init__(f"no {kind} has the id {item_id!r}")
        self.kind = kind
        self.item_id = item_id


class StaleConversationError(CopilotError):
    """The conversation has moved on since the suggestion was made."""

    def __init__(self, made_for: int, now_at: int) -> None:
        super().__init__(
            f"the suggestion answers version {made_for} of the conversation, which is now at {now_at}; "
            "look at the new message first"
        )
        self.made_for = made_for
        self.now_at = now_at


class CannotUndoError(CopilotError):
    """What was done can no longer be taken back; `reason` is `nothing`, `too late` or `answered`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class KeyReusedError(CopilotError):
    """An idempotency key came back with another request."""


class NotReadyError(CopilotError):
    """Something the command needs is missing; the message says what to run."""
