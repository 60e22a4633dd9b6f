import json
from pathlib import Path

import pytest

from knowledge.adapters import convert
from knowledge.errors import ImportFileError, InvalidValueError


def write_lines(path: Path, *rows: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def jddc(folder: Path) -> Path:
    write_lines(
        folder / "script_pool.jsonl",
        {"id": "p1", "context": "你好,什么时候到货?", "reply": "预计一周左右哦#E-s[数字x]"},
        {"id": "p2", "context": "在吗,狗粮啥时候有货", "reply": "预计一周左右哦"},
        {"id": "p3", "context": "谢谢", "reply": "好的"},
    )
    turns = [{"role": "customer", "text": "在吗<sep>有货吗"}, {"role": "agent", "text": "#E-s[数字x]"}]
    write_lines(folder / "sessions_dev.jsonl", {"session": "s1", "customer": "u1", "turns": turns})
    return folder


def test_the_same_reply_to_two_customers_becomes_one_script_with_two_triggers(tmp_path: Path) -> None:
    made = convert("jddc", jddc(tmp_path / "in"), tmp_path / "out")
    [script] = read_lines(tmp_path / "out" / "scripts.jsonl")
    assert made.files == {"scripts.jsonl": 1, "conversations.jsonl": 1}
    assert script["text"] == "预计一周左右哦"
    assert script["triggers"] == ["什么时候到货?", "狗粮啥时候有货"]
    assert script["status"] == "published"


def test_sessions_become_conversations_without_emoji_codes_and_message_breaks(tmp_path: Path) -> None:
    convert("jddc", jddc(tmp_path / "in"), tmp_path / "out")
    [conversation] = read_lines(tmp_path / "out" / "conversations.jsonl")
    assert conversation["messages"] == [{"role": "customer", "text": "在吗 有货吗"}]


def test_a_car_priced_in_ten_thousands_becomes_a_product_priced_in_yuan(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    car = {"名称": "POLO", "车型": "两厢车", "厂商": "上汽大众", "价格(万元)": 10.99, "定速巡航": True}
    (folder / "car_db.json").write_text(json.dumps([car], ensure_ascii=False), encoding="utf-8")
    (folder / "pc_db.json").write_text("[]", encoding="utf-8")
    convert("risawoz", folder, tmp_path / "out")
    [product] = read_lines(tmp_path / "out" / "products.jsonl")
    assert (product["sku"], product["name"], product["price"]) == ("car-001", "POLO", "109900.0")
    assert product["description"] == "价格(万元)：10.99，定速巡航：有"


def test_an_english_catalogue_keeps_its_guide_as_a_document(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "products").mkdir(parents=True)
    tv = {"name": "A TV", "description": "Big.", "features": ["8K"], "price": "$1,299.99"}
    (folder / "products" / "tvs.json").write_text(json.dumps({"tv": [tv]}), encoding="utf-8")
    (folder / "guides.json").write_text(json.dumps({"tv": "Look at the size first."}), encoding="utf-8")
    convert("salesbot", folder, tmp_path / "out")
    [product] = read_lines(tmp_path / "out" / "products.jsonl")
    assert (product["sku"], product["price"], product["currency"]) == ("tv-001", "1299.99", "USD")
    assert product["description"] == "Big. 8K"
    assert (tmp_path / "out" / "documents" / "tv.txt").read_text(encoding="utf-8") == "Look at the size first."


def test_an_unknown_source_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="jddc, risawoz, salesbot"):
        convert("ebay", tmp_path, tmp_path / "out")


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    folder = jddc(tmp_path / "in")
    with (folder / "script_pool.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "p4", "con')
    with pytest.raises(ImportFileError, match=r"script_pool\.jsonl, line 4"):
        convert("jddc", folder, tmp_path / "out")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"pc_db\.json"):
        convert("risawoz", tmp_path, tmp_path / "out")
