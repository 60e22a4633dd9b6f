"""Texts of customers and agents, which can hold anything, made fit to be shown."""

import re

LONGEST = 1200
"""Characters of one text; more would bury the next."""
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


def shown(text: str) -> str:
    """The beginning of a text, with a mark in place of each control character."""
    return UNSEEN.sub("\ufffd", text[:LONGEST])


def n_hidden(text: str) -> int:
    """How many characters are left out at the end."""
    return max(0, len(text) - LONGEST)
