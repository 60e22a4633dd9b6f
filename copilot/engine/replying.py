"""Choosing the replies for one message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from copilot.engine.answer import Excluded, Reply, Slate
from copilot.engine.cards import CardFile, ProductCard, ScriptCard
from copilot.engine.competing import Competition, Contest
from copilot.engine.context import Memory
from copilot.engine.exploration import explore
from copilot.engine.nextbest.signals import Signals
from copilot.engine.policy import Policy
from copilot.engine.ranking import Ranked
from copilot.engine.rendering import Rendered, render, slot_values
from copilot.engine.replies import Selection
from copilot.engine.setup import EngineSetup, Stopwatch
from copilot.engine.shadow import rank_silently
from copilot.engine.situation import Situation
from copilot.engine.small_talk import Talk


@dataclass(frozen=True)
class ChosenReplies:
    """The replies and what else they could have been, what a rule refused, why there is none, who presents which sku.

    `presenting` names a script among the candidates for each sku.
    """

    replies: tuple[Reply, ...] = ()
    slate: Slate = field(default_factory=Slate)
    excluded: tuple[Excluded, ...] = ()
    abstain_reason: str = ""
    presenting: Mapping[str, str] = field(default_factory=dict)


class Replier:
    """Fills in and checks what competes, and keeps the best; safe to call from many threads."""

    def __init__(self, setup: EngineSetup, products: CardFile[str, ProductCard], memory: Memory) -> None:
        self.setup = setup
        self.competition = Competition(setup, products, memory)

    def choose(
        self,
        session: Session,
        situation: Situation,
        signals: Signals,
        products: Mapping[str, ProductCard],
        watch: Stopwatch,
        *,
        set_id: str,
    ) -> ChosenReplies:
        """The best replies that may be shown, or the reason for silence; the set's id decides what is explored."""
        silence = nothing_to_answer(situation)
        if silence:
            return ChosenReplies(abstain_reason=silence)
        contest = self.competition.hold(session, situation, signals, products, watch)
        if contest.talk is not None and not contest.drafts:
            return ChosenReplies(abstain_reason=f"{contest.talk.reason}, and no script answers it")
        with watch.stage("selection"):
            selection = self.selection(situation)
            replies, slate = fill(selection, contest, situation, set_id)
        if self.setup.shadow is not None and set_id and not situation.turn.is_opening:
            with watch.stage("shadow"):
                ranking = rank_silently(
                    self.setup.shadow,
                    selection,
                    contest.drafts,
                    contest.features,
                    n_shown=situation.request.max_replies,
                )
            slate = replace(slate, shadow=ranking)
        return ChosenReplies(
            replies,
            slate,
            tuple(selection.excluded),
            _silence(selection, contest.talk),
            _presenting(contest.cards, contest.ranked),
        )

    def policy(self, situation: Situation) -> Policy:
        """What replies are selected by."""
        return self.setup.opening.over(situation.policy) if situation.turn.is_opening else situation.policy

    def selection(self, situation: Situation) -> Selection:
        """What takes candidates for this message, with nothing taken yet."""
        return Selection(
            self.policy(situation),
            self.setup.rules,
            lambda card, product: self.fill_in(card, product, situation),
            situation.language,
        )

    def fill_in(self, card: ScriptCard, product: ProductCard | None, situation: Situation) -> Rendered:
        """A script's text with what is known filled in."""
        place = situation.place
        values = slot_values(
            place.customer,
            place.agent,
            product,
            shop_name=self.setup.shop.name,
            scene=place.scene,
            language=card.language,
        )
        return render(card.text, values)


def nothing_to_answer(situation: Situation) -> str:
    """Why there is nothing to search for; empty when there is."""
    if situation.turn.is_opening:
        return ""
    if not situation.turn.message:
        return "no_message: the customer has not written since the last reply"
    return "" if situation.turn.has_content else "no_content: the message has no words to answer"


def fill(selection: Selection, contest: Contest, situation: Situation, set_id: str) -> tuple[tuple[Reply, ...], Slate]:
    """The replies to show and how they came to be these.

    Nobody who complains is experimented on, nor anybody who is written to first.
    """
    n, exploration = situation.request.max_replies, situation.policy.exploration
    if not n or not exploration.rate or situation.is_complaining or situation.turn.is_opening:
        selection.fill(contest.drafts, contest.ranked, n)
        return tuple(selection.replies), Slate()
    selection.fill(contest.drafts, contest.ranked, n + 1)
    return explore(selection.replies, n, exploration, set_id)


def _silence(selection: Selection, talk: Talk | None) -> str:
    """Why nothing is shown; empty when something is."""
    if selection.replies:
        return ""
    best, wanted = selection.best_probability, selection.policy.reply_threshold
    if best >= wanted:
        return "blocked: every good match was refused by a rule"
    manners = f"{talk.reason}, " if talk else ""
    return f"{manners}unlikely: the best match has probability {best:.2f}, below {wanted:.2f}"


def _presenting(cards: Sequence[ScriptCard], ranked: Ranked) -> dict[str, str]:
    """For each sku the best ranked script that names it."""
    presenting: dict[str, str] = {}
    for position in ranked.order[ranked.order < len(cards)].tolist():
        for sku in cards[position].skus:
            presenting.setdefault(sku, cards[position].script_id)
    return presenting
