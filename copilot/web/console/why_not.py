"""Why a script was not suggested: what kept it away, or where it stood beside the one shown first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from copilot.engine.answer import Contribution, Reply
from copilot.engine.library_search import LibraryQuery
from copilot.engine.request import SuggestRequest
from copilot.engine.why_not import Fate, ScriptFate
from copilot.web.console.searching import N_HITS, Typed, hit_view
from copilot.web.console.views import Bar, bars_of
from copilot.web.pages.frame import VisitorDep
from copilot.web.pages.translation import Words
from copilot.web.schemas.common import Id
from copilot.web.services import ServicesDep

router = APIRouter()
N_ROWS = 8
"""The features that differ most between two scripts are shown, so many of them."""


@dataclass(frozen=True)
class Row:
    """One feature of two scripts; a bar is missing where the script has nothing of it."""

    label: str
    own: Bar | None
    first: Bar | None


@dataclass(frozen=True)
class FateView:
    """What became of a script, in words, and its score taken apart beside that of the one shown first."""

    fate: ScriptFate
    verdict: str
    rule: str
    detail: str
    percent: int | None
    first: Reply | None
    rows: list[Row]


@router.get("/c/{conversation_id}/why-not")
async def find(
    conversation_id: Id,
    services: ServicesDep,
    visitor: VisitorDep,
    q: Typed = "",
    stage: Typed = "",
    scene: Typed = "",
) -> Response:
    """Scripts to ask about, also those that nobody may send today."""
    query = LibraryQuery(
        services.tenant_id, q.strip(), visitor.agent_id, stage, scene, k=N_HITS, live_only=False, all_scopes=True
    )
    hits = await services.pool.run(lambda: services.runtime.engine.search_library(query))
    views = [hit_view(hit, query.text, visitor.words, values={}) for hit in hits]
    return visitor.draw("console/results.html", hits=views, q=q, window="why-not", conversation_id=conversation_id)


@router.get("/c/{conversation_id}/why-not/{script_id:path}")
async def explain(conversation_id: Id, script_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """What became of one script when the customer's message was answered."""
    request = SuggestRequest(tenant_id=services.tenant_id, conversation_id=conversation_id, agent_id=visitor.agent_id)
    fate = await services.pool.run(lambda: services.runtime.engine.why_not(request, script_id))
    standing = await run_in_threadpool(services.board.standing, conversation_id)
    answer = services.board.kept(conversation_id)
    is_current = answer is not None and answer.conversation_version == standing.version
    first = answer.replies[0] if answer is not None and is_current and answer.replies else None
    return visitor.draw("console/fate.html", view=fate_view(fate, first, visitor.words))


def fate_view(fate: ScriptFate, first: Reply | None, words: Words) -> FateView:
    """What became of a script, beside the reply shown first unless that is the script itself."""
    other = None if first is None or first.script_id == fate.script_id else first
    return FateView(
        fate=fate,
        verdict=_verdict(fate, words),
        rule=_rule(fate, words),
        detail="" if fate.fate is Fate.NOT_RETRIEVED else fate.detail,
        percent=None if fate.probability is None else round(100 * fate.probability),
        first=other,
        rows=compare(fate.why, other.why if other else (), words),
    )


def compare(own: Sequence[Contribution], first: Sequence[Contribution], words: Words) -> list[Row]:
    """The contributions of two scripts side by side on one scale, what sets them apart most first."""
    mine, others = _by_feature(own), _by_feature(first)
    both = bars_of([*own, *first], words)
    bars, first_bars = both[: len(own)], both[len(own) :]
    own_bars = dict(zip(mine, bars, strict=True))
    other_bars = dict(zip(others, first_bars, strict=True))
    features = sorted(mine.keys() | others.keys(), key=lambda name: (-_apart(name, mine, others), name))
    return [Row(words.name("feature", name), own_bars.get(name), other_bars.get(name)) for name in features[:N_ROWS]]


def _by_feature(why: Sequence[Contribution]) -> dict[str, float]:
    return {part.feature: part.contribution for part in why}


def _apart(feature: str, own: Mapping[str, float], first: Mapping[str, float]) -> float:
    return abs(own.get(feature, 0.0) - first.get(feature, 0.0))


def _rule(fate: ScriptFate, words: Words) -> str:
    """The rule that decided it; empty where the verdict says as much."""
    name, _, detail = fate.rule.partition(":")
    if fate.fate is Fate.NOT_LIVE:
        return words.name("fate.status", detail)
    return "" if name in ("", *Fate) else words.rule(fate.rule)


def _verdict(fate: ScriptFate, words: Words) -> str:
    if fate.fate is Fate.OUTRANKED and fate.rank is not None:
        return words("fate.outranked_at", rank=fate.rank)
    return words(f"fate.{fate.fate.value}")
