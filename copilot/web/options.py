"""How the web side is set up, apart from the workspace's own settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WebOptions:
    """Sizes and times of the web side."""

    workers: int = 2
    """Threads that run the engine."""
    queue: int = 32
    """Messages that may wait for a thread; one more is refused with 503."""
    max_body_bytes: int = 1_000_000
    max_upload_bytes: int = 100_000_000
    """Of a file to be imported; larger ones are for `copilot load`."""
    heartbeat_s: float = 15.0
    poll_s: float = 0.5
    """How often the database is asked for messages that another process wrote."""
    subscriber_queue: int = 64
    """News a slow listener may fall behind by before it is told to read everything again."""
    shelf: int = 2_000
    """Conversations whose standing answer is kept."""
