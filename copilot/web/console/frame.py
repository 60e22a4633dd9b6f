"""What every page and fragment needs: the visitor's language and agent, and the template it is drawn with."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from copilot import __version__
from copilot.web.console.translation import COOKIE, Words, choose_language, words_of
from copilot.web.services import ServicesDep

AGENT_COOKIE = "agent"
A_YEAR_S = 31_536_000
templates = Jinja2Templates(directory=Path(__file__).parent.parent / "templates")


@dataclass(frozen=True)
class Visitor:
    """Who looks, and in which language."""

    request: Request
    words: Words
    agent_id: str | None

    def draw(self, template: str, **values: object) -> Response:
        """A page or fragment; everything in it is escaped."""
        shared = {"t": self.words, "agent_id": self.agent_id, "version": __version__, "iso": iso, "clock": clock}
        response = templates.TemplateResponse(self.request, template, {**shared, **values})
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Cookie, Accept-Language"
        if self.request.query_params.get("lang") == self.words.language:
            response.set_cookie(COOKIE, self.words.language, max_age=A_YEAR_S, samesite="lax")
        return response


def visitor_of(request: Request, services: ServicesDep) -> Visitor:
    """The visitor of this request."""
    words = words_of(choose_language(request, services.runtime.shop.language))
    return Visitor(request, words, request.cookies.get(AGENT_COOKIE) or None)


VisitorDep = Annotated[Visitor, Depends(visitor_of)]


def iso(at: datetime | None) -> str:
    """A moment for machines; the page's script turns it into the reader's own time."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def clock(at: datetime | None) -> str:
    """A moment in the server's time, for readers without scripts."""
    return at.astimezone().strftime("%m-%d %H:%M") if at else ""
