from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.curation.gaps import gaps_of, open_gaps, read_unanswered
from copilot.engine.requests import ScriptRequest, request_script
from copilot.mining.running import masked
from knowledge.health.rows import Asked, LibraryScript, Unanswered
from knowledge.tables import DEFAULT_TENANT, CandidateStatus, Decision, DecisionKind, SuggestionSet

NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
SINCE = NOON - timedelta(days=28)


def by_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = np.full((len(texts), 512), 1e-4, np.float32)
    for row, text in enumerate(texts):
        for sign in text:
            vectors[row, ord(sign) % 512] += 1
    return vectors


def by_topic(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([[1.0, 0.0] if "发票" in text else [0.0, 1.0] for text in texts], np.float32)


def abstained(shop, set_id: str, message: str, **columns) -> None:
    shop.add(
        SuggestionSet(
            tenant_id=DEFAULT_TENANT, id=set_id, message=message, abstain_reason="unlikely: …", at=NOON, **columns
        )
    )


def unanswered(shop) -> list[tuple[str, Unanswered]]:
    with shop.workspace.database.read() as session:
        asked = read_unanswered(session, DEFAULT_TENANT, SINCE, NOON + timedelta(hours=1))
    return [(one.message, one.why) for one in asked]


def wish(shop, message: str, *, times: int = 1, at: datetime = NOON, **columns) -> None:
    with shop.workspace.database.write() as session:
        for _ in range(times):
            candidate = request_script(session, DEFAULT_TENANT, ScriptRequest(message, stage="交易"), at)
        for name, value in columns.items():
            setattr(candidate, name, value)


def test_a_wish_stands_for_the_messages_it_was_uttered_for(shop) -> None:
    for number in range(3):
        abstained(shop, f"s{number}", "能开发票吗")
    wish(shop, "能开发票吗？", times=2)
    assert sorted(why for _, why in unanswered(shop)) == ["abstained", "requested", "requested"]


def test_a_wish_without_a_silent_message_counts_as_one(shop) -> None:
    wish(shop, "可以寄到国外吗", times=4)
    assert unanswered(shop) == [("可以寄到国外吗", Unanswered.REQUESTED)]


def test_a_wish_that_was_decided_or_is_long_past_does_not_count(shop) -> None:
    wish(shop, "能便宜点吗", status=CandidateStatus.APPROVED)
    wish(shop, "有赠品吗", at=SINCE - timedelta(days=1))
    assert unanswered(shop) == []


def test_a_dismissal_that_was_taken_back_is_none(shop) -> None:
    shop.add(SuggestionSet(tenant_id=DEFAULT_TENANT, id="a", message="能退吗", at=NOON))
    decision = {"tenant_id": DEFAULT_TENANT, "set_id": "a", "kind": DecisionKind.DISMISS, "rank": 1, "at": NOON}
    shop.add(Decision(id="d1", undone_at=NOON, **decision))
    assert unanswered(shop) == []
    shop.add(Decision(id="d2", **decision))
    assert unanswered(shop) == [("能退吗", Unanswered.DISMISSED)]


def asked(message: str, n: int, stage: str = "") -> list[Asked]:
    return [Asked(message, Unanswered.ABSTAINED, NOON, f"{message}{place}", stage=stage) for place in range(n)]


def test_gaps_stand_biggest_first_masked_with_their_stage_and_up_to_eight_triggers() -> None:
    many = [one for n in range(10) for one in asked(f"能开发票吗{'啊' * n}", 2 if n == 5 else 1, "交易")]
    phones = asked("打我电话13912345678行吗", 3, "转化")
    found = open_gaps(gaps_of([*phones, *many], by_topic, masked), [])
    assert [one.gap.n_messages for one in found.found] == [11, 3]
    assert len(found.found[0].gap.triggers) == 8
    assert [one.gap.stage for one in found.found] == ["交易", "转化"]
    assert "13912345678" not in repr(found)


@pytest.mark.parametrize(("published", "is_answered"), [(timedelta(hours=1), True), (timedelta(days=-9), False)])
def test_a_gap_is_answered_by_a_script_that_came_after_it_and_stands_last(published, is_answered) -> None:
    coverage = gaps_of([*asked("能开发票吗", 5), *asked("可以寄到国外吗", 2)], by_letters, masked)
    script = LibraryScript("invoice", "可以", triggers=("能开发票吗？",), published_at=NOON + published)
    found = open_gaps(coverage, [script])
    stands = {one.gap.triggers[0]: (one.script_id, one.is_answered) for one in found.found}
    assert stands == {"可以寄到国外吗": ("", False), "能开发票吗": ("invoice", is_answered)}
    assert found.n_open == (1 if is_answered else 2)
    assert found.found[-1].gap.triggers[0] == ("能开发票吗" if is_answered else "可以寄到国外吗")
