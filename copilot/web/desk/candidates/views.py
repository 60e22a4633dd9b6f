"""What the desk's templates show: candidates and their evidence, made ready to read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from copilot.engine.compliance import RuleBook
from copilot.engine.rendering import FILLABLE
from copilot.web.candidates import LiveScript
from copilot.web.desk.candidates.evidence import (
    Evidence,
    Example,
    NearDuplicate,
    OutcomeEvidence,
    RuleFinding,
    read_evidence,
)
from copilot.web.desk.candidates.forest import (
    Effect,
    Forest,
    effect_scale,
    estimate_of,
    forest,
    points,
    strip,
    tone_beside,
    tone_of,
)
from copilot.web.pages.difference import difference
from copilot.web.pages.highlight import Piece
from copilot.web.pages.translation import Words
from eval.statistics.estimate import Estimate
from knowledge.library.candidates import OPEN
from knowledge.library.wording import unknown_slots
from knowledge.tables import Candidate

CANNOT_TELL = "cannot-tell"
TOLD = {"helps": "told_helps", "harms": "told_harms", CANNOT_TELL: "told_open"}
"""The sentence of each verdict on an effect."""
NOTHING_TO_EXPLAIN = 1.0
"""An E-value of one: no hidden cause is needed."""


@dataclass(frozen=True)
class Row:
    """A candidate in the list."""

    candidate: Candidate
    text: str
    evidence: Evidence
    effect: str
    interval: str
    strip: Markup | None


@dataclass(frozen=True)
class Check:
    """What stands against a text as it is written."""

    is_blank: bool
    slots: list[str]
    findings: list[RuleFinding]

    @property
    def is_clear(self) -> bool:
        """Whether nothing stands against it; an empty text cannot be judged."""
        return not (self.is_blank or self.slots or self.findings)


@dataclass(frozen=True)
class OutcomeView:
    """What is known of one outcome."""

    name: str
    evidence: OutcomeEvidence
    forest: Forest | None
    facts: list[str]


@dataclass(frozen=True)
class Duplicate:
    """A script of the library beside the candidate."""

    script_id: str
    percent: int
    live: LiveScript | None
    theirs: list[Piece]
    ours: list[Piece]


@dataclass(frozen=True)
class ExampleView:
    """A place where it was said; it can be visited when the workspace holds the conversation."""

    example: Example
    can_be_visited: bool


@dataclass(frozen=True)
class CandidateView:
    """Everything an editor decides by."""

    candidate: Candidate
    evidence: Evidence
    told: str
    unreadable: list[str]
    check: Check
    outcomes: list[OutcomeView]
    segments: Forest | None
    examples: list[ExampleView]
    duplicates: list[Duplicate]
    can_visit_wish: bool

    @property
    def is_open(self) -> bool:
        return self.candidate.status in OPEN


def rows(candidates: Sequence[Candidate]) -> list[Row]:
    """The candidates of one list, their effects on one scale."""
    read = [(candidate, read_evidence(candidate.evidence)[0]) for candidate in candidates]
    estimates = [_estimate(evidence) for _, evidence in read]
    scale = effect_scale([one for one in estimates if one is not None])
    return [
        Row(
            candidate=candidate,
            text=candidate.text or (candidate.triggers[0] if candidate.triggers else candidate.id),
            evidence=evidence,
            effect=points(one.mean) if one else "",
            interval=f"{points(one.low)} … {points(one.high)}" if one else "",
            strip=strip(one, scale, tone_of(evidence.verdict)) if one else None,
        )
        for (candidate, evidence), one in zip(read, estimates, strict=True)
    ]


def candidate_view(
    candidate: Candidate,
    rules: RuleBook,
    live: Mapping[str, LiveScript],
    conversations: Collection[str],
    words: Words,
) -> CandidateView:
    """A candidate with its evidence; `live` are scripts it may repeat, `conversations` those that can be visited."""
    evidence, unreadable = read_evidence(candidate.evidence)
    return CandidateView(
        candidate=candidate,
        evidence=evidence,
        told=_told(evidence, words),
        unreadable=unreadable,
        check=check_text(candidate.text, rules, evidence.compliance),
        outcomes=_outcomes(evidence, words),
        segments=_segments(evidence, words),
        examples=[ExampleView(one, one.conversation_id in conversations) for one in evidence.examples],
        duplicates=[_duplicate(candidate.text, one, live.get(one.script_id)) for one in evidence.near_duplicates],
        can_visit_wish=evidence.conversation_id in conversations,
    )


def check_text(text: str, rules: RuleBook, mined: Sequence[RuleFinding] = ()) -> Check:
    """What would keep a text from being approved, and what to look at; `mined` is what was found before."""
    now = [
        RuleFinding(rule=one.rule, severity=one.severity, reason=one.reason, words=one.words)
        for one in rules.check(text)
    ]
    known = {one.rule for one in now}
    earlier = [one for one in mined if one.rule not in known and one.severity != "block"]
    return Check(not text.strip(), unknown_slots(text, FILLABLE), [*now, *earlier])


def cited_conversations(candidate: Candidate) -> list[str]:
    """The conversations that the evidence names."""
    evidence, _ = read_evidence(candidate.evidence)
    named = [one.conversation_id for one in evidence.examples]
    return [*named, evidence.conversation_id] if evidence.conversation_id else named


def repeated_scripts(candidate: Candidate) -> list[str]:
    """The scripts that say nearly the same."""
    return [one.script_id for one in read_evidence(candidate.evidence)[0].near_duplicates]


def _estimate(evidence: Evidence) -> Estimate | None:
    return estimate_of(evidence.effect, evidence.low, evidence.high, evidence.n)


def _told(evidence: Evidence, words: Words) -> str:
    """The verdict as one sentence in the reader's language; where there is no effect, what the miner wrote."""
    estimate = _estimate(evidence)
    if estimate is None or evidence.verdict not in TOLD:
        return evidence.why
    effect = points(estimate.mean) if evidence.verdict == CANNOT_TELL else f"{100 * abs(estimate.mean):.1f}"
    return words(
        f"candidates.{TOLD[evidence.verdict]}",
        outcome=words.name("outcome", evidence.outcome),
        effect=effect,
        low=points(estimate.low),
        high=points(estimate.high),
        n=f"{estimate.n:,}",
    )


