"""Lists as people like to see them, kept by name."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.errors import BadRequestError, UnknownIdError
from knowledge.tables import SavedView
from knowledge.workspace import utc_now

PAGE = "scripts"
MOST = 30
"""More views than this nobody finds his way in."""


def read_views(session: Session, tenant_id: str, owner: str) -> list[SavedView]:
    """The views of a person, the oldest first."""
    query = (
        select(SavedView)
        .where(col(SavedView.tenant_id) == tenant_id, col(SavedView.owner) == owner, col(SavedView.page) == PAGE)
        .order_by(col(SavedView.created_at), col(SavedView.id))
    )
    return list(session.execute(query).scalars())


def save_view(session: Session, tenant_id: str, owner: str, name: str, address: str) -> SavedView:
    """The view under its name; another one of that name is replaced.

    Raises:
        BadRequestError: it has no name, or this person has too many.
    """
    if not name.strip():
        raise BadRequestError("name", name, "a name for the view")
    views: Sequence[SavedView] = read_views(session, tenant_id, owner)
    view = next((one for one in views if one.name == name.strip()), None)
    if view is None:
        if len(views) >= MOST:
            raise BadRequestError("name", name, f"at most {MOST} views: delete one first")
        view = SavedView(
            tenant_id=tenant_id,
            id=uuid4().hex,
            owner=owner,
            page=PAGE,
            name=name.strip(),
            address=address,
            created_at=utc_now(),
        )
        session.add(view)
    view.address = address
    return view


def delete_view(session: Session, tenant_id: str, owner: str, view_id: str) -> None:
    """Forget a view of this person.

    Raises:
        UnknownIdError: this person has no such view.
    """
    view = session.get(SavedView, (tenant_id, view_id))
    if view is None or view.owner != owner:
        raise UnknownIdError("view", view_id)
    session.delete(view)
