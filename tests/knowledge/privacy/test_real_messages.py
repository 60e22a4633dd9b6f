"""Real messages in which a shop has masked what is personal already: hardly anything is left to find."""

import json
import os
from pathlib import Path

import pytest

from knowledge.privacy import with_slots

SESSIONS = Path(os.environ.get("COPILOT_DATA", "")) / "jddc" / "sessions_dev.jsonl"


@pytest.mark.skipif(not SESSIONS.is_file(), reason="COPILOT_DATA names no folder with jddc/sessions_dev.jsonl")
def test_hardly_any_masked_message_of_an_agent_is_changed_and_no_mask_is() -> None:
    sessions = map(json.loads, SESSIONS.read_text(encoding="utf-8").splitlines())
    texts = [turn["text"] for session in sessions for turn in session["turns"] if turn["role"] == "agent"]
    masked = [with_slots(text).text for text in texts]
    assert len(texts) > 5_000
    assert sum(one != other for one, other in zip(texts, masked, strict=True)) <= len(texts) // 1_000
    assert sum(text.count("x]") for text in texts) == sum(text.count("x]") for text in masked)
