"""The pieces of a page that arrive by themselves, drawn in one language; all of this asks the database."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlmodel import col

from copilot import __version__
from copilot.web.console import listing
from copilot.web.console.advice import TEMPLATE, Advice, advice_values
from copilot.web.console.live.presence import Other
from copilot.web.pages.frame import clock, iso, templates
from copilot.web.pages.translation import Words
from copilot.web.services import Services
from knowledge.tables import Message, User
from knowledge.workspace import utc_now


def draw(template: str, words: Words, **values: object) -> str:
    """A fragment for nobody in particular; everything in it is escaped."""
    shared = {"t": words, "version": __version__, "iso": iso, "clock": clock, "user": None, "agent_id": None}
    return templates.get_template(template).render({**shared, **values})


def read_messages(services: Services, conversation_id: str, first: int, last: int) -> list[Message]:
    """The messages from one position to another."""
    query = (
        select(Message)
        .where(
            col(Message.tenant_id) == services.tenant_id,
            col(Message.conversation_id) == conversation_id,
            col(Message.position).between(first, last),
        )
        .order_by(col(Message.position))
    )
    with services.database.read() as session:
        return list(session.execute(query).scalars())


def draw_bubbles(messages: Sequence[Message], words: Words) -> str:
    """Messages as they join the thread."""
    return draw("console/bubbles.html", words, messages=messages)


def draw_suggestions(services: Services, advice: Advice, words: Words) -> str:
    """Everything beside the conversation."""
    return draw(TEMPLATE, words, **advice_values(services, advice, words))


def draw_presence(others: Sequence[Other], words: Words) -> str:
    """Who else is in the conversation."""
    return draw("console/presence.html", words, others=others)


def read_rows(
    services: Services, conversation_ids: Sequence[str], agent_ids: Collection[str | None]
) -> dict[tuple[str, str | None], listing.RowView]:
    """Rows of the list by conversation and agent, as each agent sees them."""
    with services.database.read() as session:
        return listing.rows_as_seen(session, services.tenant_id, conversation_ids, agent_ids, now=utc_now())


def draw_row(row: listing.RowView, words: Words) -> str:
    """One row of the list; the page marks it where it stands open."""
    return draw("console/row.html", words, row=row, current="")


def read_name(services: Services, agent_id: str) -> str:
    """The name of an agent, or the id where nobody has it."""
    with services.database.read() as session:
        user = session.get(User, (services.tenant_id, agent_id))
    return user.name if user and user.name else agent_id
