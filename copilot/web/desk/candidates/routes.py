"""The desk's pages, the fragments that keep them current, and the forms they send."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from copilot.errors import UnknownIdError
from copilot.web import candidates as lists
from copilot.web import reviewing
from copilot.web.desk.candidates.forms import DeskQuery, EditForm, MergeForm, RejectForm, ReopenForm
from copilot.web.desk.candidates.views import (
    CandidateView,
    candidate_view,
    check_text,
    cited_conversations,
    repeated_scripts,
    rows,
)
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.problems import kind_of
from copilot.web.schemas.candidates import ReviewIn, Verdict
from copilot.web.schemas.common import Id, Short
from copilot.web.services import Services, ServicesDep
from knowledge.tables import Candidate, CandidateSource, CandidateStatus, Scene, Stage

router = APIRouter(prefix="/desk", include_in_schema=False)
N_ROWS = 50
N_SCRIPTS = 8
VERDICTS: tuple[Verdict, ...] = ("helps", "cannot-tell", "harms")
QueryDep = Annotated[DeskQuery, Query()]


@dataclass(frozen=True)
class Place:
    """Where a candidate stands in the list."""

    ids: list[str]
    candidate_id: str | None

    @property
    def number(self) -> int | None:
        return self.ids.index(self.candidate_id) if self.candidate_id in self.ids else None

    @property
    def before(self) -> str | None:
        return self.ids[self.number - 1] if self.number else None

    @property
    def after(self) -> str | None:
        """The next candidate; the first when this one has left the list."""
        following = 0 if self.number is None else self.number + 1
        return self.ids[following] if following < len(self.ids) else None

    @property
    def start(self) -> int:
        """Where the part of the list that holds the candidate begins."""
        return (self.number or 0) // N_ROWS * N_ROWS

    @property
    def shown(self) -> list[str]:
        return self.ids[self.start : self.start + N_ROWS]

    @property
    def earlier(self) -> str | None:
        return self.ids[self.start - N_ROWS] if self.start else None

    @property
    def later(self) -> str | None:
        following = self.start + N_ROWS
        return self.ids[following] if following < len(self.ids) else None


@router.get("/candidates")
def first(query: QueryDep, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The list, with its first candidate beside it."""
    with services.database.read() as session:
        ids = lists.candidate_ids(session, services.tenant_id, query)
    return _page(services, visitor, query, Place(ids, ids[0] if ids else None), is_chosen=False)


@router.get("/candidates/{candidate_id}")
def page(candidate_id: Id, query: QueryDep, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The list, with the chosen candidate beside it."""
    with services.database.read() as session:
        ids = lists.candidate_ids(session, services.tenant_id, query)
    try:
        return _page(services, visitor, query, Place(ids, candidate_id), is_chosen=True)
    except UnknownIdError as error:
        missing = _page(services, visitor, query, Place(ids, None), is_chosen=True, missing=candidate_id)
        missing.status_code = kind_of(error).status
        return missing


@router.get("/merge-targets")
def merge_targets(services: ServicesDep, visitor: VisitorDep, q: Annotated[Short, Query()] = "") -> Response:
    """Live scripts to choose from."""
    with services.database.read() as session:
        found = lists.search_live_scripts(session, services.tenant_id, q, N_SCRIPTS)
    return visitor.draw("candidates/scripts.html", scripts=found)


@router.post("/check")
def check(form: Annotated[EditForm, Form()], services: ServicesDep, visitor: VisitorDep) -> Response:
    """What stands against the text as it is written."""
    return visitor.draw("candidates/check.html", check=check_text(form.text, services.runtime.desk.rules))


@router.post("/candidates/{candidate_id}/approve")
def approve(
    candidate_id: Id, form: Annotated[EditForm, Form()], query: QueryDep, services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Publish the candidate as it stands in the form, and go on with the next one."""
    place = _place(services, query, candidate_id)
    reviewing.approve(services, candidate_id, form.approval(visitor.actor), form.key)
    return _go_on(place, query)


@router.post("/candidates/{candidate_id}/merge")
def merge(
    candidate_id: Id, form: Annotated[MergeForm, Form()], query: QueryDep, services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Give its triggers or its text to a script, and go on with the next one."""
    place = _place(services, query, candidate_id)
    reviewing.merge(services, candidate_id, form.merger(visitor.actor), form.key)
    return _go_on(place, query)


@router.post("/candidates/{candidate_id}/reject")
def reject(
    candidate_id: Id, form: Annotated[RejectForm, Form()], query: QueryDep, services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Reject the candidate, and go on with the next one."""
    place = _place(services, query, candidate_id)
    reviewing.reject(services, candidate_id, form.rejection(visitor.actor), form.key)
    return _go_on(place, query)


@router.post("/candidates/{candidate_id}/reopen")
def reopen(
    candidate_id: Id, form: Annotated[ReopenForm, Form()], query: QueryDep, services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Let the candidate wait again, and stay with it."""
    reviewing.reopen(services, candidate_id, ReviewIn(author=visitor.actor), form.key)
    return _go(f"/desk/candidates/{quote(candidate_id, safe='')}?{query.address}")


def _page(
    services: Services, visitor: Visitor, query: DeskQuery, place: Place, *, is_chosen: bool, missing: str = ""
) -> Response:
    tenant_id = services.tenant_id
    view = _view(services, visitor, place.candidate_id) if place.candidate_id else None
    with services.database.read() as session:
        shown = lists.read_candidates(session, tenant_id, place.shown)
        outcomes, stages = lists.outcomes_and_stages(session, tenant_id)
        done = session.get(Candidate, (tenant_id, query.done)) if query.done else None
    return visitor.draw_page(
        "candidates/page.html",
        place_key="candidates",
        view=view,
        is_chosen=is_chosen,
        missing=missing,
        place=place,
        query=query,
        rows=rows(shown),
        done=done,
        key=uuid4().hex,
        choices={
            "status": ["open", *(status.value for status in CandidateStatus)],
            "verdict": VERDICTS,
            "source": [source.value for source in CandidateSource],
            "outcome": outcomes,
            "stage": stages,
        },
        stages=[stage.value for stage in Stage],
        scenes=[scene.value for scene in Scene],
    )


def _view(services: Services, visitor: Visitor, candidate_id: str) -> CandidateView:
    with services.database.read() as session:
        candidate = lists.read_candidate(session, services.tenant_id, candidate_id)
        live = lists.live_scripts(session, services.tenant_id, repeated_scripts(candidate))
        known = lists.known_conversations(session, services.tenant_id, cited_conversations(candidate))
    return candidate_view(candidate, services.runtime.desk.rules, live, known, visitor.words)


def _place(services: Services, query: DeskQuery, candidate_id: str) -> Place:
    """Where the candidate stands before it is decided."""
    with services.database.read() as session:
        return Place(lists.candidate_ids(session, services.tenant_id, query), candidate_id)


def _go_on(place: Place, query: DeskQuery) -> Response:
    following = place.after or place.before
    path = f"/desk/candidates/{quote(following, safe='')}" if following else "/desk/candidates"
    return _go(f"{path}?{query.address}&done={quote(place.candidate_id or '', safe='')}")


def _go(address: str) -> Response:
    return Response(status_code=204, headers={"HX-Redirect": address})
