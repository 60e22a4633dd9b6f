"""What the health page's templates show, made ready to read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from copilot.curation.gaps import N_TRIGGERS, OpenGap
from copilot.curation.library_health import COMPARED_KINDS, Finding, Kind, Library, ScriptFacts
from copilot.web.desk.health.forms import HealthQuery
from copilot.web.pages.difference import difference
from copilot.web.pages.highlight import Piece
from copilot.web.reports import HealthReport

PAGE_SIZE = 40
N_GAPS_BESIDE = 5
"""Gaps shown above the findings while none of either is asked for."""
ENDING = (Kind.EXPIRED, Kind.EXPIRING)


@dataclass(frozen=True)
class Tile:
    """How many findings of one kind there are; nothing while nobody knows."""

    kind: str
    n: int | None
    is_chosen: bool


@dataclass(frozen=True)
class ScriptView:
    """A script beside others, cut into what it shares with the first and what it does not."""

    facts: ScriptFacts
    pieces: list[Piece]
    said: str = ""
    percent: int | None = None


@dataclass(frozen=True)
class FindingView:
    """A finding with its scripts; the first of them is what deeds are about."""

    finding: Finding
    id: str
    scripts: list[ScriptView]

    @property
    def script(self) -> ScriptFacts:
        return self.scripts[0].facts

    @property
    def is_ending(self) -> bool:
        return self.finding.kind in ENDING

    @property
    def can_be_extended(self) -> bool:
        """Whether one key is enough: a draft that waits would be passed over."""
        return self.is_ending and not self.script.has_draft

    @property
    def is_compared(self) -> bool:
        return self.finding.kind in COMPARED_KINDS

    @property
    def can_be_retired(self) -> bool:
        """Of scripts that are compared, each has its own button."""
        return not self.is_compared


@dataclass(frozen=True)
class GapView:
    """A gap, and the address at which a script for it is written."""

    gap: OpenGap
    address: str


@dataclass(frozen=True)
class HealthView:
    """The page: counts, and the part of the list that is shown."""

    tiles: list[Tile]
    findings: list[FindingView]
    gaps: list[GapView]
    n_found: int
    n_gaps: int
    page: int
    n_pages: int
    owners: list[str]
    report: HealthReport


def health_view(report: HealthReport, query: HealthQuery) -> HealthView:
    """The page on a report."""
    fitting = [one for one in report.findings if _fits(report.library, one, query)]
    gaps = [one for one in report.gaps.found if not query.stage or one.gap.stage == query.stage] if report.gaps else []
    chosen = [one for one in fitting if query.kind in (None, one.kind)]
    listed: Sequence[Finding | OpenGap] = gaps if query.kind == "gap" else chosen
    n_pages = max(1, -(-len(listed) // PAGE_SIZE))
    page = min(query.page, n_pages)
    start = (page - 1) * PAGE_SIZE
    shown = chosen[start : start + PAGE_SIZE] if query.kind != "gap" else []
    beside = gaps[start : start + PAGE_SIZE] if query.kind == "gap" else gaps[:N_GAPS_BESIDE] if not query.kind else []
    return HealthView(
        tiles=_tiles(report, fitting, gaps, query),
        findings=[finding_view(report.library, one) for one in shown],
        gaps=[GapView(one, script_address(one)) for one in beside],
        n_found=len(listed),
        n_gaps=len(gaps),
        page=page,
        n_pages=n_pages,
        owners=sorted({one.owner for one in report.library.facts.values() if one.owner}),
        report=report,
    )


def finding_view(library: Library, one: Finding) -> FindingView:
    """A finding with what its scripts say; those compared are cut into what they share with the first."""
    facts = [library.facts[script_id] for script_id in one.script_ids]
    said = dict(zip(one.script_ids, one.said, strict=False))
    likeness = dict(zip(one.script_ids[1:], one.similarities, strict=False))
    scripts = []
    for place, script in enumerate(facts):
        other = facts[1 if place == 0 else 0].text if len(facts) > 1 else script.text
        pieces = _apart(other, script.text)
        alike = likeness.get(script.script_id)
        percent = None if alike is None else round(100 * alike)
        scripts.append(ScriptView(script, pieces, said.get(script.script_id, ""), percent))
    return FindingView(one, library.id_of(one), scripts)


def script_address(one: OpenGap) -> str:
    """Where a script for a gap is written, with its triggers and its stage filled in."""
    values = [("trigger", trigger) for trigger in one.gap.triggers[:N_TRIGGERS]]
    return "/desk/scripts/new?" + urlencode([*values, *([("stage", one.gap.stage)] if one.gap.stage else [])])


def _apart(other: str, text: str) -> list[Piece]:
    """A text with what another one lacks marked; texts that share little are shown as they are."""
    pieces = difference(other, text)[1]
    n_shared = sum(len(piece.text) for piece in pieces if piece.is_match)
    return pieces if 2 * n_shared >= len(text) else [Piece(text, is_match=True)]


def _fits(library: Library, one: Finding, query: HealthQuery) -> bool:
    scripts = [library.facts[script_id] for script_id in one.script_ids]
    of_owner = not query.owner or any(script.owner == query.owner for script in scripts)
    of_stage = not query.stage or any(not script.stages or query.stage in script.stages for script in scripts)
    return of_owner and of_stage


def _tiles(
    report: HealthReport, findings: Sequence[Finding], gaps: Sequence[OpenGap], query: HealthQuery
) -> list[Tile]:
    counts = Counter(one.kind for one in findings)
    n_gaps = sum(not one.is_answered for one in gaps) if report.gaps else None
    known = {kind: None if kind in report.unknown else counts[kind] for kind in Kind}
    found = [Tile(kind.value, n, query.kind == kind) for kind, n in known.items()]
    return [Tile("gap", n_gaps, query.kind == "gap"), *found]
