import json
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.mining import digest_markdown
from copilot.mining.digest import Digest, Week, digest
from copilot.mining.health import read_asked, read_exposures, read_scripts, read_windows
from knowledge.errors import InvalidValueError
from knowledge.health.rows import Exposure, Tally, TwoWindows, Unanswered
from knowledge.tables import (
    DEFAULT_TENANT,
    EVERYONE,
    Candidate,
    CandidateSource,
    Conversation,
    Decision,
    DecisionKind,
    Outcome,
    ScriptStatus,
    ScriptUse,
    Suggestion,
    SuggestionSet,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
WEEK_AGO = NOON - timedelta(days=7)


def by_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = np.full((len(texts), 512), 1e-4, np.float32)
    for row, text in enumerate(texts):
        for sign in text:
            vectors[row, ord(sign) % 512] += 1
    return vectors


def add_set(
    shop, set_id: str, *, days_ago: float, message: str = "能退吗", reason: str = "", script_id: str = "s1", **columns
) -> None:
    shop.add(
        SuggestionSet(
            tenant_id=DEFAULT_TENANT,
            id=set_id,
            message=message,
            abstain_reason=reason,
            at=NOON - timedelta(days=days_ago),
            **columns,
        )
    )
    if not reason:
        shop.add(
            Suggestion(tenant_id=DEFAULT_TENANT, set_id=set_id, kind="reply", rank=1, item_id=script_id, text="可以")
        )


def decide(shop, set_id: str, kind: DecisionKind, *, source: str = "ui", item_id: str | None = "s1") -> None:
    item_id = item_id if kind in (DecisionKind.ACCEPT, DecisionKind.EDIT) else None
    shop.add(
        Decision(
            tenant_id=DEFAULT_TENANT,
            id=f"{set_id}-{kind}-{source}",
            set_id=set_id,
            kind=kind,
            item_id=item_id,
            rank=1,
            at=NOON,
            source=source,
        )
    )


def asked_in(shop) -> list[tuple[str, str]]:
    with shop.workspace.database.read() as session:
        return [(one.message, one.why) for one in read_asked(session, DEFAULT_TENANT, WEEK_AGO, NOON)]


def test_messages_without_a_suggestion_that_served(shop) -> None:
    add_set(shop, "unlikely", days_ago=6, message="能开发票吗", reason="unlikely: the best match …")
    add_set(shop, "hello", days_ago=5, message="在吗", reason="small_talk: greeting, and no script answers it")
    add_set(shop, "emoji", days_ago=5, message="😂", reason="no_content: the message has no words to answer")
    add_set(shop, "open", days_ago=4, message="没人管")
    for day, kind in enumerate([DecisionKind.DISMISS, DecisionKind.FREEHAND, DecisionKind.ACCEPT, DecisionKind.STALE]):
        add_set(shop, kind.value, days_ago=3 - day / 10, message=kind.value)
        decide(shop, kind.value, kind)
    add_set(shop, "old", days_ago=8, message="太早", reason="unlikely: …")
    assert asked_in(shop) == [
        ("能开发票吗", Unanswered.ABSTAINED),
        ("dismiss", Unanswered.DISMISSED),
        ("freehand", Unanswered.IGNORED),
    ]


def test_a_message_counts_once_with_what_was_shown_last(shop) -> None:
    shop.add(Conversation(tenant_id=DEFAULT_TENANT, id="c", converted=False))
    place = {"conversation_id": "c", "conversation_version": 3}
    add_set(shop, "first", days_ago=2, reason="unlikely: …", **place)
    add_set(shop, "again", days_ago=1, reason="unlikely: …", **place)
    assert len(asked_in(shop)) == 1
    add_set(shop, "answered", days_ago=0.5, **place)
    decide(shop, "answered", DecisionKind.ACCEPT)
    assert asked_in(shop) == []


def test_what_became_of_the_conversation(shop) -> None:
    shop.add(Conversation(tenant_id=DEFAULT_TENANT, id="c", converted=True, amount_fen=9900))
    add_set(shop, "a", days_ago=2, reason="unlikely: …", conversation_id="c", conversation_version=1, customer_id="u")
    add_set(shop, "b", days_ago=1, reason="unlikely: …")
    shop.add(Outcome(tenant_id=DEFAULT_TENANT, id="o", set_id="b", kind="purchase", at=NOON))
    with shop.workspace.database.read() as session:
        first, second = read_asked(session, DEFAULT_TENANT, WEEK_AGO, NOON)
    assert (first.converted, first.amount_fen, first.customer_id) == (True, 9900, "u")
    assert (second.converted, second.amount_fen, second.conversation_id) == (True, None, None)


def test_only_live_scripts_are_read(shop) -> None:
    shop.add_script("live", "可以退", "能退吗", valid_to=NOON)
    shop.add_script("draft", "不可以", status=ScriptStatus.DRAFT)
    with shop.workspace.database.read() as session:
        (found,) = read_scripts(session, DEFAULT_TENANT)
    assert (found.script_id, found.text, found.triggers, found.valid_to) == ("live", "可以退", ("能退吗",), NOON)


def test_use_counts_what_was_inferred(shop) -> None:
    for agent_id in (EVERYONE, "a1"):
        shop.add(
            ScriptUse(tenant_id=DEFAULT_TENANT, script_id="s1", agent_id=agent_id, n_shown=9, n_accepted=2, n_edited=1)
        )
    add_set(shop, "a", days_ago=1)
    decide(shop, "a", DecisionKind.EDIT, source="inferred")
    with shop.workspace.database.read() as session:
        assert read_exposures(session, DEFAULT_TENANT) == [Exposure("s1", 9, 4)]


def test_acceptance_and_outcomes_before_and_after(shop) -> None:
    for number, (days_ago, kind) in enumerate(
        [
            (40, DecisionKind.ACCEPT),
            (39, DecisionKind.EDIT),
            (38, DecisionKind.DISMISS),
            (5, DecisionKind.ACCEPT),
            (4, None),
        ]
    ):
        add_set(shop, str(number), days_ago=days_ago)
        if kind:
            decide(shop, str(number), kind)
    shop.add(Outcome(tenant_id=DEFAULT_TENANT, id="o", set_id="0", kind="purchase", at=NOON))
    shop.add(Outcome(tenant_id=DEFAULT_TENANT, id="none", set_id="3", kind="purchase", value=0, at=NOON))
    start, middle = NOON - timedelta(days=100), NOON - timedelta(days=28)
    with shop.workspace.database.read() as session:
        assert read_windows(session, DEFAULT_TENANT, start, middle, NOON) == [
            TwoWindows("s1", Tally(3, 2), Tally(2, 1))
        ]
        assert read_windows(session, DEFAULT_TENANT, start, middle, NOON, outcome="purchase") == [
            TwoWindows("s1", Tally(2, 1), Tally(1, 0))
        ]


def made(shop, **kwargs) -> Digest:
    return digest(
        shop.workspace.database, DEFAULT_TENANT, encode=by_letters, mask=lambda text: text, now=NOON, **kwargs
    )


def test_the_week_against_the_week_before(shop) -> None:
    for number, (days_ago, kind) in enumerate(
        [(1, DecisionKind.ACCEPT), (2, DecisionKind.EDIT), (3, DecisionKind.DISMISS), (9, DecisionKind.IGNORE)]
    ):
        add_set(shop, str(number), days_ago=days_ago)
        decide(shop, str(number), kind, source="inferred" if kind is DecisionKind.EDIT else "ui")
    add_set(shop, "silent", days_ago=1, reason="unlikely: …")
    add_set(shop, "hello", days_ago=1, reason="small_talk: greeting")
    shop.add(Outcome(tenant_id=DEFAULT_TENANT, id="o", set_id="0", kind="purchase", at=NOON))
    found = made(shop)
    assert found.week == Week(
        n_messages=4, n_abstained=1, n_accepted=1, n_edited=1, n_dismissed=1, n_inferred=1, outcomes={"purchase": 1}
    )
    assert found.week.acceptance == pytest.approx(2 / 3)
    assert found.week_before == Week(n_messages=1, n_ignored=1)
    assert Week().acceptance is None


def add_candidate(shop, candidate_id: str, verdict: str, *, created_at: datetime, **columns) -> None:
    shop.add(
        Candidate(
            tenant_id=DEFAULT_TENANT,
            id=candidate_id,
            text="好",
            evidence={"verdict": verdict} if verdict else {},
            created_at=created_at,
            updated_at=created_at,
            **columns,
        )
    )


def full(shop) -> Digest:
    shop.add_script("s1", "签收7天内都可以退货", "怎么退货")
    shop.add_script("s2", "签收15天内都可以退货哦", "怎么退货")
    shop.add_script("s3", "{{customer.name}}您好，{{coupon}}给您", valid_to=NOON + timedelta(days=3))
    shop.add_script("s4", "过期了", valid_to=NOON - timedelta(days=3))
    shop.add_script("s5", "全场包邮，不收运费", "包邮吗")
    shop.add_script("s6", "全场包邮，不收运费！", "运费多少")
    for number in range(3):
        add_set(shop, str(number), days_ago=1, message="能开*发票*吗", reason="unlikely: …")
    then = NOON - timedelta(days=1)
    for number, verdict in enumerate(["helps", "helps", ""]):
        add_candidate(shop, f"m{number}", verdict, created_at=then)
    add_candidate(shop, "wish", "helps", created_at=then, source=CandidateSource.REQUESTED)
    add_candidate(shop, "old", "harms", created_at=NOON - timedelta(days=8))
    return made(shop)


def test_a_digest_names_what_to_look_at(shop) -> None:
    found = full(shop)
    assert [gap.n_messages for gap in found.coverage.gaps] == [3]
    assert [(one.left_id, one.right_id, one.left, one.right) for one in found.conflicts] == [
        ("s1", "s2", "7天", "15天")
    ]
    assert [set(one.script_ids) for one in found.duplicates] == [{"s5", "s6"}]
    assert ("s1", "s2") in [(one.left_id, one.right_id) for one in found.same_question]
    assert [one.script_id for one in found.expiring] == ["s3"]
    assert [one.script_id for one in found.expired] == ["s4"]
    assert [one.slots for one in found.orphan_slots] == [("coupon",)]
    assert found.candidates == {"helps": 2, "none": 1}


def test_a_digest_can_be_printed_and_read_back(shop) -> None:
    found = full(shop)
    plain = json.loads(json.dumps(found.to_dict(), ensure_ascii=False))
    assert plain["start"] == "2026-10-26T12:00:00+00:00"
    assert plain["week"]["n_messages"] == 3
    assert plain["acceptance"] == {"week": None, "week_before": None}
    assert plain["conflicts"][0]["kind"] == "duration"
    assert plain["coverage"]["gaps"][0]["why"] == {"abstained": 3}


def test_a_page_in_either_language(shop) -> None:
    found = full(shop)
    chinese, english = found.to_markdown("zh"), found.to_markdown("en")
    assert chinese.startswith("# 话术库周报 2026-10-26 至 2026-11-02\n")
    assert "s1 说 7天，s2 说 15天（时长）" in chinese
    assert "3 messages in 3 conversations" in english
    assert "- helps: 2" in english
    assert "能开\\*发票\\*吗" in english


def test_a_script_that_used_to_be_used_and_to_sell(shop) -> None:
    shop.add_script("s1", "可以退", "能退吗")
    for number in range(60):
        add_set(shop, str(number), days_ago=50 if number < 30 else 5)
        decide(shop, str(number), DecisionKind.ACCEPT if number < 50 else DecisionKind.DISMISS)
        if number < 30:
            shop.add(Outcome(tenant_id=DEFAULT_TENANT, id=f"o{number}", set_id=str(number), kind="purchase", at=NOON))
    found = made(shop)
    (used,), (sold,) = found.decayed, found.decayed_sales
    assert (used.earlier, used.recent) == (Tally(30, 30), Tally(30, 20))
    assert (sold.earlier, sold.recent) == (Tally(30, 30), Tally(20, 0))
    assert "s1: from 100% of 30 to 67% of 30" in found.to_markdown("en")


def test_a_long_section_is_cut_and_says_so(shop) -> None:
    for number in range(5):
        shop.add_script(f"s{number}", "{{coupon}}" + "一二三四五"[number] * 5)
    page = made(shop).to_markdown("en", most=2)
    assert page.count(": coupon") == 2
    assert "… and 3 more." in page


def test_an_empty_workspace_has_a_digest(shop) -> None:
    found = made(shop)
    assert found.week == found.week_before == Week()
    assert found.to_markdown("zh").count("没有。") == 12


def test_nothing_is_asked_of_the_encoder_twice(shop) -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return by_letters(texts)

    shop.add_script("s1", "签收7天内可以退货", "怎么退货")
    shop.add_script("s2", "签收15天内可以退货", "如何退货")
    digest(shop.workspace.database, DEFAULT_TENANT, encode=encode, mask=str, now=NOON)
    assert len(asked) == len(set(asked)) > 0


@pytest.mark.parametrize(
    ("kwargs", "message"), [({"days": 0}, "days: got 0"), ({"now": NOON.replace(tzinfo=None)}, "now: got")]
)
def test_bad_numbers_are_refused(shop, kwargs: dict[str, object], message: str) -> None:
    given = {"encode": by_letters, "mask": str, "now": NOON, **kwargs}
    with pytest.raises(InvalidValueError, match=message):
        digest(shop.workspace.database, DEFAULT_TENANT, **given)


def test_both_languages_have_the_same_words_and_the_same_values() -> None:
    folder = Path(digest_markdown.__file__).parent / "digest_words"
    english, chinese = (
        {
            (group, key): text
            for group, texts in tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")).items()
            for key, text in texts.items()
        }
        for language in ("en", "zh")
    )
    assert english.keys() == chinese.keys()
    fields = {key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in english.items()}
    assert {key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in chinese.items()} == fields
