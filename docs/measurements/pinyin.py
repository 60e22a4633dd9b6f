"""Derives knowledge/pinyin.txt from pypinyin: `python docs/measurements/pinyin.py knowledge/pinyin.txt`.

Each line is a syllable without its tone, a space, and the characters of GB 2312 that are read so. A character stands
under its usual reading, and under others that at least three of pypinyin's phrases have (重 under zhong and chong).
Needs `pip install pypinyin`.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path

from pypinyin import Style, pinyin
from pypinyin.phrases_dict import phrases_dict
from pypinyin.style import convert

HANZI = range(0xB0A1, 0xF7FF)
MIN_PHRASES = 3
PLAIN = str.maketrans("üê", "ve")


def characters(codes: range) -> list[str]:
    """The characters of a part of GB 2312."""
    found = (code.to_bytes(2, "big").decode("gb2312", "ignore") for code in codes if code & 0xFF >= 0xA1)
    return [character for character in found if len(character) == 1]


def phrase_readings() -> Counter[tuple[str, str]]:
    """In how many phrases a character is read so."""
    used: Counter[tuple[str, str]] = Counter()
    for phrase, readings in phrases_dict.items():
        plain = [convert(reading[0], Style.NORMAL, strict=True) for reading in readings]
        used.update(set(zip(phrase, plain, strict=False)))
    return used


def main() -> None:
    """Writes the table to the path given."""
    table: dict[str, list[str]] = defaultdict(list)
    used = phrase_readings()
    for character in characters(HANZI):
        first, *others = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
        readings = [first, *(reading for reading in others if used[character, reading] >= MIN_PHRASES)]
        for reading in dict.fromkeys(reading.translate(PLAIN) for reading in readings):
            if reading.isascii() and reading.isalpha():
                table[reading].append(character)
    lines = [f"{syllable} {''.join(table[syllable])}" for syllable in sorted(table)]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
