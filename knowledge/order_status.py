"""What the status of an order says of it."""

from typing import Final

UNDONE_STATUSES: Final = frozenset({"cancelled", "refunded", "returned"})
"""Of orders that came to nothing: nothing was bought."""
