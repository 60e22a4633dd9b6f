"""What every page and fragment needs: the visitor's language and seat, and the template it is drawn with."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from copilot import __version__
from copilot.web.pages.translation import COOKIE, NAMES, Words, choose_language, known_language, words_of
from copilot.web.reading import list_agents
from copilot.web.services import Services, ServicesDep
from knowledge.tables import Role, User

AGENT_COOKIE = "agent"
A_YEAR_S = 31_536_000
UNNAMED = "desk"
"""Who did it when nobody was chosen."""
templates = Jinja2Templates(directory=Path(__file__).parent.parent / "templates")


@dataclass(frozen=True)
class Page:
    """A place of the menu; `key` names its words and marks where the visitor is."""

    key: str
    path: str


MENU = (
    Page("console", "/console"),
    Page("scripts", "/desk/scripts"),
    Page("candidates", "/desk/candidates"),
    Page("health", "/desk/health"),
    Page("performance", "/desk/performance"),
    Page("transfer", "/desk/transfer"),
)


@dataclass(frozen=True)
class Visitor:
    """Who looks, and in which language; nobody until a seat is chosen."""

    request: Request
    services: Services
    words: Words
    user: User | None

    @property
    def agent_id(self) -> str | None:
        return self.user.id if self.user else None

    @property
    def actor(self) -> str:
        """Who is written down as the one who did it."""
        return self.agent_id or UNNAMED

    @property
    def role(self) -> Role | None:
        return self.user.role if self.user else None

    def draw(self, template: str, **values: object) -> Response:
        """A page or fragment; everything in it is escaped."""
        response = templates.TemplateResponse(self.request, template, {**self._shared(), **values})
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Cookie, Accept-Language"
        if known_language(self.request.query_params.get("lang")) == self.words.language:
            response.set_cookie(COOKIE, self.words.language, max_age=A_YEAR_S, samesite="lax")
        return response

    def draw_page(self, template: str, *, place_key: str, **values: object) -> Response:
        """A whole page of the menu, in the frame all pages share."""
        with self.services.database.read() as session:
            agents = list_agents(session, self.services.tenant_id)
        runtime = self.services.runtime
        frame = {"menu": MENU, "place_key": place_key, "agents": agents, "languages": NAMES}
        return self.draw(template, **frame, shop=runtime.shop, degraded=runtime.degraded, **values)

    def _shared(self) -> dict[str, object]:
        return {
            "t": self.words,
            "agent_id": self.agent_id,
            "user": self.user,
            "version": __version__,
            "iso": iso,
            "clock": clock,
        }


def visitor_of(request: Request, services: ServicesDep) -> Visitor:
    """The visitor of this request; a seat that nobody knows any more counts as none."""
    user = _seated(services, request.cookies.get(AGENT_COOKIE))
    accepted = [one.split(";")[0].strip() for one in request.headers.get("accept-language", "").split(",")]
    own = user.language if user else ""
    wishes = [request.query_params.get("lang"), request.cookies.get(COOKIE), own, *accepted]
    words = words_of(choose_language([*wishes, services.runtime.shop.language]))
    return Visitor(request, services, words, user)


VisitorDep = Annotated[Visitor, Depends(visitor_of)]


def _seated(services: Services, user_id: str | None) -> User | None:
    if not user_id:
        return None
    with services.database.read() as session:
        return session.get(User, (services.tenant_id, user_id))


def iso(at: datetime | None) -> str:
    """A moment for machines; the page's script turns it into the reader's own time."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def clock(at: datetime | None) -> str:
    """A moment in the server's time, for readers without scripts."""
    return at.astimezone().strftime("%m-%d %H:%M") if at else ""
