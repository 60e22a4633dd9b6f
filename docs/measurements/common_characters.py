"""Derives eval/robustness/common.txt: `python docs/measurements/common_characters.py eval/robustness/common.txt`.

The 3,755 characters of GB 2312's first level in the order of their frequency in jieba's word list, commonest first;
they decide which wrong character somebody most likely types. Needs `pip install jieba`.
"""

import sys
from collections import Counter
from pathlib import Path

import jieba

FIRST_LEVEL = (0xB0A1, 0xD7F9)
PER_LINE = 80


def is_common(character: str) -> bool:
    """Whether the character is in the first level of GB 2312."""
    code = int.from_bytes(character.encode("gb2312", "ignore"), "big")
    return FIRST_LEVEL[0] <= code <= FIRST_LEVEL[1]


def main() -> None:
    """Writes the characters to the path given, eighty a line."""
    counts: Counter[str] = Counter()
    with jieba.get_dict_file() as words:
        for line in words:
            word, n, _ = line.decode("utf-8").split(" ")
            for character in filter(is_common, word):
                counts[character] += int(n)
    ordered = "".join(character for character, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
    lines = [ordered[start : start + PER_LINE] for start in range(0, len(ordered), PER_LINE)]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
