"""What a visitor chooses for all pages: the seat and the language."""

from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Form, Header
from starlette.responses import Response

from copilot.web.pages.frame import A_YEAR_S, AGENT_COOKIE, VisitorDep
from copilot.web.pages.translation import COOKIE
from copilot.web.schemas.common import Short
from copilot.web.services import ServicesDep
from knowledge.tables import User

router = APIRouter(prefix="/me", include_in_schema=False)
CurrentUrl = Annotated[str, Header(alias="HX-Current-URL", max_length=4000)]


@router.post("/seat")
def choose_seat(services: ServicesDep, agent_id: Annotated[Short, Form()] = "", current: CurrentUrl = "") -> Response:
    """Remember who sits here, or that nobody does; signing in comes with access control."""
    with services.database.read() as session:
        user = session.get(User, (services.tenant_id, agent_id))
    response = _again(current)
    response.set_cookie(AGENT_COOKIE, agent_id, max_age=A_YEAR_S, samesite="lax", httponly=True)
    if user is not None and user.language:
        response.set_cookie(COOKIE, user.language, max_age=A_YEAR_S, samesite="lax")
    return response


@router.post("/language")
def choose_language(
    language: Annotated[Literal["zh_Hans", "zh_Hant", "en"], Form()],
    services: ServicesDep,
    visitor: VisitorDep,
    current: CurrentUrl = "",
) -> Response:
    """Speak this language from now on: to this person on every machine, or to whoever sits at this one."""
    if visitor.user is not None:
        with services.database.write() as session:
            user = session.get(User, (services.tenant_id, visitor.user.id))
            if user is not None:
                user.language = language
    response = _again(current)
    response.set_cookie(COOKIE, language, max_age=A_YEAR_S, samesite="lax")
    return response


def _again(current: str) -> Response:
    """Draw the page again, without what its address said about the language."""
    address = urlsplit(current)
    kept = urlencode([(name, value) for name, value in parse_qsl(address.query) if name != "lang"])
    path = address.path if address.path.startswith("/") and not address.path.startswith("//") else "/"
    return Response(status_code=204, headers={"HX-Redirect": f"{path}?{kept}" if kept else path})
