"""Plain text tables, for terminals and logs."""

import unicodedata
from collections.abc import Sequence


def plain_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their names, the first two to the left and numbers to the right, two spaces apart."""
    lines = [header, *rows]
    widths = [max(display_width(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(_line(line, widths) for line in lines)


def display_width(text: str) -> int:
    """How many columns of a terminal it takes: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        room = " " * (width - display_width(cell))
        padded.append(cell + room if column < 2 else room + cell)
    return "  ".join(padded).rstrip()
