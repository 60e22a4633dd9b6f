"""Text and tables in Markdown."""

import re
from collections.abc import Iterable, Sequence

from eval.report import passages

SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")
LONGEST = 160
"""Characters of one text."""


def escaped(text: str) -> str:
    """A text on one line, cut where it is long, in which no character means anything but itself."""
    flat = " ".join(passages.shown(text).split())
    return literal(flat if len(flat) <= LONGEST else f"{flat[:LONGEST]}…")


def literal(text: str) -> str:
    """A text in which no character means anything but itself."""
    return SPECIAL.sub(r"\\\1", passages.shown(text))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, n_texts: int = 1) -> list[str]:
    """A table whose first columns are texts and whose others are numbers, with the empty lines it needs around it."""
    rule = [":---" if column < n_texts else "---:" for column in range(len(head))]
    return ["", *(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)), ""]
