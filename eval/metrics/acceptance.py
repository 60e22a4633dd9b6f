"""What the agent did with what was shown."""

import math
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from eval.errors import EvalError


def acceptance(shown_ids: Sequence[str], accepted_id: str | None, k: int) -> float:
    """1 if the item the agent sent, edited or not, stands among the first k shown, else 0: `acceptance@k`.

    NaN where it is not known to be an item: the agent wrote freely, or sent nothing. Nothing shown counts as 0.

    Raises:
        EvalError: k is less than 1.
    """
    if k < 1:
        raise EvalError(f"acceptance@{k}: expected a depth of at least 1")
    if accepted_id is None:
        return math.nan
    return float(accepted_id in shown_ids[:k])


def keystrokes_saved(shown: Sequence[str], sent: str) -> float:
    """The share of the sent text that need not be typed when the agent starts from the best of the texts shown.

    (n - min(n, 1 + d)) / n, where n is the characters of the sent text and d the least number of characters to insert,
    delete or replace that make it of one of the texts shown; the 1 is the key that accepts. The keystroke savings of
    word prediction (Trnka and McCoy, Corpus Studies in Word Prediction, 2007), with editing instead of completing.
    A character counts as one key, so that the keys of an input method cancel out.

    0 where nothing shown is of use; NaN where nothing was sent.
    """
    if not sent:
        return math.nan
    # Beyond n - 1 the outcome is 0 anyway; the cutoff lets the search stop there.
    n_typed = min((1 + Levenshtein.distance(text, sent, score_cutoff=len(sent)) for text in shown), default=len(sent))
    return (len(sent) - min(len(sent), n_typed)) / len(sent)
