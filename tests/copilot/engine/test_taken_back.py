"""Whoever reads what agents decided and sent passes over what was taken back."""

from datetime import timedelta

import pytest
from sqlmodel import select

from copilot.engine.context import ContextReader
from copilot.engine.conversations import (
    NewConversation,
    NewMessage,
    append_message,
    get_conversation,
    open_conversation,
)
from copilot.engine.decisions import NewDecision
from copilot.engine.nextbest import asking
from copilot.engine.past import PastReader
from copilot.engine.request import SuggestRequest
from copilot.engine.turn import read_turn
from copilot.evaluation import experiments, propensities, shadowing
from copilot.evaluation.archive import ArchiveTurns
from copilot.evaluation.log import LogTurns
from copilot.mining.acceptance import match_archive, record_matches
from copilot.mining.digest import read_week
from copilot.mining.health import read_asked, read_exposures, read_windows
from copilot.training.workspace_log import read_workspace_log
from copilot.web.hub import Hub
from copilot.web.newsroom import Newsroom, read_untold
from copilot.web.reading import list_conversations
from knowledge.tables import (
    DEFAULT_TENANT,
    Conversation,
    Decision,
    DecisionKind,
    Message,
    MessageRole,
    ShadowRanking,
    SuggestionSet,
)
from models.encoders.hashing import HashEncoder

RETURNS = "七天内未拆封可以无理由退货，拆封后如过敏凭照片也能退。"


class Talk:
    """A conversation in which a1 accepts a reply and, if wanted, takes it back a minute later."""

    def __init__(self, shop, *, is_undone: bool) -> None:
        self.shop, self.database, self.is_undone = shop, shop.workspace.database, is_undone
        self.start = shop.clock.now
        shop.add_agent("a1", "t1")
        shop.add_customer("c1")
        shop.add_script("returns", RETURNS, "可以退货吗")
        with self.database.write() as session:
            open_conversation(session, DEFAULT_TENANT, NewConversation("c1", "a1"), self.start, "t1")
        self.say("可以退货吗")
        self.answer = shop.engine.suggest(SuggestRequest(conversation_id="t1"))
        shop.clock.advance(seconds=10)
        shop.desk.decide(NewDecision(self.answer.set_id, DecisionKind.ACCEPT, rank=1, agent_id="a1"))
        shop.clock.advance(seconds=50)
        if is_undone:
            shop.desk.undo("t1", "a1")
        shop.clock.advance(minutes=1)

    @property
    def end(self):
        return self.shop.clock.now + timedelta(days=1)

    def say(self, text: str, role: MessageRole = MessageRole.CUSTOMER) -> None:
        with self.database.write() as session:
            conversation = get_conversation(session, DEFAULT_TENANT, "t1")
            append_message(session, conversation, NewMessage(role, text, "a1"), self.shop.clock.now)


@pytest.fixture(params=[False, True], ids=["kept", "taken back"])
def talk(request: pytest.FixtureRequest, shop) -> Talk:
    return Talk(shop, is_undone=request.param)


def test_the_turn_to_answer(talk: Talk) -> None:
    with talk.database.read() as session:
        turn = read_turn(session, SuggestRequest(conversation_id="t1"))
    assert (turn.message, turn.version) == (("可以退货吗", 2) if talk.is_undone else ("", 2))


def test_messages_around_a_withdrawn_one_are_one_turn(talk: Talk) -> None:
    talk.say("拆封了的")
    with talk.database.read() as session:
        turn = read_turn(session, SuggestRequest(conversation_id="t1"))
    assert turn.message == ("可以退货吗 拆封了的" if talk.is_undone else "拆封了的")
    assert [said.text for said in turn.context] == ([] if talk.is_undone else ["可以退货吗", RETURNS])


def test_how_a_script_fared_now_and_then(talk: Talk) -> None:
    now = talk.end
    with talk.database.read() as session:
        live = ContextReader(DEFAULT_TENANT).use(session, ["returns"], "a1", now)["returns"]
        past = PastReader(talk.database, DEFAULT_TENANT).use(session, ["returns"], "a1", now)["returns"]
    assert live == past
    assert (live.n_shown, live.n_accepted, live.n_own) == (1, *((0, 0) if talk.is_undone else (1, 1)))


def test_the_log_for_evaluation(talk: Talk) -> None:
    logged = LogTurns(talk.database, DEFAULT_TENANT)
    assert [turn.sent for turn in logged.turns()] == ([] if talk.is_undone else [RETURNS])


def test_the_context_of_a_later_logged_turn(talk: Talk) -> None:
    talk.say("那运费谁出")
    answer = talk.shop.engine.suggest(SuggestRequest(conversation_id="t1"))
    talk.shop.desk.decide(NewDecision(answer.set_id, DecisionKind.FREEHAND, sent_text="我们出。", agent_id="a1"))
    last = list(LogTurns(talk.database, DEFAULT_TENANT).turns())[-1]
    assert RETURNS not in [said.text for said in last.context] if talk.is_undone else RETURNS in last.context[-1].text


