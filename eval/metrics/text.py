"""How alike two texts are: the text shown and the text sent.

Both sides are read alike: NFKC, no capitals, and neither spacing, punctuation nor emoji, unless there is nothing else.
Traditional and simplified characters stay apart here; a caller that does not want that folds them first.
"""

import math
import re
import unicodedata
from collections import Counter
from typing import Final

from rapidfuzz.distance import LCSseq

_MARKS: Final = re.compile(r"[\W_]+")
_HAN: Final = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"  # and kana
_UNITS: Final = re.compile(rf"[{_HAN}]|(?:(?![{_HAN}])[^\W_])+")


def characters(text: str) -> str:
    """The letters, digits and ideographs of a text, in order; its marks if it has nothing else."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _MARKS.sub("", plain) or "".join(plain.split())


def units(text: str) -> list[str]:
    """What ROUGE counts, in order: each Chinese character, each word of letters and digits, or else each mark."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _UNITS.findall(plain) or list("".join(plain.split()))


def character_f1(shown: str, sent: str) -> float:
    """The F1 of the characters that both texts have, with repetitions, in any order; 0 to 1.

    NaN where nothing was sent.
    """
    ours, theirs = Counter(characters(shown)), Counter(characters(sent))
    return _f1((ours & theirs).total(), ours.total(), theirs.total())


def rouge_l(shown: str, sent: str) -> float:
    """The F1 of the longest common subsequence, over characters in Chinese and words elsewhere; 0 to 1.

    ROUGE-L with β = 1 (Lin, ROUGE: A Package for Automatic Evaluation of Summaries, 2004). NaN where nothing was sent.
    """
    ours, theirs = units(shown), units(sent)
    return _f1(LCSseq.similarity(ours, theirs), len(ours), len(theirs))


def _f1(n_common: int, n_shown: int, n_sent: int) -> float:
    return 2 * n_common / (n_shown + n_sent) if n_sent else math.nan
