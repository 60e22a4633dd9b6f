from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.strings import HashLookup, StringColumn, hashes64


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_a_column_gives_back_its_strings(strings: list[str]) -> None:
    column = StringColumn.of(strings)
    assert len(column) == len(strings)
    assert [column[index] for index in range(len(column))] == strings
    assert column.slice(1, 3) == strings[1:3]


def test_a_column_and_a_lookup_survive_the_disk(tmp_path: Path) -> None:
    strings = ["面霜", "", "cream", "面霜"]
    StringColumn.of(strings).save(tmp_path, "names")
    HashLookup.of(hashes64(strings)).save(tmp_path, "names")
    column = StringColumn.load(tmp_path, "names")
    lookup = HashLookup.load(tmp_path, "names")
    assert column.slice(0, 9) == strings
    assert lookup.find("面霜").tolist() == [0, 3]
    assert lookup.find("cream").tolist() == [2]
    assert lookup.find("乳液").tolist() == []


def test_an_empty_column_survives_the_disk(tmp_path: Path) -> None:
    StringColumn.of([]).save(tmp_path, "none")
    HashLookup.of(hashes64([])).save(tmp_path, "none")
    assert len(StringColumn.load(tmp_path, "none")) == 0
    assert HashLookup.load(tmp_path, "none").find("x").tolist() == []
