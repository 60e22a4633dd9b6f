"""Triggers are compared with the message alone, replies with the message and what was said before it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from copilot.engine.policy import Policy, ReplyWeights
from copilot.engine.request import Said, SuggestRequest
from copilot.engine.turn import told
from knowledge.tables import MessageRole
from models.encoders.hashing import HashEncoder

BEFORE = (Said(MessageRole.CUSTOMER, "面霜到货了吗"), Said(MessageRole.AGENT, "面霜明天到货"))


class TrainedEncoder(HashEncoder):
    """Reads as many earlier turns as it is told, and remembers what it was asked."""

    def __init__(self, context_turns: int) -> None:
        super().__init__()
        self.context_turns = context_turns
        self.asked: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return super().encode_queries(texts)


def suggest(shop, context_turns: int):
    shop.add_script("cream", "面霜明天到货，到了第一时间告诉您。", "到货通知")
    shop.add_script("water", "爽肤水今天就能发货。", "发货时间")
    shop.encoder = TrainedEncoder(context_turns)
    answer = shop.engine.rehearse(SuggestRequest(message="那个呢", context=BEFORE))[0]
    return shop.encoder.asked, answer


def test_an_encoder_trained_on_turns_is_asked_both_views(shop) -> None:
    asked, _ = suggest(shop, 2)
    assert set(asked) >= {"那个呢", told([said.text for said in BEFORE], "那个呢")}


def test_an_untrained_encoder_is_asked_the_message_alone(shop) -> None:
    asked, _ = suggest(shop, 0)
    assert {"那个呢"} == {text for text in asked if "那个呢" in text}


def test_what_was_said_before_brings_the_reply_that_goes_on_with_it(shop) -> None:
    shop.policy = Policy(reply=ReplyWeights(context_similarity=2.0), reply_threshold=0.0)
    _, answer = suggest(shop, 2)
    assert answer.replies[0].script_id == "cream"
    similarity = {part.feature: part.contribution for part in answer.replies[0].why}
    assert similarity["context_similarity"] > similarity.get("reply_similarity", 0.0)
