from pathlib import Path
from typing import Any

import pytest

from knowledge.index.snapshot import current_snapshot, tenant_folder


@pytest.fixture
def built(shop: Any) -> Any:
    shop.publish("hours", "九点开门。", "几点开门")
    shop.publish("greeting", "您好！", "在吗", "你好")
    shop.product("A1", "面霜", stock=3)
    shop.passage("m#1", "七天内可退。")
    shop.build()
    shop.publish("later", "马上来。", "等多久")
    return shop


def files(shop: Any) -> list[Path]:
    snapshot = current_snapshot(tenant_folder(shop.index_folder, shop.tenant_id))
    return [snapshot.folder / name for name in snapshot.files]


def test_an_index_that_follows_its_database_agrees(built: Any) -> None:
    report = built.verify()
    assert report.agrees, report.problems
    assert report.n_items == 5
    assert report.n_files == len(files(built))
    assert report.n_vectors == 4 + 3 + 1 + 1, "every row of this small library"


def test_an_index_without_a_snapshot_can_be_verified(shop: Any) -> None:
    shop.publish("hours", "九点开门。", "几点开门")
    assert shop.verify().agrees


def test_a_flipped_byte_in_any_file_is_found(built: Any) -> None:
    for path in files(built):
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[-1] ^= 1
        path.write_bytes(flipped)
        (problem,) = built.verify().problems
        assert path.name in problem
        path.write_bytes(content)
    assert built.verify().agrees


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE script_version SET text = '半价！' WHERE script_id = 'hours'", "script hours: other texts"),
        ("UPDATE script_version SET scope = 'team:a' WHERE script_id = 'hours'", "script hours: rule is"),
        ("UPDATE script_version SET version = 2 WHERE script_id = 'hours'", "script hours: in the index, not in"),
        ("UPDATE script SET live_version = NULL WHERE id = 'hours'", "script hours: in the index, not in"),
        ("UPDATE product SET stock = 0 WHERE sku = 'A1'", "product A1: stock is 3.0 in the index, 0.0 in the database"),
        ("DELETE FROM passage WHERE id = 'm#1'", "passage m#1: in the index, not in the database"),
        (
            "INSERT INTO passage (tenant_id, id, document_id, position, heading, text)"
            " VALUES ('default', 'm#2', 'manual', 2, '', '新')",
            "passage m#2: in the database, not in the index",
        ),
    ],
)
def test_a_row_changed_behind_the_feeds_back_is_found(built: Any, statement: str, problem: str) -> None:
    built.execute(statement)
    (found,) = built.verify().problems
    assert found.startswith(problem)


def test_vectors_of_another_model_with_the_same_name_are_found(built: Any) -> None:
    encode = built.encoder._encode
    built.encoder._encode = lambda side, texts: -encode(side, texts)
    problems = built.verify().problems
    assert len(problems) == 9 - 2, "all but the two rows that were not in the snapshot, which are encoded now"
    assert all("encoded again, its vector has a cosine of -" in problem for problem in problems)


def test_a_damaged_index_is_a_problem_not_a_crash(built: Any) -> None:
    (tenant_folder(built.index_folder, built.tenant_id) / "CURRENT").write_text("nothing")
    report = built.verify()
    assert not report.agrees
