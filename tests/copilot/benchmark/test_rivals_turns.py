"""Turns: the same messages for both sides, whoever begins, and no longer than patience lasts."""

from collections import deque

import pytest

from copilot.benchmark.rivals.task import Job
from copilot.benchmark.rivals.turns import take_turns
from copilot.benchmark.rivals.worker import Answered
from eval.latency import Taken


class PatientClock:
    """Every look at it takes as long as it is told."""

    def __init__(self, step_s: float) -> None:
        self.now, self.step_s = 0.0, step_s

    def __call__(self) -> float:
        self.now += self.step_s
        return self.now - self.step_s


class Scripted:
    """Stands for a process: notes in a common diary what it is asked, and finds what it is told."""

    def __init__(self, name: str, diary: list[tuple[str, tuple[str, ...]]]) -> None:
        self.name, self.diary, self.waiting = name, diary, deque()

    def send(self, _work, job, messages) -> None:
        assert job is Job.DENSE
        self.diary.append((self.name, tuple(messages)))
        self.waiting.append(Answered((Taken(1.0, 1.0),) * len(messages), ((1,),) * len(messages), 0.0, 1.0))

    def receive(self) -> Answered:
        return self.waiting.popleft()


def words(n: int) -> list[str]:
    return [f"m{number}" for number in range(n)]


def test_both_sides_answer_the_same_messages_and_take_it_in_turns_to_begin() -> None:
    diary: list = []
    ours, theirs = Scripted("ours", diary), Scripted("theirs", diary)
    turns = take_turns([ours], [theirs], Job.DENSE, words(15), patience_s=60, clock=PatientClock(0))
    assert len(turns) == 3
    assert [name for name, _ in diary] == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert [messages for _, messages in diary][::2] == [tuple(words(15)[start : start + 5]) for start in (0, 5, 10)]
    assert [messages for _, messages in diary][::2] == [messages for _, messages in diary][1::2]


def test_several_processes_share_the_messages_of_a_turn() -> None:
    diary: list = []
    ours, theirs = ([Scripted(f"{name}{n}", diary) for n in range(2)] for name in ("ours", "theirs"))
    (turn,) = take_turns(ours, theirs, Job.DENSE, words(19), patience_s=60, clock=PatientClock(0))
    assert diary[0] == ("ours0", tuple(words(10)[::2]))
    assert diary[1] == ("ours1", tuple(words(10)[1::2]))
    assert turn.ours.n_messages == turn.theirs.n_messages == 10  # the nine left over make no whole turn


@pytest.mark.parametrize(("step_s", "n_turns"), [(0.0, 10), (10.0, 6), (100.0, 2)])
def test_turns_end_with_patience_but_not_before_the_second(step_s: float, n_turns: int) -> None:
    diary: list = []
    ours, theirs = Scripted("ours", diary), Scripted("theirs", diary)
    # The clock is looked at once to begin with, then before every turn from the third on: at 10 s, 20 s …
    turns = take_turns([ours], [theirs], Job.DENSE, words(50), patience_s=40, clock=PatientClock(step_s))
    assert len(turns) == n_turns
