"""Compares ways to search 300,000 short messages by words (docs/search-words.md has the command and the result).

The documents are customer messages of the JDDC sessions and reply contexts, cut and joined at random until there are
enough (100,000 items of three rows); the questions are 300 further messages of 5-25 characters. One thread.
`--only NAME` measures one candidate; candidates whose library is missing are left out. Prints a Markdown table.
"""

import argparse
import json
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from knowledge.index.words import WordField
from knowledge.text import tokenise

Allowed = NDArray[np.bool_] | None
Search = Callable[[list[str], Allowed, int], list[int]]
SHARES = (1.0, 0.5, 0.1, 0.01, 0.001)
K = 10


def messages(data: Path) -> list[str]:
    """Every distinct customer message of 4 to 40 characters."""
    found: dict[str, None] = {}
    with (data / "jddc/sessions_dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            found.update((t["text"].strip(), None) for t in json.loads(line)["turns"] if t["role"] == "customer")
    with (data / "jddc/script_pool.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            found.update((text.strip(), None) for text in json.loads(line)["context"].split(","))
    return [text for text in found if 4 <= len(text) <= 40]


def corpus(real: list[str], n_rows: int, rng: np.random.Generator) -> list[str]:
    """Real messages first, then messages made of the beginning of one and the end of another."""
    rows = list(real[:n_rows])
    while len(rows) < n_rows:
        first, second = (real[i] for i in rng.integers(len(real), size=2))
        rows.append(first[: rng.integers(2, len(first) + 1)] + second[rng.integers(0, len(second) - 2) :])
    return [rows[i][:40] for i in rng.permutation(len(rows))]


def ours(documents: list[list[str]], owners: NDArray[np.int32], _folder: Path) -> Search:
    """The field the product uses."""
    field = WordField.build(documents, owners, int(owners[-1]) + 1)
    return lambda tokens, allowed, k: field.search(tokens, allowed, k).items.tolist()


def with_bm25s(backend: str) -> Callable[[list[list[str]], NDArray[np.int32], Path], Search]:
    """bm25s with a weight mask over rows."""

    def build(documents: list[list[str]], owners: NDArray[np.int32], _folder: Path) -> Search:
        import bm25s

        retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend=backend)
        retriever.index(documents, show_progress=False)

        def search(tokens: list[str], allowed: Allowed, k: int) -> list[int]:
            mask = None if allowed is None else allowed[owners].astype(np.float32)
            rows, _ = retriever.retrieve([tokens], k=4 * k, show_progress=False, weight_mask=mask, n_threads=0)
            return list(dict.fromkeys(owners[rows[0]].tolist()))[:k]

        return search

    return build


def with_tantivy(documents: list[list[str]], owners: NDArray[np.int32], folder: Path) -> Search:
    """tantivy, the allow-list as a term set over a fast field."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("body", tokenizer_name="whitespace", index_option="freq")
    schema.add_unsigned_field("item", indexed=True, fast=True, stored=False)
    built = schema.build()
    index = tantivy.Index(built, path=str(folder))
    writer = index.writer(num_threads=1)
    for tokens, owner in zip(documents, owners.tolist(), strict=True):
        document = tantivy.Document()
        document.add_text("body", " ".join(tokens))
        document.add_unsigned("item", owner)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(tokens: list[str], allowed: Allowed, k: int) -> list[int]:
        terms = [(tantivy.Occur.Should, tantivy.Query.term_query(built, "body", t, "freq")) for t in tokens]
        query = tantivy.Query.boolean_query(terms)
        if allowed is not None:
            eligible = tantivy.Query.term_set_query(built, "item", np.flatnonzero(allowed).tolist())
            free = tantivy.Query.const_score_query(eligible, 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, free)])
        hits = searcher.search(query, limit=4 * k, count=False).hits
        found = searcher.fast_field_values("item", [address for _, address in hits])
        return list(dict.fromkeys(found))[:k]

    return search


def with_fts5(documents: list[list[str]], owners: NDArray[np.int32], folder: Path) -> Search:
    """SQLite FTS5, the allow-list as a temporary table joined by rowid."""
    base = sqlite3.connect(folder / "fts.db")
    base.execute("CREATE VIRTUAL TABLE words USING fts5(body, content='', tokenize=\"unicode61\")")
    rows = ((i, " ".join(tokens)) for i, tokens in enumerate(documents))
    base.executemany("INSERT INTO words(rowid, body) VALUES (?, ?)", rows)
    base.execute("INSERT INTO words(words) VALUES ('optimize')")
    base.commit()
    base.execute("CREATE TEMP TABLE allow(id INTEGER PRIMARY KEY)")
    state: dict[str, object] = {"allowed": None}

    def search(tokens: list[str], allowed: Allowed, k: int) -> list[int]:
        if allowed is not None and state["allowed"] is not allowed:
            base.execute("DELETE FROM allow")
            eligible = np.flatnonzero(allowed[owners]).tolist()
            base.executemany("INSERT INTO allow VALUES (?)", ((row,) for row in eligible))
            state["allowed"] = allowed
        match = " OR ".join(f'"{token}"' for token in dict.fromkeys(tokens))
        joined = "" if allowed is None else "CROSS JOIN allow ON allow.id = words.rowid"
        sql = f"SELECT words.rowid FROM words {joined} WHERE words MATCH ? ORDER BY words.rank LIMIT ?"  # noqa: S608
        found = [row for (row,) in base.execute(sql, (match, 4 * k))]
        return list(dict.fromkeys(owners[found].tolist()))[:k]

    return search


CANDIDATES = {
    "ours (numpy)": ours,
    "bm25s numpy": with_bm25s("numpy"),
    "bm25s numba": with_bm25s("numba"),
    "tantivy": with_tantivy,
    "SQLite FTS5": with_fts5,
}


def allow_lists(n_items: int, rng: np.random.Generator) -> Iterator[Allowed]:
    """One random allow-list for each share; none for everything."""
    for share in SHARES:
        yield None if share == 1 else rng.random(n_items) < share


def milliseconds(search: Search, questions: list[list[str]], allowed: Allowed) -> list[float]:
    """The CPU time of this thread for each question, the better of two rounds: other processes disturb it least."""
    rounds = []
    for _ in range(2):
        taken = []
        for tokens in questions:
            start = time.thread_time()
            search(tokens, allowed, K)
            taken.append((time.thread_time() - start) * 1000)
        rounds.append(taken)
    return [min(times) for times in zip(*rounds, strict=True)]


def resident_mb() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measures and prints one row for each candidate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--only", choices=sorted(CANDIDATES))
    parser.add_argument("--questions", type=int, default=300)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    real = messages(Path(os.environ["COPILOT_DATA"]))
    rng.shuffle(real)
    asked = [text for text in real if 5 <= len(text) <= 25][: arguments.questions]
    questions = [tokenise(text) for text in asked]
    documents = [tokenise(text) for text in corpus(real[arguments.questions :], arguments.rows, rng)]
    owners = np.repeat(np.arange(-(-arguments.rows // 3), dtype=np.int32), 3)[: arguments.rows]
    lists = list(allow_lists(int(owners[-1]) + 1, rng))
    shares = " | ".join(f"{share:.1%}: median / p95 ms" for share in SHARES)
    sys.stdout.write(f"| candidate | build s | RSS MB | {shares} |\n|{'---|' * (3 + len(SHARES))}\n")
    for name, build in CANDIDATES.items():
        if arguments.only not in (None, name):
            continue
        with TemporaryDirectory() as folder:
            before, start = resident_mb(), time.process_time()
            search = build(documents, owners, Path(folder))
            spent, memory = time.process_time() - start, resident_mb() - before
            cells = []
            for allowed in lists:
                taken = milliseconds(search, questions, allowed)
                cells.append(f"{statistics.median(taken):.2f} / {np.quantile(taken, 0.95):.2f}")
            sys.stdout.write(f"| {name} | {spent:.1f} | {memory:.0f} | {' | '.join(cells)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
