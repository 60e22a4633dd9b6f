"""JDDC: customer-service sessions of a large Chinese shop, and a pool of replies with what was said before each.

A reply becomes a script, and what customers said right before it its triggers; replies said to several customers become
one script with several triggers. Sessions become conversations. Emoji codes and message breaks are taken out; masks
such as `[数字x]` stay, since nobody knows what stood there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

from knowledge.adapters.source import json_lines
from knowledge.text import canonical

EMOJI_CODE = re.compile(r"#E-s\[?数?字?x?\]?\d*|#E-[a-z]\S*")
BREAK = re.compile(r"<sep>|!@@@!")
MIN_REPLY, MIN_TRIGGER, MAX_TRIGGER = 6, 2, 120
MAX_TRIGGERS = 8


def tables(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The scripts and conversations of `script_pool.jsonl` and `sessions_dev.jsonl`."""
    return {
        "scripts": scripts(folder / "script_pool.jsonl"),
        "conversations": conversations(folder / "sessions_dev.jsonl"),
    }


def scripts(path: Path) -> Iterator[dict[str, object]]:
    """One published script per distinct reply of the pool."""
    replies: dict[str, str] = {}
    triggers: dict[str, dict[str, str]] = {}
    for row in json_lines(path):
        reply, said = clean(str(row.get("reply", ""))), _last_said(str(row.get("context", "")))
        if len(reply) < MIN_REPLY or said is None:
            continue
        key = canonical(reply)
        replies.setdefault(key, reply)
        triggers.setdefault(key, {}).setdefault(canonical(said), said)
    for key, reply in replies.items():
        yield {
            "id": f"jddc-{blake2b(key.encode(), digest_size=6).hexdigest()}",
            "text": reply,
            "triggers": list(triggers[key].values())[:MAX_TRIGGERS],
            "status": "published",
        }


def conversations(path: Path) -> Iterator[dict[str, object]]:
    """Every session as a conversation; JDDC has no times, agents or outcomes."""
    for row in json_lines(path):
        turns = row.get("turns")
        messages = [
            {"role": turn["role"], "text": text}
            for turn in (turns if isinstance(turns, list) else [])
            if (text := clean(str(turn.get("text", ""))))
        ]
        if messages:
            yield {"conversation_id": f"jddc-{row['session']}", "channel": "web", "messages": messages}


def clean(text: str) -> str:
    """The text without emoji codes and message breaks."""
    return re.sub(r"\s+", " ", BREAK.sub(" ", EMOJI_CODE.sub("", text))).strip()


def _last_said(context: str) -> str | None:
    """The last thing said before a reply, if it is long enough to mean something."""
    said = [text for part in context.split(",") if (text := clean(part))]
    if not said or not MIN_TRIGGER <= len(said[-1]) <= MAX_TRIGGER:
        return None
    return said[-1]
