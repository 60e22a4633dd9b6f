"""Approves mined candidates by a rule that an editor could follow; measures how soon an approved reply is suggested.

    python docs/measurements/mined_approving.py FOLDER [--approvals 20]

FOLDER is what `mined_library.py sample` made. Its workspace without scripts is copied and served, the candidates are
proposed, and those that the rule allows are approved over HTTP one after another.
"""

import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from copilot.engine.compliance import RuleBook
from copilot.engine.rendering import FILLABLE
from copilot.engine.small_talk import SmallTalk
from copilot.mining.inputs import known_of_workspace
from eval.metrics.text import characters
from knowledge.library.candidates import Review, approve, propose
from knowledge.library.proposals import Proposal
from knowledge.library.wording import Wording, unknown_slots
from knowledge.mining.skeletons import SLOT, Names
from knowledge.tables import DEFAULT_TENANT
from knowledge.workspace import Workspace, utc_now

Json = dict[str, Any]

COPILOT = (sys.executable, "-m", "copilot")
CANDIDATES, BASE = "candidates.jsonl", "base"
LEAST_TOLD = 12
LEAST_ASKED = 4
SENTENCE = re.compile(r"[^。！？!?.]*(?:\.(?=\S)[^。！？!?.]*)*[。！？!?.]*\s*")
REFUSED = ("harms", "blocked", "slots", "nothing said", "small talk")
PATIENCE_S = 10.0


# what an editor approves ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Desk:
    """What an editor goes by: the rules of what may be said, and what counts as small talk."""

    rules: RuleBook
    small_talk: SmallTalk
    products: Names

    @classmethod
    def of(cls, folder: Path) -> "Desk":
        """The desk of a workspace."""
        workspace = Workspace.open(folder)
        names = known_of_workspace(workspace, DEFAULT_TENANT, {}, "").names()
        workspace.close()
        return cls(RuleBook.load(None), SmallTalk.of_workspace(folder), names)

    def wording(self, row: Json) -> Wording | str:
        """What an editor would publish of a mined candidate, or the one of `REFUSED` that speaks against it.

        Sentences with slots that nothing fills are left out, and so are triggers that are nothing but small talk.
        """
        if row["verdict"] == "harms":
            return "harms"
        text = without_unknown_slots(row["text"])
        if any(finding.severity == "block" for finding in self.rules.check(text)):
            return "blocked"
        if len(characters(SLOT.sub("", text))) < LEAST_TOLD:
            return "slots" if text != row["text"] else "nothing said"
        triggers = tuple(one for one in row["triggers"] if self._asks(one))
        if not triggers:
            return "small talk"
        return Wording(
            text=text,
            slots=FILLABLE,
            title=triggers[0],
            triggers=triggers,
            stage=row["stage"],
            scene=row["scene"],
            skus=tuple(row["skus"]),
        )

    def _asks(self, trigger: str) -> bool:
        """Whether a trigger says more than hello and than the name of a product, which comes with any question."""
        if self.small_talk.recognise(trigger) is not None:
            return False
        bare = self.products.with_slots([trigger])[0]
        return bare == trigger or len(characters(SLOT.sub("", bare))) >= LEAST_ASKED


def without_unknown_slots(text: str) -> str:
    """The sentences whose slots can all be filled."""
    sentences = SENTENCE.findall(text)
    return "".join(one for one in sentences if not unknown_slots(one, FILLABLE)).strip()


def approve_mined(folder: Path, rows: Sequence[Json], most: int | None = None) -> dict[str, str]:
    """Propose candidates at the desk of a workspace and approve what the rule allows: script ids by candidate id."""
    desk, workspace = Desk.of(folder), Workspace.open(folder)
    refused: Counter[str] = Counter()
    made: dict[str, str] = {}
    try:
        with workspace.database.write() as session:
            propose(session, DEFAULT_TENANT, map(Proposal.of_row, rows), utc_now())
            for row in rows:
                wording = desk.wording(row)
                if len(made) == most:
                    break
                if isinstance(wording, str):
                    refused[wording] += 1
                    continue
                review = Review(actor="editor", now=utc_now())
                done = approve(session, DEFAULT_TENANT, row["candidate_id"], wording, review)
                made[row["candidate_id"]] = str(done.script_id)
    finally:
        workspace.close()
    say(f"of {len(rows)} candidates {len(made)} approved; refused: {dict(refused)}")
    return made


# live -----------------------------------------------------------------------------------------------------------------


def measure(folder: Path, n_approvals: int) -> None:
    """Seconds from asking for an approval until an answer to a message of its kind holds the reply."""
    rows = [json.loads(line) for line in (folder / CANDIDATES).read_text(encoding="utf-8").splitlines()]
    home = folder / "live"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(folder / BASE, home)
    desk, workspace = Desk.of(home), Workspace.open(home)
    with workspace.database.write() as session:
        propose(session, DEFAULT_TENANT, map(Proposal.of_row, rows), utc_now())
    workspace.close()
    subprocess.run([*COPILOT, "index", "build", "-w", str(home)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    seconds: list[float] = []
    with _served(home) as client:
        client.post("/v1/suggest", json={"message": "在吗"}).raise_for_status()  # what is loaded once is loaded now
        for row, wording in islice(_one_a_trigger(desk, rows), n_approvals):
            seconds.append(_until_suggested(client, row, wording))
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    say(f"{len(seconds)} approvals: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, max {max(seconds) * 1000:.0f} ms")


def _one_a_trigger(desk: Desk, rows: Sequence[Json]) -> Iterator[tuple[Json, Wording]]:
    """What can be approved, for another message each time, so that one does not stand in another's way."""
    known: set[str] = set()
    for row in rows:
        wording = desk.wording(row)
        if isinstance(wording, Wording) and "{{" not in wording.text and not known & set(wording.triggers):
            known |= set(wording.triggers)
            yield row, wording


def _until_suggested(client: httpx.Client, row: Json, wording: Wording) -> float:
    changes = {"text": wording.text, "title": wording.title, "triggers": list(wording.triggers), "author": "editor"}
    asked = {"message": wording.triggers[0]} | ({"scene": wording.scene} if wording.scene else {})
    begin = time.perf_counter()
    done = client.post(f"/v1/candidates/{row['candidate_id']}/approve", json=changes).raise_for_status().json()
    while time.perf_counter() - begin < PATIENCE_S:
        answer = client.post("/v1/suggest", json=asked).raise_for_status().json()
        if any(reply["script_id"] == done["script_id"] for reply in answer["replies"]):
            return time.perf_counter() - begin
    raise SystemExit(
        f"{done['script_id']} is not suggested for {wording.triggers[0]!r}, {PATIENCE_S:g} seconds after approval"
    )


@contextmanager
def _served(folder: Path) -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [*COPILOT, "serve", "-w", str(folder), "--port", port]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait_for(client)
            yield client
    finally:
        server.terminate()
        server.wait()


def _wait_for(client: httpx.Client) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if client.get("/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server is not ready after a minute")


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--approvals", type=int, default=20)
    given = parser.parse_args()
    measure(given.folder, given.approvals)


if __name__ == "__main__":
    main()
