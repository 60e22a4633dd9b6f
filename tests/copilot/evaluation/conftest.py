"""A shop with a past: a script that changed, a customer who bought, and turns from before and after."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from copilot.settings import Settings
from eval.datasets.logged_turn import LoggedTurn
from eval.datasets.turns import TurnData, read_turns, write_turns
from knowledge.tables import DEFAULT_TENANT, CustomerTag, Script, ScriptStatus, ScriptVersion

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
MAY, JULY = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
QUESTIONS = ("可以退货吗", "敏感肌能用吗", "什么时候发货", "你好")


def turn(number: int, message: str, at: datetime | None, **rest: object) -> LoggedTurn:
    fields = dict.fromkeys(("customer_id", "agent_id", "scene", "stage", "script_id", "decision"))
    given = {"conversation_id": f"k{number // 3}", "channel": "web", "context": (), "sent": "", **fields, **rest}
    return LoggedTurn(id=f"t{number}", message=message, at=at, **given)


@pytest.fixture
def past(shop):
    """Returns: one answer until July, another since; a tag and an order that came in July."""
    here = {"tenant_id": DEFAULT_TENANT}
    shop.add(
        Script(**here, id="returns", live_version=2, latest_version=2, updated_at=JULY),
        ScriptVersion(
            **here, script_id="returns", version=1, text="七天内可以退货哦", triggers=["可以退货吗"], created_at=MAY,
            status=ScriptStatus.RETIRED, published_at=MAY, ended_at=JULY,
        ),
        ScriptVersion(
            **here, script_id="returns", version=2, text="十五天内都可以退货哦", triggers=["可以退货吗"],
            created_at=JULY, status=ScriptStatus.PUBLISHED, published_at=JULY,
        ),
    )  # fmt: skip
    for number, question in enumerate(QUESTIONS[1:]):
        shop.add_script(f"s{number}", f"关于{question}：这是第{number}个回答", question)
    shop.add_product("p1", "保湿面霜")
    shop.add_customer("c1")
    shop.add(CustomerTag(**here, customer_id="c1", tag="敏感肌", valid_from=JULY))
    shop.add_order("o1", "c1", "p1", days_ago=(NOON - JULY).days)
    return shop


@pytest.fixture
def settings(past) -> Settings:
    return Settings(workspace=past.workspace.folder, encoder="hash")


@pytest.fixture
def turns(tmp_path: Path) -> TurnData:
    """Three hundred turns, one a day from the middle of June on, in a hundred conversations."""
    path = tmp_path / "turns.jsonl"
    start = JULY - timedelta(days=15)
    made = (
        turn(
            i,
            QUESTIONS[i % len(QUESTIONS)],
            start + timedelta(days=i),
            customer_id="c1",
            sent="七天内可以退货哦",
            script_id="returns" if i % len(QUESTIONS) == 0 else None,
        )
        for i in range(300)
    )
    write_turns(path, made)
    return read_turns(path)
