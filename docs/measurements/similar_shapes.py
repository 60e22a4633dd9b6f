"""Derives knowledge/shapes.txt: `python docs/measurements/similar_shapes.py FONT knowledge/shapes.txt`.

Each line is a common character (first level of GB 2312) followed by those that look most like it, nearest first: the
cosine of the two glyphs, drawn 48 pixels high in FONT (a sans-serif of simplified characters, such as Noto Sans CJK
SC), blurred, and less what all characters have in common. Needs `pip install pillow`.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FIRST_LEVEL = range(0xB0A1, 0xD7FA)
SIZE = 48
MAINLAND = 2
"""Noto's collections hold Japanese, Korean and mainland glyphs in this order."""
BLUR = 2.0
MIN_COSINE = 0.64
N_KEPT = 6


def characters() -> list[str]:
    """The common characters."""
    found = (code.to_bytes(2, "big").decode("gb2312", "ignore") for code in FIRST_LEVEL if code & 0xFF >= 0xA1)
    return [character for character in found if len(character) == 1]


def drawn(character: str, font: ImageFont.FreeTypeFont) -> NDArray[np.float32]:
    """The glyph as grey values."""
    image = Image.new("L", (SIZE, SIZE), 0)
    ImageDraw.Draw(image).text((SIZE / 2, SIZE / 2), character, fill=255, font=font, anchor="mm")
    return np.asarray(image.filter(ImageFilter.GaussianBlur(BLUR)), np.float32).ravel()


def main() -> None:
    """Writes the table to the path given."""
    font = ImageFont.truetype(sys.argv[1], SIZE - 4, index=MAINLAND)
    known = characters()
    glyphs = np.stack([drawn(character, font) for character in known])
    glyphs -= glyphs.mean(axis=0)
    glyphs /= np.linalg.norm(glyphs, axis=1, keepdims=True)
    cosines = glyphs @ glyphs.T
    np.fill_diagonal(cosines, 0)
    lines = []
    for character, row in zip(known, cosines, strict=True):
        best = [known[i] for i in np.argsort(-row, kind="stable")[:N_KEPT] if row[i] >= MIN_COSINE]
        if best:
            lines.append(character + "".join(best))
    Path(sys.argv[2]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
