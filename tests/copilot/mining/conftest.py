"""Small tables of replies, and an archive of a shop in which one script helps and one harms."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot.mining.candidates import Surroundings
from copilot.mining.evidence import EvidenceSettings
from copilot.mining.inputs import Known
from copilot.mining.mining import MiningSettings, silent_stage
from copilot.mining.running import MiningRun, run_mining
from knowledge.archive.ingesting import IngestSettings
from knowledge.archive.table import ReplyTable, TalkRow, Words
from models.encoders.hashing import HashEncoder

Json = dict[str, Any]
THINGS = [f"{colour}色{item}" for colour in "红橙黄绿蓝紫" for item in ("毛衣", "围巾", "外套", "长裙", "球鞋", "帽子")]
OPENINGS, CLOSINGS = ("", "你好，", "请问"), ("", "呀", "呢", "谢谢")
ASKED = {
    "shipping": ("快递包裹什么时候发货几天送到", "快递包裹今天发货了吗几天送到"),
    "price": ("价格有点贵有没有优惠能便宜吗", "价格有点贵打不打折能便宜吗"),
}
SCRIPTS = {
    "shipping": (
        "亲，您的包裹{n}今天下午四点之前就会发出，一般{m}天左右送到您手上",
        "我们默认发顺丰，江浙沪次日达，其他地区两三天",
    ),
    "price": (
        "算下来每天只要{m}块钱，还送您两片小样先试用，不合适包退的",
        "这个价格已经是全网最低了，再不买明天马上就要涨价了",
    ),
}
HELPS, HARMS = SCRIPTS["price"]
ORDINARY = ("好的，您稍等，我帮您看一下", "在的，很高兴为您服务")
N_AGENTS = 8


@dataclass(frozen=True)
class Reply:
    """A row of a table; the time in seconds since 1970."""

    talk: int
    message: str
    reply: str
    session: int = 0
    turn: int = 0
    at: float = float("nan")
    agent: str = "a1"
    answered: bool = False


def talk_row(talk_id: str, customer: str = "", at: float = float("nan"), **given: Any) -> TalkRow:
    """A conversation without its messages."""
    fields = {"agent_id": "a1", "channel": "", "scene": "", "stage": "", "outcomes": {}, **given}
    return TalkRow(conversation_id=talk_id, customer_id=customer, started_at=at, **fields)


def words_of(texts: Sequence[str]) -> Words:
    """Texts numbered as they come up."""
    numbers: dict[str, int] = {}
    rows = np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int32)
    return Words(list(numbers), rows)


def table_of(talks: Sequence[TalkRow], replies: Sequence[Reply]) -> ReplyTable:
    """A table of replies, in the order given."""
    return ReplyTable(
        talks=list(talks),
        talk=np.array([one.talk for one in replies], np.int32),
        session=np.array([one.session for one in replies], np.int32),
        position=np.arange(len(replies), dtype=np.int32),
        turn=np.array([one.turn for one in replies], np.int32),
        at=np.array([one.at for one in replies], np.float64),
        answered=np.array([one.answered for one in replies], np.bool_),
        agent=words_of([one.agent for one in replies]),
        script=words_of([""] * len(replies)),
        message=words_of([one.message for one in replies]),
        reply=words_of([one.reply for one in replies]),
    )


@dataclass(frozen=True)
class SmallWorld:
    """Conversations about shipping and prices; `effects` are added to the chance of a sale by either price script."""

    n: int = 2_400
    effects: tuple[float, float] = (0.4, -0.3)
    seed: int = 0
    given: Json = field(default_factory=dict)

    def rows(self) -> list[Json]:
        """Lines of an archive."""
        rng = np.random.default_rng(self.seed)
        return [self._row(number, rng) for number in range(self.n)]

    def _row(self, number: int, rng: np.random.Generator) -> Json:
        need = ("shipping", "price")[int(rng.integers(2))]
        asked = "".join(str(rng.choice(words)) for words in (OPENINGS, THINGS, ASKED[need], CLOSINGS))
        kind = int(rng.choice(4, p=(0.25, 0.25, 0.25, 0.25)))
        answer = self._answer(kind, need, number, rng)
        effect = self.effects[kind] if need == "price" and kind < 2 else 0.0
        at = datetime(2026, 1, 1, 2, tzinfo=UTC) + timedelta(minutes=7 * number)
        messages = [("customer", asked), ("agent", answer), ("customer", "好的谢谢")]
        return {
            "conversation_id": f"k{number:05d}",
            "customer_id": f"c{int(rng.integers(self.n // 2)):05d}",
            "agent_id": f"a{int(rng.integers(N_AGENTS))}",
            "channel": "wecom",
            "scene": "direct",
            "stage": "转化",
            "messages": [
                {"role": role, "text": text, "at": (at + timedelta(seconds=20 * place)).isoformat()}
                for place, (role, text) in enumerate(messages)
            ],
            "outcome": {"converted": bool(rng.random() < 0.45 + effect)},
            **self.given,
        }

    @staticmethod
    def _answer(kind: int, need: str, number: int, rng: np.random.Generator) -> str:
        if kind < 2:
            return SCRIPTS[need][kind].format(n=10_000 + number, m=int(rng.integers(2, 9)))
        if kind == 2:
            return ORDINARY[int(rng.integers(2))]
        return "".join(chr(0x4E00 + int(code)) for code in rng.integers(0, 5_000, 12))


def write_rows_of(path: Path, rows: Sequence[Json]) -> Path:
    """An archive of these conversations."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def mine_archive(archive: Path, state: Path, *, known: Known | None = None, **given: Any) -> MiningRun:
    """What `copilot mine` finds, with a hash encoder."""
    evidence = EvidenceSettings(**{name: given.pop(name) for name in ("outcome", "n_processes") if name in given})
    known = known or Known()
    return run_mining(
        archive,
        state,
        HashEncoder(),
        settings=MiningSettings(evidence=evidence, **given),
        reading=IngestSettings(),
        known=known,
        around=Surroundings(names=known.names(), sku_of=known.products),
        stage=silent_stage,
    )


@pytest.fixture(scope="session")
def table() -> Callable[..., ReplyTable]:
    return table_of


@pytest.fixture(scope="session")
def talk() -> Callable[..., TalkRow]:
    return talk_row


@pytest.fixture(scope="session")
def reply() -> type[Reply]:
    return Reply


@pytest.fixture(scope="session")
def small_world() -> type[SmallWorld]:
    return SmallWorld


@pytest.fixture(scope="session")
def write_archive() -> Callable[[Path, Sequence[Json]], Path]:
    return write_rows_of


@pytest.fixture(scope="session")
def mined_from() -> Callable[..., MiningRun]:
    return mine_archive


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand four hundred conversations with one script that helps and one that harms."""
    return write_rows_of(tmp_path_factory.mktemp("small") / "chats.jsonl", SmallWorld().rows())


@pytest.fixture(scope="session")
def run(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> MiningRun:
    """What is mined from that archive."""
    return mine_archive(archive, tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def around() -> Surroundings:
    """Nothing to compare with."""
    return Surroundings(names=Known().names())
