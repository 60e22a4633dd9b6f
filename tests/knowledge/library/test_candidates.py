from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from knowledge.audit import verify_chain
from knowledge.database import Database
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.library import candidates as library
from knowledge.library.candidates import Review, propose
from knowledge.library.content import ScriptContent
from knowledge.library.proposals import Proposal, ProposalCounts
from knowledge.library.scripts import publish_script, retire_script, save_draft
from knowledge.library.wording import Wording, unknown_slots
from knowledge.tables import AuditEntry, Candidate, CandidateStatus, IndexChange, Script, ScriptStatus, ScriptVersion

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "default"
SLOTS = frozenset({"customer.name", "product.price"})
MINED = Proposal(
    "m-3f2a9c0d11e45b77", "满 99 元包邮。", "包邮", ("包邮吗", "运费多少"), "交易", "direct", evidence={"n": 10}
)
ANN = Review(actor="ann", now=NOON + timedelta(hours=1))
WORDING = Wording("满 99 元包邮，{{customer.name}}。", SLOTS, "包邮", ("包邮吗",), "交易", "direct")


def offer(database: Database, *proposals: Proposal, minutes: int = 0) -> ProposalCounts:
    with database.write() as session:
        return propose(session, TENANT, proposals, NOON + timedelta(minutes=minutes))


def approve(database: Database, wording: Wording = WORDING, review: Review = ANN, **script: str) -> Candidate:
    with database.write() as session:
        return library.approve(session, TENANT, MINED.id, wording, review, **script)


def reject(database: Database, reason: str = "太笼统") -> Candidate:
    with database.write() as session:
        return library.reject(session, TENANT, MINED.id, replace(ANN, reason=reason))


def reopen(database: Database) -> Candidate:
    with database.write() as session:
        return library.reopen(session, TENANT, MINED.id, ANN)


def read(database: Database, candidate_id: str = MINED.id) -> Candidate:
    with database.read() as session:
        return session.exec(select(Candidate).where(Candidate.id == candidate_id)).one()


def versions(database: Database, script_id: str) -> list[ScriptVersion]:
    with database.read() as session:
        query = select(ScriptVersion).where(ScriptVersion.script_id == script_id).order_by(ScriptVersion.version)
        return list(session.exec(query))


def entries(database: Database) -> list[AuditEntry]:
    with database.read() as session:
        found = session.exec(select(AuditEntry).where(AuditEntry.subject == MINED.id).order_by(AuditEntry.seq))
        return list(found)


def add_script(database: Database, script_id: str = "ship") -> None:
    with database.write() as session:
        content = ScriptContent("包邮。", ("包邮吗",), stages=("交易",), audience={"all": ["会员"]})
        save_draft(session, TENANT, script_id, content, actor="bob", now=NOON)
        publish_script(session, TENANT, script_id, actor="bob", now=NOON)


def test_what_was_proposed_is_counted_whatever_became_of_it() -> None:
    assert ProposalCounts(1, 2, 3, 4).n_proposed == 10


def test_a_candidate_is_added_once_and_then_refreshed(database: Database) -> None:
    assert offer(database, MINED) == ProposalCounts(n_added=1)
    better = replace(MINED, text="满 99 元包邮哦。", evidence={"n": 20})
    assert offer(database, better, minutes=5) == ProposalCounts(n_refreshed=1)
    kept = read(database)
    assert (kept.text, kept.evidence, kept.fingerprint) == ("满 99 元包邮哦。", {"n": 20}, better.fingerprint)
    assert (kept.created_at, kept.updated_at) == (NOON, NOON + timedelta(minutes=5))


def test_the_same_rows_again_change_nothing(database: Database) -> None:
    offer(database, MINED)
    assert offer(database, MINED, minutes=5) == ProposalCounts(n_refreshed=1)
    assert read(database).updated_at == NOON


def test_the_same_words_under_another_id_are_the_same_candidate(database: Database) -> None:
    offer(database, MINED)
    again = replace(MINED, id="m-0000000000000001", text="滿99元包郵！", evidence={"n": 30})
    assert offer(database, again, again) == ProposalCounts(n_refreshed=2)
    with database.read() as session:
        assert [one.id for one in session.exec(select(Candidate))] == [MINED.id]
    assert read(database).evidence == {"n": 30}


def test_candidates_without_a_text_are_told_apart_by_their_id(database: Database) -> None:
    gaps = [replace(MINED, id=f"g-{i}", text="") for i in range(2)]
    assert offer(database, *gaps) == ProposalCounts(n_added=2)


