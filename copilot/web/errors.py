"""Errors that only the web side raises.

CopilotError
└── WebError
    ├── BusyError             the line before the engine is full
    ├── TooLargeError         a request body over the limit
    └── ForeignOriginError    a page of another site sent the request
"""

from copilot.errors import CopilotError


class WebError(CopilotError):
    """Base of the errors of this package."""


class BusyError(WebError):
    """The line before the engine is full; try again in `retry_after_s` seconds."""

    def __init__(self, n_waiting: int, retry_after_s: int = 1) -> None:
        super().__init__(f"{n_waiting} messages are waiting for the engine; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class TooLargeError(WebError):
    """A request body over the limit."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the request body is larger than {max_bytes:,} bytes")


class ForeignOriginError(WebError):
    """A page of another site sent a request that changes something."""

    def __init__(self, origin: str) -> None:
        super().__init__(f"requests that change something are not taken from pages of {origin[:200]!r}")