def _outcomes(evidence: Evidence, words: Words) -> list[OutcomeView]:
    """The outcomes, the one the verdict is about first."""
    names = sorted(evidence.outcomes, key=lambda name: (name != evidence.outcome, name))
    return [_outcome(name, evidence.outcomes[name], words) for name in names]


def _outcome(name: str, one: OutcomeEvidence, words: Words) -> OutcomeView:
    effects = []
    adjusted = estimate_of(one.effect, one.low, one.high)
    if adjusted is not None:
        effects.append(Effect(words("candidates.adjusted"), adjusted, tone_of(one.verdict)))
    if one.within_agent is not None:
        within = one.within_agent
        note = words("candidates.within_note", n=f"{within.n:,}")
        effects.append(
            Effect(words("candidates.within"), Estimate(within.mean, within.low, within.high, within.n), "weak", note)
        )
    if one.raw_difference is not None:
        raw = Estimate(one.raw_difference, one.raw_difference, one.raw_difference, 0)
        effects.append(Effect(words("candidates.raw"), raw, "weak", words("candidates.raw_note"), has_interval=False))
    return OutcomeView(name, one, forest(effects) if effects else None, _facts(one, words))


def _facts(one: OutcomeEvidence, words: Words) -> list[str]:
    """What else to know of an outcome, a sentence each."""
    facts = []
    if one.n_treated is not None and one.n_comparison is not None:
        facts.append(words("candidates.compared", treated=f"{one.n_treated:,}", comparison=f"{one.n_comparison:,}"))
    if one.treated_rate is not None and one.comparison_rate is not None:
        rates = {"treated": f"{100 * one.treated_rate:.1f}", "comparison": f"{100 * one.comparison_rate:.1f}"}
        facts.append(words("candidates.rates", **rates))
    if one.overlap is not None:
        facts.append(words("candidates.overlap", percent=f"{100 * one.overlap:.0f}"))
    if one.e_value is not None:
        facts.append(_hidden_cause(one.e_value, one.e_value_limit, words))
    if one.needs_more and one.verdict == CANNOT_TELL:
        facts.append(words("candidates.needs_more", n=f"{one.needs_more:,}"))
    return facts


def _hidden_cause(e_value: float, limit: float | None, words: Words) -> str:
    """The E-value in plain words: how strong something unrecorded would have to be."""
    if limit is None or limit <= NOTHING_TO_EXPLAIN:
        return words("candidates.e_value_open", value=f"{e_value:.1f}")
    return words("candidates.e_value", value=f"{e_value:.1f}", limit=f"{limit:.1f}")


def _segments(evidence: Evidence, words: Words) -> Forest | None:
    whole = _estimate(evidence)
    effects = []
    for one in evidence.segments:
        estimate = estimate_of(one.effect, one.low, one.high, one.n)
        if estimate is not None:
            label = f"{words.name('segment', one.segment)} · {words.name(one.segment, one.value)}"
            tone = tone_beside(estimate, whole, evidence.verdict)
            effects.append(Effect(label, estimate, tone, words("candidates.n", n=f"{one.n:,}")))
    return forest(effects) if effects else None


def _duplicate(text: str, near: NearDuplicate, live: LiveScript | None) -> Duplicate:
    theirs, ours = difference(live.version.text if live else "", text)
    return Duplicate(near.script_id, round(100 * near.similarity), live, theirs, ours)
