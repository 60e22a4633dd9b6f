import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index import word_search
from knowledge.index.word_statistics import word_keys
from knowledge.index.words import WordField
from knowledge.text import reading

K1, B = 1.2, 0.75


def field_of(documents: Sequence[Sequence[str]], owners: Sequence[int] | None = None) -> WordField:
    of_item = np.array(range(len(documents)) if owners is None else owners, np.int32)
    return WordField.build(documents, of_item, int(of_item.max(initial=-1)) + 1)


def reference(documents: Sequence[Sequence[str]], query: Sequence[str]) -> list[float]:
    """BM25 word by word, as the textbook has it."""
    average = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for word in query:
            n = sum(word in other for other in documents)
            idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            tf = document.count(word)
            score += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * len(document) / average))
        scores.append(score)
    return scores


def best_items(scores: Sequence[float], owners: Sequence[int], allowed: Sequence[bool]) -> dict[int, float]:
    best: dict[int, float] = {}
    for score, owner in zip(scores, owners, strict=True):
        if allowed[owner] and score > 0:
            best[owner] = max(best.get(owner, 0.0), score)
    return best


def test_three_documents_score_as_worked_by_hand() -> None:
    field = field_of([["a", "b"], ["a", "a", "c", "c"], ["d", "d", "d"]])
    # Average length 3. "a" is in 2 of 3: idf = ln(1 + 1.5 / 2.5) = ln 1.6.
    # Row 0: tf 1, length 2: 1 x 2.2 / (1 + 1.2 x (0.25 + 0.75 x 2/3)) = 2.2 / 1.9.
    # Row 1: tf 2, length 4: 2 x 2.2 / (2 + 1.2 x (0.25 + 0.75 x 4/3)) = 4.4 / 3.5.
    hits = field.search(["a"], None, 10)
    assert hits.items.tolist() == [1, 0]
    assert hits.scores.tolist() == pytest.approx([math.log(1.6) * 4.4 / 3.5, math.log(1.6) * 2.2 / 1.9], rel=1e-5)


def test_a_word_asked_twice_counts_twice() -> None:
    field = field_of([["a", "b"], ["c"]])
    assert field.search(["a", "a"], None, 1).scores[0] == pytest.approx(2 * field.search(["a"], None, 1).scores[0])


def test_an_item_appears_once_with_its_best_row() -> None:
    field = field_of([["a", "x", "y"], ["a"], ["a", "x"]], owners=[0, 0, 1])
    hits = field.search(["a"], None, 10)
    assert hits.items.tolist() == [0, 1]
    assert hits.rows.tolist() == [1, 2]


def test_equal_scores_are_ordered_by_item() -> None:
    field = field_of([["a"], ["b"], ["a"], ["a"]])
    assert field.search(["a"], None, 2).items.tolist() == [0, 2]


def test_an_item_that_shares_no_word_is_no_hit() -> None:
    field = field_of([["a"], ["b"]])
    assert field.search(["a"], None, 10).items.tolist() == [0]
    assert len(field.search(["unheard"], None, 10)) == 0
    assert len(field.search([], None, 10)) == 0
    assert len(field.search(["a"], None, 0)) == 0


def test_nobody_eligible_gives_no_hits() -> None:
    assert len(field_of([["a"], ["a"]]).search(["a"], np.zeros(2, np.bool_), 10)) == 0


@pytest.mark.parametrize("documents", [[], [[]], [[], ["a"], []]])
def test_empty_fields_and_empty_texts_are_searched(documents: list[list[str]]) -> None:
    field = field_of(documents)
    assert field.search(["a"], None, 3).items.tolist() == [i for i, words in enumerate(documents) if words]


words = st.lists(st.sampled_from("abcdefgh"), max_size=7)