@pytest.mark.parametrize("candidate_id", [MINED.id, "m-0000000000000001"])
def test_a_rejected_candidate_is_remembered_and_only_its_evidence_is_refreshed(
    database: Database, candidate_id: str
) -> None:
    offer(database, MINED)
    reject(database)
    again = replace(MINED, id=candidate_id, title="别的", evidence={"n": 99})
    assert offer(database, again, minutes=90) == ProposalCounts(n_still_rejected=1)
    kept = read(database)
    assert (kept.status, kept.reason, kept.decided_by) == (CandidateStatus.REJECTED, "太笼统", "ann")
    assert (kept.title, kept.evidence) == ("包邮", {"n": 99})
    with database.read() as session:
        assert len(session.exec(select(Candidate)).all()) == 1


def test_what_the_library_has_already_is_left_as_it_was_decided(database: Database) -> None:
    offer(database, MINED)
    approve(database)
    assert offer(database, replace(MINED, evidence={"n": 99})) == ProposalCounts(n_already_decided=1)
    assert read(database).evidence == {"n": 10}


def test_an_approved_candidate_is_a_live_script_as_edited(database: Database) -> None:
    offer(database, MINED)
    candidate = approve(database)
    assert (candidate.status, candidate.script_id, candidate.decided_by) == (
        CandidateStatus.APPROVED,
        "M-3f2a9c0d",
        "ann",
    )
    assert (candidate.decided_at, candidate.text) == (ANN.now, MINED.text)
    (version,) = versions(database, "M-3f2a9c0d")
    assert (version.status, version.text) == (ScriptStatus.PUBLISHED, "满 99 元包邮，{{customer.name}}。")
    assert (version.triggers, version.stages, version.scenes) == (["包邮吗"], ["交易"], ["direct"])
    with database.read() as session:
        script = session.get(Script, (TENANT, "M-3f2a9c0d"))
        changed = {change.item_id for change in session.exec(select(IndexChange))}
    assert script is not None
    assert (script.title, script.owner, script.live_version, changed) == ("包邮", "ann", 1, {"M-3f2a9c0d"})


def test_every_decision_is_in_the_audit_trail(database: Database) -> None:
    offer(database, MINED)
    approve(database, review=replace(ANN, reviewer="lead", reason="试过"))
    (entry,) = entries(database)
    assert (entry.actor, entry.action, entry.at) == ("ann", "candidate.approve", ANN.now)
    expected = {"script_id": "M-3f2a9c0d", "version": 1, "is_edited": True, "reason": "试过", "reviewer": "lead"}
    assert entry.detail == expected
    assert read(database).decided_by == "lead"
    reopen(database)
    reject(database)
    assert [one.action for one in entries(database)][1:] == ["candidate.reopen", "candidate.reject"]
    with database.read() as session:
        assert verify_chain(session, TENANT).is_whole


def test_an_id_that_a_script_has_is_refused_and_nothing_is_kept(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    with pytest.raises(StaleVersionError, match="ship"):
        approve(database, script_id="ship")
    assert read(database).status == CandidateStatus.NEW
    assert [version.text for version in versions(database, "ship")] == ["包邮。"]


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_wish_is_not_approved_before_somebody_writes_the_text(database: Database, text: str) -> None:
    offer(database, MINED)
    with pytest.raises(InvalidValueError, match="the words of the script"):
        approve(database, replace(WORDING, text=text))


def test_slots_that_nothing_fills_are_named(database: Database) -> None:
    offer(database, MINED)
    with pytest.raises(InvalidValueError, match=r"amount, phone.*customer\.name, product\.price"):
        approve(database, replace(WORDING, text="{{ product.price }} 满 {{amount}} {{phone}} {{amount}}"))


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("{{customer.name}}、{{ product.price }}", []),
        ("{{价格}}", ["价格"]),
        ("{{}} 和 {{ }}", ["{{}}", "{{ }}"]),
        ("剩下 {{customer.name", ["{{"]),
        ("a}} b", ["}}"]),
        ("{{a\nb}}", ["a\nb"]),
        ("一个 { 不算", []),
    ],
)
def test_every_pair_of_braces_that_a_customer_would_see_counts(text: str, unknown: list[str]) -> None:
    assert unknown_slots(text, SLOTS) == unknown


