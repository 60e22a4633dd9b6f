"""Telling how far an import is."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with the rows done and, once known, the rows there are."""


def silent(_done: int, _total: int | None) -> None:
    """Tell nobody."""
