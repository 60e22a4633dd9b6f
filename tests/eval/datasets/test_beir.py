"""BEIR folders."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.beir import BeirData, Document, read_beir
from eval.datasets.said import Said
from eval.errors import DataError

CORPUS = [
    {"_id": "d1", "title": "退货", "text": "七天"},
    {"_id": "d2", "text": ""},
    {"_id": 3, "title": None, "text": "x"},
]
QUERIES = [
    {
        "_id": "q1",
        "text": "可以退吗",
        "metadata": {
            "context": [{"role": "客服", "text": "您好", "at": "2026-01-05 10:00"}, {"role": "unknown", "text": ""}],
            "customer": "c1",
            "source": "chat",
        },
    },
    {"_id": "q2", "text": "hi", "metadata": {"context": ["one", "two"]}},
    {"_id": "q3", "text": "unjudged"},
]
QRELS = "query-id\tcorpus-id\tscore\nq2\td2\t1\nq1\td1\t2\nq1\t3\t0\n"


def write_folder(
    folder: Path, corpus: object = CORPUS, queries: object = QUERIES, qrels: str = QRELS, split: str = "test"
) -> Path:
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "qrels" / f"{split}.tsv").write_text(qrels, encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "shop")


def test_a_folder_is_read_in_the_order_of_its_files(folder: Path) -> None:
    data = read_beir(folder)
    assert (data.name, data.split, len(data.sha256), data.n_unjudged) == ("shop", "test", 64, 1)
    assert data.documents == (Document("d1", "退货", "七天"), Document("d2", "", ""), Document("3", "", "x"))
    assert [query.id for query in data.queries] == ["q1", "q2"]
    assert data.qrels == {"q2": {"d2": 1}, "q1": {"d1": 2, "3": 0}}


def test_a_query_carries_its_context_customer_and_other_metadata(folder: Path) -> None:
    first, second = read_beir(folder).queries
    at = datetime(2026, 1, 5, 2, tzinfo=UTC)
    assert first.context == (Said("agent", "您好", at), Said("unknown", ""))
    assert (first.customer_id, first.metadata) == ("c1", {"source": "chat"})
    assert second.context == (Said("unknown", "one"), Said("unknown", "two"))
    assert (second.customer_id, second.metadata) == (None, {})


def test_only_the_queries_of_the_split_are_evaluated(folder: Path) -> None:
    write_folder(folder, qrels="query-id\tcorpus-id\tscore\nq3\td1\t1\n", split="dev")
    data = read_beir(folder, "dev")
    assert [query.id for query in data.queries] == ["q3"]
    assert data.n_unjudged == 2


def test_the_hash_covers_the_files_of_the_split_and_no_others(folder: Path) -> None:
    before = read_beir(folder).sha256
    (folder / "README.md").write_text("notes")
    write_folder(folder, qrels="query-id\tcorpus-id\tscore\nq3\td1\t1\n", split="dev")
    assert read_beir(folder).sha256 == before != read_beir(folder, "dev").sha256
    write_folder(folder, qrels=QRELS.replace("q1\td1\t2", "q1\td1\t1"))
    assert read_beir(folder).sha256 != before


def test_a_missing_split_names_those_there(folder: Path) -> None:
    write_folder(folder, split="dev")
    with pytest.raises(DataError, match=r"train\.tsv: there is no split 'train'; expected .* there: dev, test"):
        read_beir(folder, "train")


def test_a_split_outside_the_folder_is_no_split(folder: Path) -> None:
    (folder / "other.tsv").write_text(QRELS)
    with pytest.raises(DataError, match="there is no split"):
        read_beir(folder, "../other")


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl"])
def test_a_missing_or_empty_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("\n")
    with pytest.raises(DataError, match=rf"{name}: there is nothing in it"):
        read_beir(folder)
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: cannot be read \(No such file"):
        read_beir(folder)


def test_a_folder_that_is_none_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no split 'test'; expected qrels/<split>\.tsv"):
        read_beir(tmp_path / "gone")
    (tmp_path / "file").write_text("{}")
    with pytest.raises(DataError, match="there is no split 'test'"):
        read_beir(tmp_path / "file")


@pytest.mark.parametrize(
    ("corpus", "problem"),
    [
        ([*CORPUS, {"_id": "d1", "text": "x"}], "line 4: _id is 'd1', as on line 1"),
        ([*CORPUS, {"_id": "3", "text": "x"}], "line 4: _id is '3', as on line 3"),
        ([*CORPUS, {"text": "x"}], "line 4: _id is missing"),
        ([*CORPUS, {"_id": "", "text": "x"}], "line 4: _id is ''"),
        ([*CORPUS, {"_id": "d4"}], "line 4: text is missing"),
        ([*CORPUS, {"_id": "d4", "text": 5}], "line 4: text is 5; expected text"),
        ([*CORPUS, {"_id": "d4", "text": "x", "title": []}], r"line 4: title is \[\]; expected text"),
    ],
)
def test_a_wrong_document_is_refused(tmp_path: Path, corpus: list, problem: str) -> None:
    with pytest.raises(DataError, match=rf"corpus\.jsonl, {problem}"):
        read_beir(write_folder(tmp_path, corpus=corpus))


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"_id": "q1", "text": "x"}, "line 4: _id is 'q1', as on line 1"),
        ({"_id": "q4", "text": " "}, "line 4: text is ' '; expected text that is not empty"),
        ({"_id": "q4", "text": "x", "metadata": []}, r"line 4: metadata is \[\]; expected an object"),
        (
            {"_id": "q4", "text": "x", "metadata": {"context": "hi"}},
            "line 4: metadata.context is 'hi'; expected a list",
        ),
        ({"_id": "q4", "text": "x", "metadata": {"customer": 1.5}}, "line 4: metadata.customer is 1.5"),
        (
            {"_id": "q4", "text": "x", "metadata": {"context": [{"role": "boss", "text": "x"}]}},
            r"line 4: metadata\.context\[1\]\.role is 'boss'; expected one of customer, agent, unknown",
        ),
        (
            {"_id": "q4", "text": "x", "metadata": {"context": [{"text": "x"}]}},
            r"line 4: metadata\.context\[1\]\.role is missing",
        ),
        (
            {"_id": "q4", "text": "x", "metadata": {"context": [{"role": "agent", "text": "x", "at": "soon"}]}},
            r"line 4: metadata\.context\[1\]\.at is 'soon'; expected a time",
        ),
        (
            {"_id": "q4", "text": "x", "metadata": {"context": ["a", {"role": "agent", "text": "b"}]}},
            r"line 4: metadata\.context\[1\] is 'a'; expected an object",
        ),
        (
            {"_id": "q4", "text": "x", "metadata": {"context": ["a", "b\x00"]}},
            r"line 4: metadata\.context\[2\] is .*; expected text without NUL",
        ),
    ],
)
def test_a_wrong_query_is_refused(tmp_path: Path, query: object, problem: str) -> None:
    with pytest.raises(DataError, match=rf"queries\.jsonl, {problem}"):
        read_beir(write_folder(tmp_path, queries=[*QUERIES, query]))


@pytest.mark.parametrize(
    ("qrels", "problem"),
    [
        ("q1\td1\t1\n", "line 1: the header is 'q1.td1.t1'; expected query-id, corpus-id, score"),
        ("", "line 1: the header is ''"),
        ("query-id corpus-id score\nq1 d1 1\n", "line 1: the header is"),
        ("query-id\tcorpus-id\tscore\n", "no query is judged"),
        (QRELS + "q9\td1\t1\n", "line 5: query-id 'q9' is unknown; expected an _id of queries.jsonl"),
        (QRELS + "\nq1\td9\t1\n", "line 6: corpus-id 'd9' is unknown; expected an _id of corpus.jsonl"),
        (QRELS + "q1\td2\t1.0\n", "line 5: score is '1.0'; expected a whole number from 0"),
        (QRELS + "q1\td2\t-1\n", "line 5: score is '-1'"),
        (QRELS + "q1\td2\tNaN\n", "line 5: score is 'NaN'"),
        (QRELS + "q1\td2\t１\n", "line 5: score is"),
        (QRELS + "q1\td1\t1\n", "line 5: query 'q1' and document 'd1' stand on an earlier line too"),
        (QRELS + "q1\td2\n", "line 5: .* has not three cells"),
        (QRELS + "q1\t0\td2\t1\n", "line 5: .* has not three cells"),
        (QRELS + "\td2\t1\n", "line 5: .* has not three cells"),
    ],
)
def test_a_wrong_judgement_is_refused(tmp_path: Path, qrels: str, problem: str) -> None:
    with pytest.raises(DataError, match=rf"test\.tsv(, |: ){problem}"):
        read_beir(write_folder(tmp_path, qrels=qrels))


def test_line_ends_of_windows_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "qrels" / "test.tsv").write_bytes(b"\xef\xbb\xbf" + QRELS.replace("\n", "\r\n").encode())
    assert read_beir(folder).qrels == read_beir(write_folder(tmp_path)).qrels


@settings(deadline=None)
@given(
    judged=st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(0, 3), min_size=1, max_size=20),
    n_queries=st.integers(6, 9),
)
def test_every_query_is_evaluated_or_counted_and_no_judgement_is_lost(
    tmp_path_factory: pytest.TempPathFactory, judged: dict[tuple[int, int], int], n_queries: int
) -> None:
    qrels = "".join(f"q{query}\td{document}\t{score}\n" for (query, document), score in judged.items())
    data: BeirData = read_beir(
        write_folder(
            tmp_path_factory.mktemp("beir"),
            corpus=[{"_id": f"d{i}", "text": "x"} for i in range(6)],
            queries=[{"_id": f"q{i}", "text": "x"} for i in range(n_queries)],
            qrels="query-id\tcorpus-id\tscore\n" + qrels,
        )
    )
    assert len(data.queries) + data.n_unjudged == n_queries
    assert {query.id for query in data.queries} == set(data.qrels)
    assert {(q, d): score for q, found in data.qrels.items() for d, score in found.items()} == {
        (f"q{q}", f"d{d}"): score for (q, d), score in judged.items()
    }