@settings(deadline=None)
@given(st.lists(st.tuples(words, st.integers(0, 3)), min_size=1, max_size=25), words, st.integers(1, 6), st.data())
def test_every_search_equals_plain_bm25(
    rows: list[tuple[list[str], int]], query: list[str], k: int, data: st.DataObject
) -> None:
    documents, owners = [row for row, _ in rows], np.cumsum([step for _, step in rows]).tolist()
    n_items = owners[-1] + 1
    allowed = data.draw(st.lists(st.booleans(), min_size=n_items, max_size=n_items))
    field = WordField.build(documents, np.array(owners, np.int32), n_items)
    scores = reference(documents, query) if any(documents) else [0.0] * len(documents)
    expected = best_items(scores, owners, allowed)
    hits = field.search(query, np.array(allowed), k)
    assert len(hits) == min(k, len(expected))
    assert hits.scores.tolist() == pytest.approx(sorted(expected.values(), reverse=True)[:k], rel=1e-4)
    for item, score, row in zip(hits.items.tolist(), hits.scores.tolist(), hits.rows.tolist(), strict=True):
        assert owners[row] == item
        assert score == pytest.approx(expected[item], rel=1e-4)
        assert score == pytest.approx(scores[row], rel=1e-4)


def many_documents(n: int, rng: np.random.Generator) -> list[list[str]]:
    return [[f"w{word}" for word in rng.zipf(1.3, size=rng.integers(1, 12)) % 5_000] for _ in range(n)]


def exact_by_rescoring(field: WordField, query: list[str], allowed: NDArray[np.bool_] | None, k: int) -> list[float]:
    items = np.arange(field.n_items, dtype=np.int32) if allowed is None else np.flatnonzero(allowed).astype(np.int32)
    scores = field.rescore(query, items)[0]
    return sorted(scores[scores > 0].tolist(), reverse=True)[:k]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.01, 0.001])
def test_the_top_of_a_large_field_is_exact_at_every_selectivity(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_search, "FIRST_READ", 2_000)
    rng = np.random.default_rng(7)
    documents = many_documents(15_000, rng)
    field = WordField.build(documents, np.repeat(np.arange(5_000, dtype=np.int32), 3), 5_000)
    allowed = None if share == 1 else rng.random(5_000) < share
    for row in rng.integers(len(documents), size=25):
        hits = field.search(documents[row], allowed, 10)
        assert hits.scores.tolist() == pytest.approx(exact_by_rescoring(field, documents[row], allowed, 10), rel=1e-5)
        assert allowed is None or allowed[hits.items].all()


def test_a_document_is_found_by_its_own_words() -> None:
    rng = np.random.default_rng(3)
    documents = [sorted(set(document)) for document in many_documents(12_000, rng)]
    field = field_of(documents)
    for row in range(0, 12_000, 400):
        hits = field.search(documents[row], None, 10)
        same = [other for other in range(12_000) if documents[other] == documents[row]]
        assert set(same[:1]) <= set(hits.items.tolist())


def test_rescoring_gives_each_item_its_best_row_and_none_to_an_item_without_rows() -> None:
    field = WordField.build([["a", "b"], ["a"], ["c"]], np.array([0, 0, 2], np.int32), 4)
    scores, rows = field.rescore(["a"], np.array([3, 2, 1, 0], np.int32))
    assert rows.tolist() == [-1, 2, -1, 1]
    assert scores[:3].tolist() == [0, 0, 0]
    assert scores[3] == field.search(["a"], None, 1).scores[0]


def test_a_delta_with_shared_statistics_scores_like_the_whole() -> None:
    documents = [["a", "b"], ["a", "c", "c"], ["d", "b"], ["b"]]
    main = field_of(documents)
    delta = WordField.build([documents[1]], np.array([0], np.int32), 1, statistics=main.statistics)
    alone = field_of([documents[1]])
    whole = main.rescore(["a", "c"], np.array([1], np.int32))[0][0]
    assert delta.search(["a", "c"], None, 1).scores[0] == whole
    assert alone.search(["a", "c"], None, 1).scores[0] != whole


