"""Search weights are learnt from exchanges whose right script is known."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.engine.policy import Calibration, Policy
from copilot.engine.policy_file import read_ranker
from copilot.training.exchanges import Exchanges, read_exchanges
from copilot.training.search_weights import FITTED, SearchWeights, fit_search_weights
from models.encoders.hashing import HashEncoder
from models.training.pairs import Pair

N = 80


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


def message(number: int) -> str:
    return f"ask {number + 1000}"


def reply(number: int) -> str:
    return f"say {(number - 1) % N + 1000}"


class Knowing:
    """Gives message i and reply i the same vector, whatever their words."""

    dim = N
    fingerprint = "knowing"

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        known = {text: i for i in range(N) for text in (message(i), reply(i))}
        return np.eye(N, dtype=np.float32)[[known[text] for text in texts]]

    encode_passages = encode_queries


@pytest.fixture
def library() -> Exchanges:
    """Replies whose words mislead: message i shares its number with reply i + 1."""
    return Exchanges(
        replies=tuple(reply(i) for i in range(N)),
        asked=tuple(Pair(message(i), (), "") for i in range(N)),
        right=tuple(range(N)),
    )


def test_an_encoder_that_knows_makes_misleading_words_count_for_nothing(library: Exchanges) -> None:
    weights = fit_search_weights(library, Knowing(), HashEncoder(), quiet)
    assert weights is not None
    assert weights.n_asked == N
    assert weights.after == 1.0
    assert weights.reply["reply_words"] == 0.0 < weights.reply["reply_similarity"]
    assert min(weights.reply.values()) >= 0.0


def test_scores_keep_the_scale_of_the_usual_ones(library: Exchanges) -> None:
    """With the same encoder on both sides, the midpoint moves exactly as far as the mean of the best scores."""
    same = fit_search_weights(library, HashEncoder(), HashEncoder(), quiet)
    assert same is not None
    usual = Calibration().midpoint
    assert abs(same.midpoint - usual) < usual


def test_of_too_few_messages_nothing_is_learnt(library: Exchanges) -> None:
    few = Exchanges(library.replies, library.asked[:10], library.right[:10])
    assert fit_search_weights(few, Knowing(), HashEncoder(), quiet) is None


def test_what_is_written_is_a_policy(tmp_path: Path) -> None:
    SearchWeights(dict.fromkeys(FITTED, 1.5), midpoint=2.0, n_asked=60, before=0.1, after=0.2).write(tmp_path)
    policy = read_ranker(tmp_path)
    assert policy.reply.reply_similarity == 1.5
    assert policy.reply.exact_trigger == Policy().reply.exact_trigger
    assert policy.calibration == Calibration(midpoint=2.0)


def write_pairs(folder: Path, rows: Sequence[tuple[str, str]], name: str = "pairs.jsonl") -> Path:
    path = folder / name
    lines = [json.dumps({"message": message, "context": [], "reply": reply}) for message, reply in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_held_back_messages_are_asked_among_their_replies_and_learnt_ones(tmp_path: Path) -> None:
    pairs = write_pairs(
        tmp_path,
        [("when will it come", "it comes on friday"), ("is it on its way", "it comes on friday"), ("hello", "hi")],
    )
    dev = write_pairs(
        tmp_path,
        [
            ("tell me the day", "It comes on Friday!"),
            ("can i return it", "yes within a week"),
            ("so", "it is too short"),
        ],
        "dev.jsonl",
    )
    exchanges = read_exchanges(pairs, dev, np.random.default_rng(0))
    assert [pair.message for pair in exchanges.asked] == ["tell me the day", "can i return it"]
    assert [exchanges.replies[number] for number in exchanges.right] == ["It comes on Friday!", "yes within a week"]
    assert len(exchanges.replies) == 2, "the same reply is one, a single short word is none"
