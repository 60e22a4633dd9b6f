"""From an archive to a suggested reply; the editor's rule is that of docs/measurements/mined_approving.py."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.engine.answer import SuggestionAnswer
from copilot.engine.compliance import RuleBook
from copilot.engine.request import SuggestRequest
from copilot.engine.small_talk import SmallTalk
from copilot.runtime import Runtime
from copilot.settings import Settings
from knowledge.mining.skeletons import Names
from knowledge.tables import Scene
from knowledge.workspace import Workspace

SCRIPT = Path(__file__).parents[3] / "docs" / "measurements" / "mined_approving.py"
RETURNS = "可以退的，签收七天内吊牌在就行，运费我们出。"
ASKED = {
    RETURNS: ("衣服不合身能退货吗", "不合身能退吗", "不合身可以退货么"),
    "今天下午五点前付款的今天发，晚了明天一早发出。": ("今天拍什么时候发货", "啥时候发货", "几点前拍今天发货"),
    "电子发票在订单详情里点申请开票，一天内发到邮箱。": ("发票怎么开", "能开发票吗", "开票要填抬头吗"),
}
"""What is asked for each reply."""
ROW = {
    "candidate_id": "m-0123456789abcdef",
    "text": RETURNS,
    "triggers": ["不合身能退吗"],
    "stage": "交付",
    "scene": "direct",
    "skus": [],
    "verdict": "cannot-tell",
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mined_approving", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def desk(script: ModuleType):
    names = Names.of({"product.name": ["云苔精华"]})
    return script.Desk(RuleBook.load(), SmallTalk.of_workspace(Path("nowhere")), names)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Of 90 customers every third asks for the same, in one of three ways, and gets the same reply."""
    path = tmp_path / "chats.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(90):
            reply, ways = list(ASKED.items())[number % 3]
            messages = [{"role": "customer", "text": ways[number // 3 % 3]}, {"role": "agent", "text": reply}]
            talk = {"conversation_id": f"k{number}", "customer_id": f"c{number}", "messages": messages}
            file.write(json.dumps(talk, ensure_ascii=False) + "\n")
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workspace without any script."""
    Workspace.create(tmp_path / "shop").close()
    return tmp_path / "shop"


@pytest.fixture
def runtime(shop: Path) -> Iterator[Runtime]:
    assert CliRunner().invoke(app, ["index", "build", "-w", str(shop), "--encoder", "hash"]).exit_code == 0
    opened = Runtime.open(Settings(workspace=shop, encoder="hash"))
    yield opened
    opened.close()


def mine(shop: Path, archive: Path, *options: str) -> dict[str, object]:
    """What `copilot mine` says it did."""
    fixed = ("--encoder", "hash", "--reading", "network", "--least-uses", "5", "--processes", "1", "--json")
    done = CliRunner().invoke(app, ["mine", "--archive", str(archive), "-w", str(shop), *fixed, *options])
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


def mined_rows(shop: Path, archive: Path) -> list[dict[str, Any]]:
    out = archive.with_suffix(".found.jsonl")
    mine(shop, archive, "--out", str(out))
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def suggested(runtime: Runtime, message: str) -> SuggestionAnswer:
    return runtime.engine.suggest(SuggestRequest(message=message, scene=Scene.DIRECT))


def test_what_is_mined_and_approved_is_suggested_by_an_engine_that_is_open(
    script: ModuleType, shop: Path, archive: Path, runtime: Runtime
) -> None:
    rows = mined_rows(shop, archive)
    assert {row["text"] for row in rows} == set(ASKED)
    assert all(suggested(runtime, row["triggers"][0]).abstained for row in rows)
    made = script.approve_mined(shop, rows)
    for row in rows:
        first = suggested(runtime, row["triggers"][0]).replies[0]
        assert (first.script_id, first.text) == (made[row["candidate_id"]], row["text"])
        assert row["triggers"][0] in ASKED[first.text]


def test_what_was_approved_is_not_proposed_again_when_it_is_mined_again(
    script: ModuleType, shop: Path, archive: Path
) -> None:
    script.approve_mined(shop, mined_rows(shop, archive))
    assert mine(shop, archive)["desk"] == {
        "n_added": 0,
        "n_refreshed": 0,
        "n_still_rejected": 0,
        "n_already_decided": len(ASKED),
    }


def test_no_more_is_approved_than_asked_for(script: ModuleType, shop: Path, archive: Path) -> None:
    assert len(script.approve_mined(shop, mined_rows(shop, archive), 1)) == 1


def test_a_candidate_is_approved_with_what_the_archive_tells_of_it(desk) -> None:
    wording = desk.wording(ROW)
    assert (wording.text, wording.triggers, wording.title) == (RETURNS, ("不合身能退吗",), "不合身能退吗")
    assert (wording.stage, wording.scene, wording.skus) == ("交付", "direct", ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "harms"}, "harms"),
        ({"text": "本品根治湿疹，一用就好，绝不复发。"}, "blocked"),
        ({"text": "您好，{{blank_1}}现在有货。"}, "slots"),
        ({"text": "好的亲，稍等哈"}, "nothing said"),
        ({"triggers": ["你好", "在吗"]}, "small talk"),
        ({"triggers": ["[商品] 云苔精华", "就是云苔精华"]}, "small talk"),
        ({"triggers": []}, "small talk"),
    ],
)
def test_an_editor_turns_down(desk, change: dict[str, object], reason: str) -> None:
    assert desk.wording(ROW | change) == reason


def test_a_sentence_whose_slot_nothing_fills_is_left_out(desk) -> None:
    text = "您好，我是{{agent.name}}。这款现在 3.5 折，{{blank_1}}有效！七天内可以退换，运费我们出。"
    assert desk.wording(ROW | {"text": text}).text == "您好，我是{{agent.name}}。七天内可以退换，运费我们出。"


def test_a_decimal_point_ends_no_sentence(script: ModuleType) -> None:
    text = "It is 3.5 yuan a day. Ask {{blank_1}} for more. Returns are free."
    assert script.without_unknown_slots(text) == "It is 3.5 yuan a day. Returns are free."


def test_greetings_and_bare_products_are_dropped_from_the_triggers(desk) -> None:
    triggers = ["你好", "[商品] 云苔精华", "云苔精华孕妇能用吗", "不合身能退吗"]
    assert desk.wording(ROW | {"triggers": triggers}).triggers == ("云苔精华孕妇能用吗", "不合身能退吗")
