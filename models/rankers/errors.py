"""The ranker's branch of the package's errors."""

from models.errors import ModelError


class RankerError(ModelError):
    """Slates, weights or curves that cannot be what they should be."""