def test_a_word_the_shared_statistics_never_saw_is_as_rare_as_can_be() -> None:
    main = field_of([["a"], ["b"]])
    delta = WordField.build([["new"]], np.array([0], np.int32), 1, statistics=main.statistics)
    # n = 0 of N = 2: idf = ln(1 + 2.5 / 0.5) = ln 6; length 1 is the average: 2.2 / 2.2 = 1.
    assert delta.search(["new"], None, 1).scores[0] == pytest.approx(math.log(6), rel=1e-6)


def test_a_loaded_field_answers_as_the_saved_one(tmp_path: Path) -> None:
    main = field_of([["a", "b"], ["b", "c"], ["货", "a"]])
    delta = WordField.build([["a", "new"]], np.array([0], np.int32), 1, statistics=main.statistics)
    for name, field in (("main", main), ("delta", delta), ("empty", field_of([]))):
        field.save(tmp_path / name)
        loaded = WordField.load(tmp_path / name)
        before, after = field.search(["a", "货"], None, 5), loaded.search(["a", "货"], None, 5)
        assert (loaded.n_rows, loaded.n_items) == (field.n_rows, field.n_items)
        assert after.items.tolist() == before.items.tolist()
        assert after.scores.tolist() == before.scores.tolist()
        assert loaded.statistics.n_documents == field.statistics.n_documents


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    field_of([["a", "b"], ["b", "c"]]).save(tmp_path)
    return tmp_path


def test_a_missing_file_is_reported(saved: Path) -> None:
    (saved / "token_rows.npy").unlink()
    with pytest.raises(IndexCorruptError, match="token_rows"):
        WordField.load(saved)


def test_every_file_cut_short_is_reported(saved: Path) -> None:
    for path in sorted(saved.iterdir()):
        content = path.read_bytes()
        path.write_bytes(content[:-1])
        with pytest.raises(IndexCorruptError):
            WordField.load(saved)
        path.write_bytes(content)
    assert len(WordField.load(saved).search(["a"], None, 1)) == 1


def test_files_of_two_fields_mixed_are_reported(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    field_of([["a"], ["b"], ["c", "d", "e"]]).save(other)
    for name in ("token_rows", "row_starts", "owners", "keys", "item_starts"):
        content = (saved / f"{name}.npy").read_bytes()
        (saved / f"{name}.npy").write_bytes((other / f"{name}.npy").read_bytes())
        with pytest.raises(IndexCorruptError):
            WordField.load(saved)
        (saved / f"{name}.npy").write_bytes(content)


def test_another_format_is_reported(saved: Path) -> None:
    text = (saved / "words.json").read_text(encoding="utf-8")
    (saved / "words.json").write_text(text.replace('"format": 1', '"format": 99'), encoding="utf-8")
    with pytest.raises(IndexCorruptError, match="99"):
        WordField.load(saved)


def test_words_read_by_other_rules_are_reported(saved: Path) -> None:
    text = (saved / "words.json").read_text(encoding="utf-8")
    assert f'"reading": "{reading()}"' in text
    (saved / "words.json").write_text(text.replace(reading(), "0123456789ab"), encoding="utf-8")
    with pytest.raises(IndexCorruptError, match="read by other rules"):
        WordField.load(saved)


def test_rows_that_have_a_token_are_counted() -> None:
    """b is in two rows, however often; z in none."""
    field = field_of([["a", "b", "b"], ["b", "c"]])
    assert field.counts(word_keys(["b", "a", "z"])).tolist() == [2, 1, 0]


def test_a_row_of_the_very_tokens_asked_scores_its_own_score() -> None:
    field = field_of([["a", "b", "b"], ["a", "c"], ["d"]])
    hits = field.search(["a", "b", "b"], None, 1)
    assert field.own_score(["a", "b", "b"]) == pytest.approx(hits.scores[0], rel=1e-6)
    assert field.own_score([]) == 0
