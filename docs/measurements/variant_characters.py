"""Derives knowledge/variants.txt from OpenCC: `python docs/measurements/variant_characters.py knowledge/variants.txt`.

Each line is one character followed by the characters written as it. Conversion is by character, not by phrase, because
both sides of a comparison pass through the same table: 著名 and 看著 need not be told apart as long as both become 着.
"""

import sys
from collections import defaultdict
from pathlib import Path

from opencc import OpenCC

IDEOGRAPHS = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0x20000, 0x2F800), range(0x30000, 0x323B0))
PREFERRED = dict(
    zip("妳姊牠衹祇著痺瞭喫呑値倶靑艶澁麽麼覆藉囘囬", "你姐它只只着痹了吃吞值俱青艳涩么么复借回回", strict=True)
)
PLAYFUL = dict(zip("伱沵莪恏卟佷莈", "你你我好不很没", strict=True))
"""火星文: characters put for common ones on purpose, and hardly used for anything else."""


def is_simplified(character: str) -> bool:
    """Whether the mainland standard GB 2312 has the character."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def converted(configuration: str, characters: list[str]) -> dict[str, str]:
    """What one OpenCC configuration makes of each character on its own."""
    results = OpenCC(configuration).convert("\n".join(characters)).split("\n")
    return dict(zip(characters, results, strict=True))


def variants() -> dict[str, str]:
    """Every character that is written as another one, with that other one."""
    characters = [chr(code) for block in IDEOGRAPHS for code in block]
    everywhere = [converted(name, characters) for name in ("t2s", "tw2s", "hk2s", "jp2t")]
    mainland = everywhere[:1]

    def step(character: str) -> str:
        if character in PREFERRED:
            return PREFERRED[character]
        if character in PLAYFUL:
            return PLAYFUL[character]
        tables = mainland if is_simplified(character) else everywhere
        return next((table[character] for table in tables if table.get(character, character) != character), character)

    def settled(character: str) -> str:
        seen = {character}
        while (after := step(character)) not in seen:
            seen.add(after)
            character = after
        return character

    return {c: target for c in characters if len(target := settled(c)) == 1 and target != c}


def main() -> None:
    """Writes the table to the path given."""
    groups: dict[str, list[str]] = defaultdict(list)
    for variant, target in variants().items():
        groups[target].append(variant)
    lines = [target + "".join(sorted(groups[target])) for target in sorted(groups)]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
