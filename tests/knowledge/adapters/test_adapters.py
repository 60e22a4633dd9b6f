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
    with pytest.raises(InvalidValueError, match="banking77, dstc11, jddc, risawoz, salesbot, stc3-en, stc3-zh, uss"):
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


HOTEL = {
    "name": "THE MOON",
    "faqs": {"0": {"question": "Are pets welcome?", "answer": "Small dogs are."}},
    "reviews": {"0": {"traveler_type": "Couples", "sentences": {"0": "Quiet rooms.", "1": "Slow lift."}}},
}


def dstc11(folder: Path, *turns: object) -> Path:
    folder.mkdir()
    (folder / "knowledge.json").write_text(json.dumps({"hotel": {"7": HOTEL, "8": HOTEL}}), encoding="utf-8")
    write_lines(folder / "dev.jsonl", *turns)
    return folder


def turn(message: str, *snippets: object, target: bool = True) -> dict[str, object]:
    log = [{"speaker": "U", "text": "A room, please."}, {"speaker": "S", "text": "THE MOON?"}]
    label = {"target": target, "knowledge": list(snippets), "response": "…"} if target else {"target": False}
    return {"log": [*log, {"speaker": "U", "text": message}], "label": label}


FAQ_0 = {"domain": "hotel", "entity_id": 7, "doc_type": "faq", "doc_id": 0}
SENTENCE_1 = {"domain": "hotel", "entity_id": 7, "doc_type": "review", "doc_id": 0, "sent_id": 1}


def test_a_turn_that_needs_knowledge_is_ranked_against_all_that_is_known_of_its_hotel(tmp_path: Path) -> None:
    folder = dstc11(tmp_path / "in", turn("Is the lift fast?", SENTENCE_1), turn("Bye", target=False))
    made = convert("dstc11", folder, tmp_path / "out")
    [row] = read_lines(tmp_path / "out" / "rerank.jsonl")
    assert made.files == {"scripts.jsonl": 2, "rerank.jsonl": 1}
    assert row["message"] == "Is the lift fast?"
    assert row["context"] == [
        {"role": "customer", "text": "A room, please."},
        {"role": "agent", "text": "THE MOON?"},
    ]
    assert row["candidates"] == [
        {"text": "Small dogs are.", "label": 0},
        {"text": "Quiet rooms.", "label": 0},
        {"text": "Slow lift.", "label": 1},
    ]


def test_turns_of_one_dialogue_share_the_beginning_of_their_ids(tmp_path: Path) -> None:
    folder = dstc11(tmp_path / "in", turn("Is the lift fast?", SENTENCE_1), turn("May my dog come?", FAQ_0))
    convert("dstc11", folder, tmp_path / "out")
    dialogues, numbers = zip(
        *(str(row["id"]).split("-") for row in read_lines(tmp_path / "out" / "rerank.jsonl")), strict=True
    )
    assert len(set(dialogues)) == 1
    assert numbers == ("1", "2")


def test_a_frequent_question_becomes_a_script_that_the_question_triggers(tmp_path: Path) -> None:
    convert("dstc11", dstc11(tmp_path / "in"), tmp_path / "out")
    script, _ = read_lines(tmp_path / "out" / "scripts.jsonl")
    assert (script["triggers"], script["text"]) == (["Are pets welcome?"], "Small dogs are.")


@pytest.mark.parametrize(
    ("snippet", "complaint"),
    [
        ({**FAQ_0, "entity_id": 9}, r"dev\.jsonl, line 1: hotel 9 is not in the knowledge"),
        ({**SENTENCE_1, "sent_id": 5}, r"dev\.jsonl, line 1: hotel 7 review 0 5 is not in the knowledge"),
        ({"domain": "hotel"}, r"dev\.jsonl, line 1: expected a turn"),
    ],
)
def test_a_label_that_names_nothing_known_is_refused(tmp_path: Path, snippet: object, complaint: str) -> None:
    with pytest.raises(ImportFileError, match=complaint):
        convert("dstc11", dstc11(tmp_path / "in", turn("?", snippet)), tmp_path / "out")


def banking77(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "train.csv").write_text(text, encoding="utf-8")
    return folder


def test_intents_become_a_folder_whose_queries_find_the_questions_of_the_same_intent(tmp_path: Path) -> None:
    rows = "".join(f"question {number},{'card' if number % 2 else 'cash'}\n" for number in range(60))
    made = convert("banking77", banking77(tmp_path / "in", "text,category\n" + rows), tmp_path / "out")
    corpus, queries = (read_lines(tmp_path / "out" / f"{name}.jsonl") for name in ("corpus", "queries"))
    assert len(corpus) + len(queries) == 60
    assert 4 <= len(queries) <= 20
    texts = {row["_id"]: int(str(row["text"]).split()[1]) for row in corpus + queries}
    head, *lines = (tmp_path / "out" / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()
    assert head == "query-id\tcorpus-id\tscore"
    pairs = {tuple(line.split("\t")) for line in lines}
    assert made.files["qrels/test.tsv"] == len(lines)
    assert pairs == {
        (asked["_id"], known["_id"], "1")
        for asked in queries
        for known in corpus
        if texts[asked["_id"]] % 2 == texts[known["_id"]] % 2
    }


def test_the_same_question_written_twice_stays_on_one_side(tmp_path: Path) -> None:
    rows = "".join(f'question {number},card\n"Question, {number}!",card\n' for number in range(40))
    convert("banking77", banking77(tmp_path / "in", "text,category\n" + rows), tmp_path / "out")
    sides = [
        {"".join(c for c in str(row["text"]).lower() if c.isalnum()) for row in read_lines(tmp_path / "out" / name)}
        for name in ("corpus.jsonl", "queries.jsonl")
    ]
    assert not sides[0] & sides[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("a,b\n", "columns"), ("text,category\nwhy,\n", "row 1"), ("text,category\nwhy,card,x\n", "row 1")],
)
def test_a_table_that_is_not_banking77_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ImportFileError, match=complaint):
        convert("banking77", banking77(tmp_path / "in", text), tmp_path / "out")
