"""What became of one script when a message was answered: shown, outranked, or kept away, and by what."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from copilot.engine.answer import Contribution, Reply
from copilot.engine.cards import ProductCard, ScriptCard
from copilot.engine.competing import Contest
from copilot.engine.diversity import bigrams, is_near_duplicate
from copilot.engine.eligibility import script_reason
from copilot.engine.nextbest.signals import Signals
from copilot.engine.ranking import Ranked
from copilot.engine.replies import Candidates, Draft, Selection, propose_scripts
from copilot.engine.replying import Replier, fill, nothing_to_answer
from copilot.engine.setup import Stopwatch
from copilot.engine.situation import Situation
from copilot.errors import UnknownIdError
from knowledge.tables import Script, ScriptStatus, ScriptVersion

MAX_RANKED = 20_000
"""In a larger library nobody waits for the place of a script that was not found."""
BATCH = 2_000


class Fate(StrEnum):
    """What became of a script."""

    SHOWN = "shown"
    OUTRANKED = "outranked"
    UNLIKELY = "unlikely"
    NOT_RETRIEVED = "not_retrieved"
    EXCLUDED = "excluded"
    NOT_LIVE = "not_live"
    BLOCKED = "blocked"
    DUPLICATE = "duplicate"
    TIRED = "tired"


@dataclass(frozen=True)
class ScriptFate:
    """What became of a script, which rule or number decided it, and how it stood among all that might have been shown.

    `rule` is empty for what was shown and what was outranked, else named as in `Excluded`; `detail` says more: which
    script it repeats, which probability was wanted. `rank` is the place among the `n_ranked` scripts that are allowed
    here and the extracts of documents that were found, 1 the best, equal scores sharing a place; empty for a script
    that is not allowed. In a library of more than 20,000 they are those that competed. `text` is filled in as far as it
    can be. The contributions in `why` sum to `score`, which a live script has for a message that has words.
    """

    script_id: str
    title: str
    version: int
    text: str
    fate: Fate
    rank: int | None = None
    n_ranked: int = 0
    score: float | None = None
    probability: float | None = None
    why: tuple[Contribution, ...] = ()
    rule: str = ""
    detail: str = ""


def script_fate(
    session: Session,
    situation: Situation,
    replier: Replier,
    signals: Signals,
    products: Mapping[str, ProductCard],
    script_id: str,
) -> ScriptFate:
    """What became of a script; nothing is recorded.

    Raises:
        UnknownIdError: there is no such script.
    """
    script = session.get(Script, (replier.setup.tenant_id, script_id))
    if script is None:
        raise UnknownIdError("script", script_id)
    ordinal = situation.scripts.view.ordinal(script_id)
    inquiry = None if ordinal is None else Inquiry(session, situation, replier, signals, products, ordinal)
    if inquiry is None or inquiry.draft is None:
        return _not_live(session, script)
    return inquiry.fate(inquiry.draft)


def _not_live(session: Session, script: Script) -> ScriptFate:
    number = script.live_version or script.latest_version
    version = session.get(ScriptVersion, (script.tenant_id, script.id, number))
    if version is None:
        raise UnknownIdError("script version", f"{script.id} v{number}")
    status = version.status.value
    rule = "status:not indexed yet" if status == ScriptStatus.PUBLISHED else f"status:{status}"
    return ScriptFate(script.id, script.title, number, version.text, Fate.NOT_LIVE, rule=rule)


@dataclass(frozen=True)
class Inquiry:
    """One script, by its ordinal, in the answering of one message; everything is asked of the parts that answer."""

    session: Session
    situation: Situation
    replier: Replier
    signals: Signals
    products: Mapping[str, ProductCard]
    ordinal: int

    def fate(self, draft: Draft) -> ScriptFate:
        """What became of the script."""
        card, text = draft.card, self.replier.fill_in(draft.card, draft.product, self.situation).text
        fate = ScriptFate(card.script_id, card.title, card.version, text, Fate.EXCLUDED)
        rule, silence = self._exclusion(), nothing_to_answer(self.situation)
        if silence:
            name, _, detail = silence.partition(": ")
            return replace(fate, rule=rule) if rule else replace(fate, fate=Fate.UNLIKELY, rule=name, detail=detail)
        fate = self._scored(fate)
        if rule:
            return replace(fate, rule=rule)
        fate = replace(fate, rank=self._rank())
        return self._absent(fate) if self.position is None else self._present(fate, self.position)

    @cached_property
    def draft(self) -> Draft | None:
        """The script as a candidate of its own; none where the database does not have the version of the index."""
        found, cards = self._alone
        drafts = self.replier.competition.drafts(
            self.session, self.situation, self.signals, self.products, found=found, cards=cards
        )
        return drafts[0] if drafts else None

    @cached_property
    def contest(self) -> Contest:
        """What competed to answer the message."""
        return self.replier.competition.hold(self.session, self.situation, self.signals, self.products, Stopwatch())

    @cached_property
    def position(self) -> int | None:
        """Where the script stands among what competed."""
        places = np.flatnonzero(self.contest.found.items == self.ordinal)
        return int(places[0]) if places.size else None

    @cached_property
    def ranked(self) -> Ranked:
        """What it scored; what it would have scored, where it did not compete."""
        if self.position is None:
            return self._weighed(*self._alone)
        whole, here = self.contest.ranked, slice(self.position, self.position + 1)
        return Ranked(np.zeros(1, np.intp), whole.scores[here], whole.contributions[here], whole.names)

    @cached_property
    def selection(self) -> Selection:
        """What was taken of the candidates, and what was refused."""
        selection = self.replier.selection(self.situation)
        fill(selection, self.contest, self.situation, "")
        return selection

    @cached_property
    def _alone(self) -> tuple[Candidates, list[ScriptCard]]:
        return self._as_candidates(np.array([self.ordinal], np.int32))

    def _as_candidates(self, items: NDArray[np.int32]) -> tuple[Candidates, list[ScriptCard]]:
        return self.replier.competition.candidates(self.session, self.situation, items)

    def _weighed(self, found: Candidates, cards: Sequence[ScriptCard]) -> Ranked:
        return self.replier.competition.weigh_beside(self.session, self.situation, self.contest, found, cards)

    def _exclusion(self) -> str:
        view = self.situation.scripts.view
        window = view.number("valid_from", self.ordinal), view.number("valid_to", self.ordinal)
        return script_reason(view.label("rule", self.ordinal), *window, self.situation.place)

    def _scored(self, fate: ScriptFate) -> ScriptFate:
        score = float(self.ranked.scores[0])
        probability = round(self.replier.policy(self.situation).calibration.probability(score), 4)
        n_ranked = len(self._all_scores)
        return replace(fate, score=score, probability=probability, why=self.ranked.why(0), n_ranked=n_ranked)

    def _rank(self) -> int | None:
        """The place in the order of all; equal scores share one."""
        if self._others is None and self.position is None:
            return None
        return 1 + int(np.count_nonzero(self._all_scores > self.ranked.scores[0]))

    @cached_property
    def _others(self) -> NDArray[np.int32] | None:
        """The scripts that are allowed here and did not compete; none where they are too many to compare."""
        view, allowed = self.situation.scripts.view, self.situation.scripts.allowed
        living = view.mask() if allowed is None else allowed & view.mask()
        living[self.contest.found.items] = False
        return None if np.count_nonzero(living) > MAX_RANKED else np.flatnonzero(living).astype(np.int32)

    @cached_property
    def _all_scores(self) -> NDArray[np.float64]:
        """The scores of everything that is allowed here, in no particular order."""
        others = self._others if self._others is not None else np.empty(0, np.int32)
        batches = [others[start : start + BATCH] for start in range(0, len(others), BATCH)]
        weighed = (self._weighed(*self._as_candidates(one)) for one in batches)
        return np.concatenate([self.contest.ranked.scores, *(one.scores for one in weighed)])

    def _absent(self, fate: ScriptFate) -> ScriptFate:
        """A script that is allowed here and did not compete."""
        if self.contest.talk is not None:
            return replace(fate, fate=Fate.UNLIKELY, rule=f"small_talk:{self.contest.talk.kind}")
        if self.situation.turn.is_opening:
            detail = "no greeting, nothing on the last topic, and written for nobody like this customer"
            return replace(fate, fate=Fate.NOT_RETRIEVED, rule="not_retrieved", detail=detail)
        policy = self.situation.policy
        proposed = self.ordinal in propose_scripts(self.situation.scripts, policy.n_searched)
        detail = f"not among the {policy.n_ranked} most promising" if proposed else "neither words nor meaning are near"
        return replace(fate, fate=Fate.NOT_RETRIEVED, rule="not_retrieved", detail=detail)

    def _present(self, fate: ScriptFate, position: int) -> ScriptFate:
        """A script that competed."""
        source = self.contest.drafts[position].card.source
        if any(one.source == source for one in self._shown):
            return replace(fate, fate=Fate.SHOWN)
        refused = next((one.rule for one in self.selection.excluded if one.item_id == fate.script_id), "")
        if refused == "duplicate":
            return replace(fate, fate=Fate.DUPLICATE, rule=refused, detail=self._repeated(fate.text))
        if refused:
            return replace(fate, fate=Fate.BLOCKED, rule=refused)
        return self._beaten(fate)

    def _beaten(self, fate: ScriptFate) -> ScriptFate:
        """A script that scored too little, and whether it did so only because it was sent lately."""
        policy, score = self.replier.policy(self.situation), fate.score or 0.0
        rested = score - min(0.0, _contribution(fate, "fatigue"))
        is_full = len(self._shown) == self.situation.request.max_replies
        border = self._shown[-1].score if self._shown and is_full else -math.inf
        if policy.calibration.probability(rested) >= policy.reply_threshold and rested > max(score, border):
            n_sent = self.situation.sent.scripts[fate.script_id]
            return replace(fate, fate=Fate.TIRED, rule=f"fatigue:{n_sent} in {policy.fatigue_days} days")
        if policy.calibration.probability(score) < policy.reply_threshold:
            detail = f"{fate.probability:.2f} < {policy.reply_threshold:.2f}"
            return replace(fate, fate=Fate.UNLIKELY, rule="unlikely", detail=detail)
        return replace(fate, fate=Fate.OUTRANKED)

    @property
    def _shown(self) -> list[Reply]:
        return self.selection.replies[: self.situation.request.max_replies]

    def _repeated(self, text: str) -> str:
        """The reply that says the same."""
        pairs, overlap = bigrams(text), self.situation.policy.duplicate_overlap
        same = (one for one in self.selection.replies if is_near_duplicate(pairs, [bigrams(one.text)], overlap))
        return next((one.script_id for one in same), "")


def _contribution(fate: ScriptFate, feature: str) -> float:
    return next((one.contribution for one in fate.why if one.feature == feature), 0.0)
