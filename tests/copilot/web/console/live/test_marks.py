from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.engine.conversations import NewConversation, NewMessage, append_message, open_conversation
from copilot.errors import BadRequestError, UnknownIdError
from copilot.web.console.live.marks import mark_read
from knowledge.tables import DEFAULT_TENANT, MessageRole, ReadMark
from knowledge.workspace import Workspace, utc_now

N_MESSAGES = 9


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace.create(Path(tmp_path_factory.mktemp("marks")) / "workspace")
    with made.database.write() as session:
        conversation = open_conversation(session, DEFAULT_TENANT, NewConversation(), utc_now(), "c")
        for number in range(N_MESSAGES):
            append_message(session, conversation, NewMessage(MessageRole.CUSTOMER, str(number)), utc_now())
    yield made
    made.close()


@given(positions=st.lists(st.integers(0, N_MESSAGES), min_size=1, max_size=6))
def test_a_mark_stands_at_the_furthest_position_and_moves_only_forward(
    workspace: Workspace, positions: list[int]
) -> None:
    now = utc_now()
    with workspace.database.write() as session:
        moved = []
        for number, position in enumerate(positions):
            at = now + timedelta(seconds=number)
            moved.append(mark_read(session, DEFAULT_TENANT, "a1", "c", position=position, now=at))
        mark = session.get(ReadMark, (DEFAULT_TENANT, "a1", "c"))
        assert mark is not None
        furthest = positions.index(max(positions))
        assert (mark.position, mark.at) == (positions[furthest], now + timedelta(seconds=furthest))
        assert moved == [number == 0 or one > max(positions[:number]) for number, one in enumerate(positions)]
        session.rollback()


def test_each_agent_reads_alone(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        for agent_id, position in (("a1", 3), ("a2", 5)):
            assert mark_read(session, DEFAULT_TENANT, agent_id, "c", position=position, now=utc_now())
        found = [session.get(ReadMark, (DEFAULT_TENANT, agent, "c")) for agent in ("a1", "a2")]
        assert [one.position for one in found if one] == [3, 5]
        session.rollback()


def test_what_was_not_written_yet_cannot_have_been_read(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        with pytest.raises(BadRequestError, match="position: got 10, expected at most 9"):
            mark_read(session, DEFAULT_TENANT, "a1", "c", position=10, now=utc_now())
        with pytest.raises(UnknownIdError, match="no conversation has the id 'd'"):
            mark_read(session, DEFAULT_TENANT, "a1", "d", position=0, now=utc_now())
