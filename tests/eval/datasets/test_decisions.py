"""Logged decisions as read from a file, and every way in which such a file can be wrong."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.datasets import decision_rows
from eval.datasets.decisions import read_decisions
from eval.errors import DataError

Row = dict[str, object]
Write = Callable[[Sequence[Row]], Path]

ROUND: list[Row] = [
    {"round_id": "r1", "position": 1, "item_id": "a", "shown": True, "reward": 1, "propensity": 0.25, "x_like": 0.5},
    {"round_id": "r1", "position": 1, "item_id": "b", "shown": False, "reward": None, "propensity": 0.75, "x_like": 2},
]
LIST: list[Row] = [
    {"round_id": "r1", "position": 1, "item_id": "a", "reward": 0, "propensity": 0.5},
    {"round_id": "r1", "position": 2, "item_id": "b", "reward": 1, "propensity": 0.4},
    {"round_id": "r2", "position": 3, "item_id": "a", "reward": 0, "propensity": 0.3},
]
CONDITIONAL = [{**row, "conditional_propensity": p} for row, p in zip(LIST, (0.5, 0.8, 0.3), strict=True)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return lambda rows: write_jsonl(tmp_path / "decisions.jsonl", rows)


def write_jsonl(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Sequence[Row]) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def changed(rows: Sequence[Row], row: int, **fields: object) -> list[Row]:
    return [{**one, **fields} if i == row else one for i, one in enumerate(rows)]


def without(rows: Sequence[Row], name: str) -> list[Row]:
    return [{key: value for key, value in row.items() if key != name} for row in rows]


def test_a_round_keeps_what_was_shown_and_what_could_have_been(write: Write) -> None:
    decisions = read_decisions(write(ROUND))
    assert (decisions.n_rounds, decisions.n_places, decisions.n_clusters) == (1, 1, 1)
    assert decisions.item_ids.to_pylist() == ["a", "b"]
    assert decisions.shown.tolist() == [True, False]
    assert decisions.rewards[0] == 1
    assert math.isnan(decisions.rewards[1])
    assert decisions.probability("propensity").tolist() == [0.25, 0.75]
    assert (decisions.feature_names, decisions.features.tolist()) == (("x_like",), [[0.5], [2.0]])
    assert decisions.candidates_listed


def test_rows_are_put_in_the_order_of_rounds_and_positions(write: Write) -> None:
    decisions = read_decisions(write([LIST[1], LIST[2], LIST[0]]))
    assert decisions.round_ids.to_pylist() == ["r1", "r2"]
    assert decisions.rounds.tolist() == [0, 0, 1]
    assert decisions.positions.tolist() == [1, 2, 3]
    assert decisions.probability("propensity").tolist() == [0.5, 0.4, 0.3]
    assert not decisions.candidates_listed


def test_a_place_counts_what_the_round_shows_not_where_it_stands(write: Write) -> None:
    decisions = read_decisions(write(LIST))
    assert decisions.places.tolist() == [0, 1, 0]
    assert decisions.groups.tolist() == [0, 1, 2]
    assert decisions.by_place(decisions.rewards, -1.0).tolist() == [[0, 1], [0, -1]]


def test_rounds_without_a_cluster_are_their_own(write: Write) -> None:
    rows = [{**LIST[2], "round_id": f"r{i}", "cluster_id": own} for i, own in enumerate(["c", None, "c", ""])]
    decisions = read_decisions(write(rows))
    assert decisions.clusters.tolist() == [0, 1, 0, 2]
    assert decisions.n_clusters == 3


def test_with_one_position_a_round_every_kind_of_propensity_is_the_same(write: Write) -> None:
    decisions = read_decisions(write(ROUND))
    assert decisions.has("conditional_propensity", "slate_propensity")
    assert decisions.probability("slate_propensity").tolist() == [0.25, 0.75]


def test_a_list_without_conditional_propensities_says_what_is_needed(write: Write) -> None:
    decisions = read_decisions(write(LIST))
    assert not decisions.has("conditional_propensity")
    with pytest.raises(DataError, match=r"no column 'conditional_propensity'; expected the probability .* after"):
        decisions.probability("conditional_propensity")


def test_a_missing_target_says_what_is_needed(write: Write) -> None:
    with pytest.raises(DataError, match="'target_propensity'; expected the probability that the policy to evaluate"):
        read_decisions(write(ROUND)).probability("target_propensity")


def test_ids_may_be_whole_numbers(tmp_path: Path) -> None:
    rows = changed(changed(LIST, 0, item_id=7), 2, round_id=9, item_id=7)
    assert read_decisions(write_jsonl(tmp_path / "a.jsonl", rows)).item_ids.to_pylist() == ["7", "b"]
    numbered = [
        {**row, "round_id": i, "cluster_id": own} for i, (row, own) in enumerate(zip(LIST, (3, None, 3), strict=True))
    ]
    decisions = read_decisions(write_parquet(tmp_path / "a.parquet", numbered))
    assert (decisions.round_ids.to_pylist(), decisions.clusters.tolist()) == (["0", "1", "2"], [0, 1, 0])


def test_the_time_is_taken_but_not_used(write: Write, tmp_path: Path) -> None:
    plain = read_decisions(write(LIST))
    timed = read_decisions(write_jsonl(tmp_path / "b.jsonl", [{**row, "at": "2026-01-01T00:00:00Z"} for row in LIST]))
    assert timed.data_hash == plain.data_hash


@pytest.mark.parametrize("rows", [ROUND, LIST, CONDITIONAL])
def test_the_same_rows_read_the_same_from_either_format(tmp_path: Path, rows: list[Row]) -> None:
    first = read_decisions(write_jsonl(tmp_path / "a.jsonl", rows))
    second = read_decisions(write_parquet(tmp_path / "a.parquet", rows))
    assert first.data_hash == second.data_hash
    np.testing.assert_array_equal(first.rewards, second.rewards)
    np.testing.assert_array_equal(first.items, second.items)


@pytest.mark.parametrize(
    "rows",
    [changed(LIST, 0, reward=0.5), changed(LIST, 0, item_id="c"), changed(LIST, 1, propensity=0.41),
     [{**row, "cluster_id": "c"} for row in LIST]],
)  # fmt: skip
def test_the_hash_changes_with_the_rows(tmp_path: Path, rows: list[Row]) -> None:
    first, second = write_jsonl(tmp_path / "a.jsonl", LIST), write_jsonl(tmp_path / "b.jsonl", rows)
    assert read_decisions(first).data_hash != read_decisions(second).data_hash


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        (changed(LIST, 1, propensity=0), 2, "propensity is 0; .* above 0, since the item was shown"),
        (changed(LIST, 1, propensity=1.2), 2, "propensity is 1.2; .* between 0 and 1"),
        (changed(LIST, 1, propensity=-0.1), 2, "propensity is -0.1; .* between 0 and 1"),
        (changed(LIST, 1, propensity=None), 2, "propensity is missing or NaN"),
        (changed(LIST, 1, propensity="high"), 2, "propensity is 'high'; expected a number"),
        ([*LIST, LIST[1]], 4, "item 'b' stands twice at position 2 of round 'r1'"),
        ([*LIST, {**LIST[1], "item_id": "c"}], 2, "2 candidates are shown at position 2 of round 'r1'"),
        (changed(ROUND, 0, shown=False, reward=None), 1, "0 candidates are shown"),
        (changed(ROUND, 1, shown=None), 2, "shown is missing"),
        (changed(ROUND, 1, shown="no"), 2, "shown is 'no'; expected true or false"),
        (changed(LIST, 2, reward=None), 3, "reward is missing or NaN; .* where the candidate was shown"),
        (changed(ROUND, 1, reward=0), 2, "reward is 0; expected no reward where the candidate was not shown"),
        (changed(ROUND, 1, propensity=0.5), 1, "propensity sums to 0.75 over the candidates at position 1 of round"),
        (changed(ROUND, 1, propensity=0.9), 1, "propensity sums to 1.15"),
        ([{**row, "target_propensity": 0.6} for row in ROUND], 1, "target_propensity sums to 1.2"),
        (changed(LIST, 0, target_propensity=0.5), 2, "target_propensity is missing or NaN; .*, in every row"),
        (changed(LIST, 0, position=0), 1, "position is 0; expected a whole number from 1"),
        (changed(LIST, 0, position=1.5), 1, "position is 1.5"),
        (changed(LIST, 0, position=None), 1, "position is missing or NaN; .* an unshown candidate has the position"),
        (changed(LIST, 2, round_id=None), 3, "round_id is missing"),
        (changed(LIST, 2, item_id=""), 3, "item_id is missing"),
        (changed(LIST, 2, item_id=["a"]), 3, r"item_id is \['a'\]; expected an id"),
        (changed(ROUND, 1, x_like=None), 2, "x_like is missing or NaN"),
        (without(changed(LIST, 0, x_new=1.0), "shown"), 2, "x_new is missing or NaN"),
        (changed(LIST, 1, cluster_id="c"), 2, "round 'r1' has another cluster_id than in its first row"),
        (changed(LIST, 0, target_propensty=0.5), 1, "unknown column 'target_propensty'; expected one of round_id"),
        ([{**row, "slate_propensity": p} for row, p in zip(LIST, (0.4, 0.3, 0.3), strict=True)], 2, "the same in"),
        ([{**row, "slate_propensity": 0.3} for row in CONDITIONAL], 1, "the product of conditional_propensity"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_with_its_line(write: Write, rows: list[Row], line: int, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_decisions(write(rows))
    assert caught.value.line == line
    assert "decisions.jsonl" in str(caught.value)


@pytest.mark.parametrize("name", decision_rows.REQUIRED)
def test_a_missing_column_is_named(write: Write, name: str) -> None:
    with pytest.raises(DataError, match=f"no column '{name}'; expected the columns round_id, position"):
        read_decisions(write(without(LIST, name)))


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("", None, "no rows"),
        ("\n\n", None, "no rows"),
        ('{"round_id": "r1"\n', 1, "not JSON"),
        ("\n[1]\n", 2, "not an object"),
        ('{"round_id": "r", "position": 1, "item_id": "a", "reward": NaN}\n', 1, "NaN is no JSON number"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named(tmp_path: Path, content: str, line: int | None, message: str) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_decisions(path)
    assert caught.value.line == line


def test_a_row_of_parquet_is_named_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="reward is missing or NaN") as caught:
        read_decisions(write_parquet(tmp_path / "a.parquet", changed(LIST, 2, reward=math.nan)))
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (changed(without(LIST, "propensity"), 0, propensty=1.0), "unknown column 'propensty'"),
        ([{**row, "reward": str(row["reward"]) + "x"} for row in LIST], "reward is '0x'; expected a number"),
        ([{**row, "item_id": 1.5} for row in LIST], "item_id is 1.5; expected an id"),
    ],
)
def test_a_column_of_parquet_of_the_wrong_kind_is_named(tmp_path: Path, rows: list[Row], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_decisions(write_parquet(tmp_path / "a.parquet", rows))


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_ids_may_be_stored_as_any_kind_of_text(tmp_path: Path, kind: pa.DataType) -> None:
    plain = pa.Table.from_pylist(LIST)
    columns = {name: plain[name].cast(kind) if name.endswith("_id") else plain[name] for name in plain.column_names}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    found = read_decisions(tmp_path / "a.parquet")
    assert found.data_hash == read_decisions(write_parquet(tmp_path / "b.parquet", LIST)).data_hash


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 but nothing more")
    with pytest.raises(DataError, match="expected a Parquet file"):
        read_decisions(path)


def test_a_file_of_another_kind_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'.csv'; expected .jsonl or .parquet"):
        read_decisions(tmp_path / "a.csv")
    with pytest.raises(DataError, match="No such file"):
        read_decisions(tmp_path / "a.jsonl")
    with pytest.raises(DataError, match="No such file"):
        read_decisions(tmp_path / "a.parquet")


def test_rows_that_do_not_fit_into_memory_are_refused_before_they_are_read(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_rows, "BATCH_ROWS", 10)
    path = write([{**LIST[2], "round_id": f"r{i}"} for i in range(100)])
    with pytest.raises(DataError, match=r"of memory up to here; expected at most 0\.0 MB; keep fewer rounds") as caught:
        read_decisions(path, max_bytes=5000)
    assert caught.value.line is not None
    assert caught.value.line < 100
    assert read_decisions(path, max_bytes=1_000_000).n_rounds == 100


@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=8), batch=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_size_of_the_pieces_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], batch: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows: list[Row] = [
        {"round_id": f"r{i}", "position": p, "item_id": f"i{rng.integers(5)}", "reward": float(rng.normal()),
         "propensity": float(rng.uniform(0.1, 1)), "cluster_id": None if i % 3 else f"c{i % 2}"}
        for i, size in enumerate(sizes) for p in range(1, size + 1)
    ]  # fmt: skip
    rows = [rows[i] for i in rng.permutation(len(rows))]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    whole = read_decisions(path)
    with monkeypatch.context() as patch:
        patch.setattr(decision_rows, "BATCH_ROWS", batch)
        pieces = read_decisions(path)
        columns = read_decisions(write_parquet(tmp_path / "a.parquet", rows))
    assert whole.data_hash == pieces.data_hash == columns.data_hash
    for name in ("rounds", "positions", "items", "rewards", "clusters"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name))
    by_hand = {(row["round_id"], row["position"]): row["reward"] for row in rows}
    for rank, (code, position) in enumerate(zip(whole.rounds, whole.positions, strict=True)):
        assert whole.rewards[rank] == by_hand[whole.round_ids[int(code)].as_py(), int(position)]