def test_conversations_as_turns(talk: Talk) -> None:
    talk.say("我来回答：可以的。", MessageRole.AGENT)
    (turn,) = ArchiveTurns(talk.database, DEFAULT_TENANT).turns()
    assert (RETURNS in turn.sent) is not talk.is_undone


def test_the_log_for_training(talk: Talk) -> None:
    log = read_workspace_log(talk.database, DEFAULT_TENANT, talk.shop.policy)
    assert log.set_ids == ([] if talk.is_undone else [talk.answer.set_id])


def test_rewards_for_off_policy_evaluation(talk: Talk) -> None:
    with talk.database.read() as session:
        taken = propensities._taken(session, DEFAULT_TENANT, [talk.answer.set_id])
    assert dict(taken) == ({} if talk.is_undone else {talk.answer.set_id: {1}})


def test_what_a_shadow_is_compared_with(talk: Talk) -> None:
    ranking = {"served": [], "shadow": [], "served_abstained": False, "shadow_abstained": False, "n_shown": 3}
    shared = {"tenant_id": DEFAULT_TENANT, "set_id": talk.answer.set_id, "policy_version": "p"}
    talk.shop.add(ShadowRanking(**shared, shadow_version="trial", **ranking))
    with talk.database.read() as session:
        taken = session.execute(shadowing._taken(DEFAULT_TENANT, "trial")).all()
    assert taken == ([] if talk.is_undone else [(talk.answer.set_id, "returns")])


def test_what_a_digest_counts(talk: Talk) -> None:
    with talk.database.read() as session:
        week = read_week(session, DEFAULT_TENANT, talk.start, talk.end)
    assert (week.n_messages, week.n_accepted) == (1, 0 if talk.is_undone else 1)


def test_the_health_of_the_library(talk: Talk) -> None:
    with talk.database.read() as session:
        (exposure,) = read_exposures(session, DEFAULT_TENANT)
        (windows,) = read_windows(session, DEFAULT_TENANT, talk.start, talk.start, talk.end)
    n_used = 0 if talk.is_undone else 1
    assert (exposure.n_shown, exposure.n_used, windows.recent.n_well) == (1, n_used, n_used)


def test_a_dismissal_taken_back_is_no_message_asked_in_vain(shop) -> None:
    talk = Talk(shop, is_undone=True)
    shop.desk.decide(NewDecision(talk.answer.set_id, DecisionKind.DISMISS, rank=1, agent_id="a1"))
    with talk.database.read() as session:
        assert len(read_asked(session, DEFAULT_TENANT, talk.start, talk.end)) == 1
    shop.desk.undo("t1", "a1")
    with talk.database.read() as session:
        assert read_asked(session, DEFAULT_TENANT, talk.start, talk.end) == []


def test_a_withdrawn_text_of_ones_own_is_matched_to_nothing_shown(shop) -> None:
    talk = Talk(shop, is_undone=True)
    talk.say(RETURNS, MessageRole.AGENT)
    encode = HashEncoder().encode_queries
    (found,) = match_archive(talk.database, DEFAULT_TENANT, encode)
    recorded = record_matches(talk.database, DEFAULT_TENANT, [found], now=talk.end)
    assert recorded.n_recorded == 1  # the decision taken back does not stand in the way
    shop.desk.undo("t1", "a1")
    assert list(match_archive(talk.database, DEFAULT_TENANT, encode)) == []


def test_the_list_of_conversations(talk: Talk) -> None:
    with talk.database.read() as session:
        (row,) = list_conversations(session, DEFAULT_TENANT, 10)
    waits = ("可以退货吗", MessageRole.CUSTOMER, 1)
    assert (row.last_text, row.last_role, row.n_unanswered) == (
        waits if talk.is_undone else (RETURNS, MessageRole.AGENT, 0)
    )


def test_news_for_listeners(talk: Talk) -> None:
    with talk.database.read() as session:
        untold = read_untold(session, [session.get(Conversation, (DEFAULT_TENANT, "t1"))], Newsroom(Hub(8)))
    assert [message.text for message in untold] == ([] if talk.is_undone else [RETURNS])


def test_questions_asked_before(talk: Talk) -> None:
    asked = {"tenant_id": DEFAULT_TENANT, "conversation_id": "t1"}
    with talk.database.read() as session:
        said = session.connection().execute(asking._SAID_BY_US, asked).scalars().all()
    assert said == ([] if talk.is_undone else [RETURNS])


def test_an_experiment_counts_only_what_stands(talk: Talk) -> None:
    with talk.database.write() as session:
        kept = session.get(SuggestionSet, (DEFAULT_TENANT, talk.answer.set_id))
        kept.experiment, kept.variant = "bolder", "control"
    with talk.database.read() as session:
        taken = session.execute(experiments._taken(DEFAULT_TENANT, "bolder")).scalars().all()
    assert taken == ([] if talk.is_undone else [talk.answer.set_id])


def test_nothing_is_deleted(talk: Talk) -> None:
    with talk.database.read() as session:
        assert session.get(Message, (DEFAULT_TENANT, "t1", 2)).text == RETURNS
        assert len(session.exec(select(Decision)).all()) == 1
