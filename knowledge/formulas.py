"""Texts that a spreadsheet would take for formulas: made harmless when written to CSV, and read back as they were.

A cell that begins with one of a few marks is run by Excel and its like, so that a customer's message could open a
program on an editor's machine (OWASP, "CSV injection"). The usual cure is an apostrophe in front.
"""

import re
from typing import Final

_DANGEROUS: Final = re.compile(r"\s*'*[=+\-@\t\r\n＝＋－＠]")
_DEFUSED: Final = re.compile(r"'\s*'*[=+\-@\t\r\n＝＋－＠]")


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def restored(text: str) -> str:
    """The text that `defused` was given."""
    return text[1:] if text[:1] == "'" and _DEFUSED.match(text) else text
