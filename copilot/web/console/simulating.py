"""The switch that lets an agent play the customer, for training and demos; off until it is switched on."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from copilot.web.pages.frame import A_YEAR_S, Visitor, VisitorDep

router = APIRouter()


@router.post("/simulate")
def simulate(visitor: VisitorDep, on: Annotated[bool, Form()] = False) -> Response:
    """Remember whether this person plays the customer, and draw the page again."""
    response = Response(status_code=204, headers={"HX-Refresh": "true"})
    name = simulate_cookie(visitor.actor)
    if on:
        response.set_cookie(name, "on", max_age=A_YEAR_S, samesite="lax", httponly=True)
    else:
        response.delete_cookie(name, samesite="lax", httponly=True)
    return response


def simulates(visitor: Visitor) -> bool:
    """Whether this person has switched it on."""
    return visitor.request.cookies.get(simulate_cookie(visitor.actor)) == "on"


def simulate_cookie(actor: str) -> str:
    """The name of a person's cookie; names of cookies may hold few characters, those of people any."""
    return f"simulate-{hashlib.sha256(actor.encode()).hexdigest()[:12]}"
