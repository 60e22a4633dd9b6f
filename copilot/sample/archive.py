"""A long archive of the sample brand's conversations, to be mined rather than loaded."""

import json
from pathlib import Path

from copilot.sample.world import SampleConfig, simulate

PREFIX = "archive-"
"""Before the ids of conversations, so that none is taken for one that was loaded."""


def write_archive(path: Path, config: SampleConfig) -> None:
    """Write conversations one a line; a file that is there whole is left as it is, since it would be the same."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for conversation in simulate(config):
            row = conversation.as_row()
            row["conversation_id"] = PREFIX + row["conversation_id"]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    partial.replace(path)