def test_what_was_decided_is_not_decided_again(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    reject(database)
    for again in (approve, reject):
        with pytest.raises(StaleVersionError, match=r"was rejected by 'ann'"):
            again(database)
    with database.write() as session, pytest.raises(StaleVersionError):
        library.merge_as_triggers(session, TENANT, MINED.id, "ship", ["运费多少"], ANN)
    with database.write() as session, pytest.raises(StaleVersionError):
        library.merge_as_version(session, TENANT, MINED.id, "ship", WORDING, ANN)


def test_a_candidate_that_does_not_exist_is_named(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no candidate has the id"):
        reject(database)


def test_a_rejection_needs_a_reason(database: Database) -> None:
    offer(database, MINED)
    with pytest.raises(InvalidValueError, match="reason"):
        reject(database, " ")


def test_triggers_join_a_live_script_as_its_next_version(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    with database.write() as session:
        merged = library.merge_as_triggers(
            session, TENANT, MINED.id, "ship", ["包邮吗？", "运费多少", "运费多少!"], ANN
        )
    assert (merged.status, merged.script_id) == (CandidateStatus.MERGED, "ship")
    first, second = versions(database, "ship")
    assert (first.status, second.status) == (ScriptStatus.RETIRED, ScriptStatus.PUBLISHED)
    assert (second.triggers, second.text) == (["包邮吗", "运费多少"], "包邮。")
    assert second.audience == {"all": ["会员"]}
    assert entries(database)[0].detail == {"script_id": "ship", "version": 2, "how": "triggers"}


def test_triggers_that_the_script_has_already_make_no_version(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    with database.write() as session:
        library.merge_as_triggers(session, TENANT, MINED.id, "ship", ["包邮吗!"], ANN)
    assert [version.version for version in versions(database, "ship")] == [1]
    assert read(database).status == CandidateStatus.MERGED


def test_without_triggers_there_is_nothing_to_merge(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    with database.write() as session, pytest.raises(InvalidValueError, match="triggers"):
        library.merge_as_triggers(session, TENANT, MINED.id, "ship", [" "], ANN)


def test_a_text_becomes_the_next_version_of_what_is_live_not_of_a_draft(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    with database.write() as session:
        save_draft(session, TENANT, "ship", ScriptContent("草稿。"), actor="bob", now=NOON)
    with database.write() as session:
        library.merge_as_version(session, TENANT, MINED.id, "ship", WORDING, ANN)
    live = versions(database, "ship")[-1]
    assert (live.version, live.status, live.text) == (3, ScriptStatus.PUBLISHED, WORDING.text)
    assert (live.triggers, live.audience) == (["包邮吗"], {"all": ["会员"]})


def test_only_a_live_script_takes_a_candidate_in(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    with database.write() as session:
        retire_script(session, TENANT, "ship", actor="bob", now=NOON)
    with database.write() as session, pytest.raises(InvalidValueError, match="a script that is live"):
        library.merge_as_version(session, TENANT, MINED.id, "ship", WORDING, ANN)
    with database.write() as session, pytest.raises(NotFoundError, match="no script"):
        library.merge_as_triggers(session, TENANT, MINED.id, "nothing", ["包邮吗"], ANN)


def test_a_reopened_rejection_waits_again(database: Database) -> None:
    offer(database, MINED)
    reject(database)
    candidate = reopen(database)
    assert (candidate.status, candidate.reason, candidate.decided_by, candidate.decided_at) == (
        CandidateStatus.NEW,
        "",
        "",
        None,
    )
    assert offer(database, replace(MINED, evidence={"n": 11})) == ProposalCounts(n_refreshed=1)


def test_an_approval_taken_back_retires_its_script_and_a_second_one_makes_another(database: Database) -> None:
    offer(database, MINED)
    approve(database)
    assert reopen(database).script_id is None
    assert [version.status for version in versions(database, "M-3f2a9c0d")] == [ScriptStatus.RETIRED]
    assert approve(database).script_id == "M-3f2a9c0d-2"


def test_a_script_changed_since_is_not_taken_back(database: Database) -> None:
    offer(database, MINED)
    approve(database)
    with database.write() as session:
        save_draft(session, TENANT, "M-3f2a9c0d", ScriptContent("改过。"), actor="bob", now=NOON)
    with pytest.raises(StaleVersionError, match="retire it in the library"):
        reopen(database)
    assert read(database).status == CandidateStatus.APPROVED


def test_what_waits_or_was_merged_is_not_reopened(database: Database) -> None:
    add_script(database)
    offer(database, MINED)
    with pytest.raises(InvalidValueError, match="rejected or approved"):
        reopen(database)
    with database.write() as session:
        library.merge_as_triggers(session, TENANT, MINED.id, "ship", ["运费多少"], ANN)
    with pytest.raises(InvalidValueError, match="'merged'"):
        reopen(database)
