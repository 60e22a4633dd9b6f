"""Scripts that repeat each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.duplicates.near import Encode, Pair, near_duplicates
from knowledge.duplicates.similarity import IN_A_LIST
from knowledge.duplicates.stars import star_groups
from knowledge.health.conflicts import same_questions
from knowledge.health.rows import LibraryScript


@dataclass(frozen=True)
class SameAnswer:
    """Scripts that say the same as the first of them, most similar first; similarities are to the first."""

    script_ids: tuple[str, ...]
    similarities: tuple[float, ...]


@dataclass(frozen=True, order=True)
class SameQuestion:
    """Two scripts with a trigger or title in common and different answers, the one of smaller id first."""

    left_id: str
    right_id: str
    question: str


def same_answers(scripts: Sequence[LibraryScript], encode: Encode, *, threshold: float = IN_A_LIST) -> list[SameAnswer]:
    """Groups of scripts of which one would do, largest first; each script is in one group at most.

    Raises:
        InvalidValueError: the threshold is not between 0 and 1, or the vectors have a wrong shape.
    """
    ordered = sorted(scripts, key=lambda script: script.script_id)
    pairs = near_duplicates([script.text for script in ordered], encode, threshold)
    near = _by_places(pairs)
    groups = []
    for star in star_groups(len(ordered), pairs):
        if star.members:
            ids = tuple(ordered[place].script_id for place in star.all)
            groups.append(SameAnswer(ids, tuple(near[star.centre, place] for place in star.members)))
    return groups


def same_question_other_answer(
    scripts: Sequence[LibraryScript], encode: Encode, *, threshold: float = IN_A_LIST
) -> list[SameQuestion]:
    """Pairs of scripts that a customer's message finds alike though they say different things, ordered by script.

    That may be wanted, where an agent should choose; where it is not, one of the two hides the other.

    Raises:
        InvalidValueError: the threshold is not between 0 and 1, or the vectors have a wrong shape.
    """
    ordered = sorted(scripts, key=lambda script: script.script_id)
    alike = _by_places(near_duplicates([script.text for script in ordered], encode, threshold))
    questions = same_questions(ordered, encode, threshold=threshold)
    return sorted(
        SameQuestion(ordered[left].script_id, ordered[right].script_id, words)
        for (left, right), words in questions.items()
        if (left, right) not in alike
    )


def _by_places(pairs: Sequence[Pair]) -> dict[tuple[int, int], float]:
    both = {(pair.left, pair.right): pair.similarity for pair in pairs}
    return both | {(right, left): value for (left, right), value in both.items()}
