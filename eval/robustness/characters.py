"""The characters people type: which are common, which sound alike, which look alike."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
HAN_RUN: Final = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff]+)")
LATIN_WORD: Final = re.compile(r"[A-Za-z]+")
Choice = TypeVar("Choice")
_FOLDER: Final = Path(__file__).parent


def han_places(text: str) -> list[int]:
    """Where the Chinese characters stand."""
    return [found.start() for found in HAN.finditer(text)]


def pick(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    """One of the choices, each as likely as another."""
    return choices[int(rng.integers(len(choices)))]


def pick_common(characters: Sequence[str], rng: np.random.Generator) -> str:
    """One of some characters, by how common each is: the share of the n-th commonest falls as 1 / n (Zipf)."""
    weights = np.array([1 / (1 + common_ranks().get(one, len(common_ranks()))) for one in characters])
    return characters[int(rng.choice(len(characters), p=weights / weights.sum()))]


def replaced(text: str, place: int, character: str) -> str:
    """The text with one character replaced."""
    return text[:place] + character + text[place + 1 :]


@cache
def common_ranks() -> dict[str, int]:
    """The 3,755 common characters, the commonest 0; see `docs/measurements/common_characters.py`."""
    ordered = "".join((_FOLDER / "common.txt").read_text(encoding="utf-8").split())
    return {character: rank for rank, character in enumerate(ordered)}


@cache
def similar_shapes() -> dict[str, str]:
    """Characters that are taken for one another at a glance or by handwriting input, by character."""
    lines = (_FOLDER / "similar.txt").read_text(encoding="utf-8").split()
    return {line[0]: line[1:] for line in lines}
