from hypothesis import given
from hypothesis import strategies as st

from models.training.pairs import Pair
from models.training.splitting import split_by_conversation


def _conversation(name: str, n_turns: int = 3) -> list[Pair]:
    """Each pair's context ends with the message and reply before it."""
    said = [(f"客户的问题{name}第{turn}个", f"客服的回答{name}第{turn}个") for turn in range(n_turns)]
    contexts = [(), *said[:-1]]
    return [Pair(message, tuple(context), reply) for (message, reply), context in zip(said, contexts, strict=True)]


PAIRS = [pair for number in range(200) for pair in _conversation(f"{number:04d}")]


def test_a_conversation_is_on_one_side_only() -> None:
    split = split_by_conversation(PAIRS, dev_share=0.2)
    names = [{pair.message[5:9] for pair in side} for side in (split.train, split.dev)]
    assert names[0].isdisjoint(names[1])
    assert len(split.train) + len(split.dev) == len(PAIRS)
    assert 60 <= len(split.dev) <= 180


def test_the_order_of_the_file_does_not_matter() -> None:
    forward, backward = (split_by_conversation(pairs, dev_share=0.2) for pairs in (PAIRS, PAIRS[::-1]))
    assert set(forward.dev) == set(backward.dev)


def test_a_question_that_is_learnt_from_is_not_measured_on() -> None:
    repeated = [Pair("请问这个什么时候可以发货", (), f"第{number}种回答方式在这里") for number in range(300)]
    split = split_by_conversation(repeated, dev_share=0.5)
    assert split.train
    assert split.dev == ()


@given(st.floats(0.0, 1.0))
def test_no_pair_is_on_both_sides(share: float) -> None:
    split = split_by_conversation(PAIRS[:60], dev_share=share)
    assert set(split.train).isdisjoint(split.dev)
