"""Notices messages that another process wrote, such as a second server or a command."""

import asyncio
import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from copilot.runtime import Runtime
from copilot.web.newsroom import Newsroom, read_recent, read_untold
from knowledge.tables import Message, MessageRole
from knowledge.workspace import utc_now

logger = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=3)
"""Clocks of two processes may differ a little, and a transaction commits later than the time it wrote."""


class ConversationWatch:
    """Asks the database at short intervals what was written since; one small indexed query each time."""

    def __init__(self, runtime: Runtime, newsroom: Newsroom, poll_s: float) -> None:
        self._runtime = runtime
        self._newsroom = newsroom
        self._poll_s = poll_s
        self._since = utc_now()

    async def run(self) -> None:
        """Watch until cancelled; a database that fails for a while is asked again."""
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                found = await run_in_threadpool(self._look)
            except SQLAlchemyError:
                logger.warning("cannot look for new messages, trying again", exc_info=True)
                continue
            for message in found:
                self._tell(message)

    def _look(self) -> list[Message]:
        tenant_id = self._runtime.settings.tenant
        with self._runtime.workspace.database.read() as session:
            recent = read_recent(session, tenant_id, self._since - OVERLAP)
            found = read_untold(session, recent, self._newsroom)
        self._since = max([self._since, *(at for one in recent if (at := _moved_at(one.last_message_at)))])
        return found

    def _tell(self, message: Message) -> None:
        is_new = self._newsroom.tell_message(message)
        if is_new and message.role is MessageRole.CUSTOMER:
            self._newsroom.tell_unanswered(message.conversation_id, message.position, "written elsewhere")


def _moved_at(at: datetime | None) -> datetime | None:
    """The moment, unless it lies in the future, where it would hide everything before it."""
    return at if at is not None and at <= utc_now() else None
