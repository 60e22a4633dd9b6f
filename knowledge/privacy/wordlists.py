"""The word lists in the folder beside this module, each read when it is first asked for."""

from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("words")


@cache
def common_surnames() -> frozenset[str]:
    """The Chinese surnames of one character that most people have."""
    return frozenset(_lines("surnames")[0])


@cache
def surnames() -> frozenset[str]:
    """Chinese surnames of one character, the rare ones included."""
    return common_surnames() | frozenset(_lines("surnames")[1])


@cache
def compound_surnames() -> frozenset[str]:
    """Chinese surnames of two characters."""
    pairs = _lines("surnames")[2]
    return frozenset(pairs[at : at + 2] for at in range(0, len(pairs), 2))


@cache
def given_characters() -> frozenset[str]:
    """Characters that often stand in given names."""
    return frozenset(_lines("given")[0])


@cache
def ordinary_words() -> frozenset[str]:
    """Beginnings of words, two characters long, whose first is also a surname."""
    return frozenset(_lines("ordinary")[0].split())


@cache
def places() -> frozenset[str]:
    """China's provinces and larger cities, without 省 and 市."""
    return frozenset(" ".join(_lines("places")).split())


@cache
def first_names() -> frozenset[str]:
    """English given names."""
    return frozenset(_lines("first_names")[0].split())


@cache
def words(name: str, line: int = 0) -> frozenset[str]:
    """The words in one line of a list."""
    return frozenset(_lines(name)[line].split())


def alternatives(name: str, line: int = 0) -> str:
    """The words in one line of a list as a regular expression, as they are ordered there."""
    return "|".join(_lines(name)[line].split())


def _lines(name: str) -> list[str]:
    return (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
