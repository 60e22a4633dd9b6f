"""What all libraries are given: distinct documents, messages that are none of them, vectors made once."""

import re

import numpy as np
import pytest

from copilot.benchmark.rivals.material import Material, read_texts, shop_talk, write_material
from eval.errors import DataError
from models.encoders.hashing import HashEncoder


class CountingEncoder(HashEncoder):
    """Remembers how many texts it was given."""

    def __init__(self) -> None:
        super().__init__(32)
        self.n_encoded = 0

    def encode_queries(self, texts):  # passages are encoded alike, and through this
        self.n_encoded += len(texts)
        return super().encode_queries(texts)


def silent(done: int, total: int, what: str) -> None:
    """Progress nobody watches."""


def test_documents_are_distinct_and_as_many_as_asked() -> None:
    texts = shop_talk(1_000, 50, np.random.default_rng(7))
    assert len(texts.documents) == len(set(texts.documents)) == 1_000


def test_a_message_is_about_documents_of_one_topic_and_is_none_of_them() -> None:
    texts = shop_talk(300, 60, np.random.default_rng(7))
    for message in texts.messages:
        assert message.about[0] % 3 == 0
        assert message.about == tuple(range(message.about[0], message.about[0] + 3))
        assert message.about[-1] < 300
        assert message.text not in texts.documents


def test_more_messages_than_topics_are_worded_differently() -> None:
    texts = shop_talk(30, 40, np.random.default_rng(7))
    assert len({message.text for message in texts.messages}) == 40


def test_the_same_seed_gives_the_same_texts() -> None:
    assert shop_talk(90, 9, np.random.default_rng(3)) == shop_talk(90, 9, np.random.default_rng(3))


def test_messages_from_a_file_are_held_out_of_the_documents(tmp_path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(["", *(f" text {number} " for number in range(40)), "text 3"]), encoding="utf-8")
    texts = read_texts(path, 20, 10, np.random.default_rng(7))
    messages = {message.text for message in texts.messages}
    assert (len(texts.documents), len(messages)) == (20, 10)
    assert messages | set(texts.documents) <= {f"text {number}" for number in range(40)}
    assert not messages & set(texts.documents)
    assert all(message.about == () for message in texts.messages)


def test_a_file_with_too_few_lines_is_refused_with_its_name(tmp_path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("one\ntwo\ntwo\n\n", encoding="utf-8")
    expected = "2 distinct lines; expected at least 25: 5 messages and 20 documents"
    with pytest.raises(DataError, match=re.escape(expected)) as refused:
        read_texts(path, 20, 5, np.random.default_rng(7))
    assert refused.value.path == str(path)


def test_a_line_that_is_no_text_is_refused_with_its_number(tmp_path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes("好\n".encode() + b"\xff\xfe\n")
    with pytest.raises(DataError, match="line 2"):
        read_texts(path, 20, 5, np.random.default_rng(7))


def test_everything_comes_back_from_the_folder(tmp_path) -> None:
    texts, encoder = shop_talk(60, 8, np.random.default_rng(7)), HashEncoder(32)
    write_material(tmp_path / "material", texts, encoder, tmp_path / "cache", silent)
    material = Material(tmp_path / "material")
    assert material.documents == list(texts.documents)
    assert material.messages == list(texts.messages)
    assert np.array_equal(material.vectors, encoder.encode_passages(texts.documents))
    assert np.array_equal(material.message_vectors, encoder.encode_queries([one.text for one in texts.messages]))


def test_no_text_is_encoded_twice(tmp_path) -> None:
    texts, encoder = shop_talk(60, 8, np.random.default_rng(7)), CountingEncoder()
    for _ in range(2):
        write_material(tmp_path / "material", texts, encoder, tmp_path / "cache", silent)
    assert encoder.n_encoded == 60 + 8
