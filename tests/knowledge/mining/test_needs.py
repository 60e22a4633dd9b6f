"""What customers want is told by what agents answer."""

from dataclasses import dataclass

import numpy as np
import pytest

from knowledge.mining.cells import Cells, find_cells
from knowledge.mining.needs import OTHER, Needs, find_needs

PER_NEED = 400


@dataclass(frozen=True)
class World:
    """Two needs, each with two scripts of its own, and one reply used for both; one message a turn."""

    vectors: np.ndarray
    truth: np.ndarray
    move: np.ndarray

    def needs(self, *, n_moves: int = 5) -> Needs:
        n = len(self.vectors)
        cells = find_cells(self.vectors, np.ones(n, np.int64), seed=0)
        return find_needs(self.vectors, cells, np.arange(n, dtype=np.int32), self.move, n_moves=n_moves, seed=0)


@pytest.fixture(scope="module")
def world() -> World:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], PER_NEED)
    vectors = np.eye(6)[truth] + rng.normal(0, 0.25, (2 * PER_NEED, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    choice = rng.choice(3, 2 * PER_NEED, p=(0.4, 0.3, 0.3))
    move = np.where(choice == 2, 4, 2 * truth + choice).astype(np.int32)  # 0, 1 | 2, 3 | 4 for all
    order = rng.permutation(2 * PER_NEED)
    return World(vectors[order].astype(np.float32), truth[order], move[order])


def test_scripts_for_the_same_need_belong_together(world: World) -> None:
    of_move = world.needs().of_move.tolist()
    assert of_move[0] == of_move[1] != of_move[2] == of_move[3]


def test_a_reply_used_alike_for_everything_is_ordinary_and_scripts_are_not(world: World) -> None:
    found = world.needs()
    assert found.is_ordinary.tolist() == [False] * 4 + [True]
    assert found.breadth[4] == pytest.approx(2.0, abs=0.05)
    assert found.breadth[:4].max() < 1.4


def test_messages_are_told_by_what_answers_them_those_with_an_ordinary_reply_too(world: World) -> None:
    found = world.needs()
    told = found.of_text == found.of_move[2 * world.truth]
    assert told.mean() > 0.97
    assert told[world.move == 4].mean() > 0.95
    assert found.n == 2


def test_rare_moves_say_nothing(world: World) -> None:
    """Rows of moves from the fifth on, and below nought, change neither needs nor what is ordinary."""
    without = World(world.vectors, world.truth, np.where(world.move == 4, -1, world.move).astype(np.int32))
    beyond = world.needs(n_moves=4)
    np.testing.assert_array_equal(without.needs(n_moves=4).of_text, beyond.of_text)
    assert beyond.is_ordinary.tolist() == [False] * 4


def test_the_same_turns_in_another_order_have_the_same_needs(world: World) -> None:
    n = len(world.vectors)
    cells = find_cells(world.vectors, np.ones(n, np.int64), seed=0)
    order = np.random.default_rng(1).permutation(n)
    message = np.arange(n, dtype=np.int32)
    one = find_needs(world.vectors, cells, message, world.move, n_moves=5, seed=0)
    other = find_needs(world.vectors, cells, message[order], world.move[order], n_moves=5, seed=0)
    np.testing.assert_array_equal(one.of_text, other.of_text)
    np.testing.assert_array_equal(one.is_ordinary, other.is_ordinary)


def test_one_reply_to_one_message_is_one_need_and_not_ordinary() -> None:
    n = 1_000
    vectors, zeros = np.ones((1, 4), np.float32) / 2, np.zeros(n, np.int32)
    found = find_needs(vectors, Cells(np.zeros(1, np.int32), 1), zeros, zeros, n_moves=1, seed=0)
    assert (found.n, found.of_text.tolist(), found.is_ordinary.tolist()) == (1, [0], [False])


def test_without_moves_nothing_can_be_told() -> None:
    vectors = np.ones((3, 4), np.float32) / 2
    rows, none = np.arange(3, dtype=np.int32), np.full(3, -1, np.int32)
    found = find_needs(vectors, Cells(np.zeros(3, np.int32), 1), rows, none, n_moves=0, seed=0)
    assert (found.n, found.of_text.tolist(), len(found.is_ordinary)) == (0, [OTHER] * 3, 0)
