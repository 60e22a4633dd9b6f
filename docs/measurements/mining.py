"""Measures mining on worlds whose truth is known, for docs/mining.md and docs/images/mining.svg.

    python docs/measurements/mining.py run FOLDER --seeds 7 1 2 [--conversations 300000] [--null]
    python docs/measurements/mining.py table FOLDER

`run` makes the sample brand's archive of each seed (with `--null` one in which no script does anything), mines it as
`copilot mine` does, and compares every verdict with what was planted; what is there already is not made again. Which
script a reply came from is used for the comparison only. `table` prints the tables and draws the picture.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from copilot.encoding import NoEncoder, load_encoder
from copilot.mining.candidates import Surroundings
from copilot.mining.evidence import EvidenceSettings, MoveEvidence
from copilot.mining.inputs import Files, Known, add_files
from copilot.mining.mining import Mined, MiningSettings, silent_stage
from copilot.mining.running import run_mining
from copilot.sample.brand import brand_folder
from copilot.sample.files import write_conversations, write_customers
from copilot.sample.world import SampleConfig, build_world
from copilot.settings import Settings
from eval.effects.naive import favourites_of_the_best, raw_difference
from eval.effects.verdicts import Verdict
from eval.report.plots.frame import WIDTH, Axis, across, grid, upwards
from eval.report.plots.svg import drawing, element
from eval.statistics.correction import benjamini_hochberg
from knowledge.archive.ingesting import IngestSettings
from knowledge.imports.cells import ReadingRules

IMAGE = Path(__file__).parents[1] / "images" / "mining.svg"
CONVERSATIONS_PER_CUSTOMER = 10
FDR = 0.10
HEIGHT = 360.0
STYLE = (
    "text{font:11px sans-serif;fill:#444}.grid{stroke:#ddd}.name{font-weight:600}"
    ".raw{fill:none;stroke:#c0392b}.adjusted{fill:#1f5fbf}.interval{stroke:#1f5fbf;opacity:.45}.truth{stroke:#888}"
)


@dataclass(frozen=True)
class Compared:
    """One mined candidate beside the truth; an effect of None could not be told."""

    script: str
    truth: float
    verdict: str
    effect: float | None
    low: float | None
    high: float | None
    is_tested: bool
    raw: float | None
    raw_p: float | None
    n: int


def make(folder: Path, seed: int, n: int, *, is_null: bool) -> Path:
    """The folder of one archive, made when it is not there."""
    out = folder / f"{seed}-{'null' if is_null else 'real'}"
    if (out / "done").exists():
        return out
    out.mkdir(parents=True, exist_ok=True)
    world = build_world(SampleConfig(seed=seed, n_customers=n // CONVERSATIONS_PER_CUSTOMER, n_conversations=n))
    write_conversations(out / "conversations.jsonl", world.conversations({} if is_null else None))
    write_customers(out / "customers.csv", world.customers)
    effects = {
        planned.script_id: {"goal": planned.goal, "effect_points": 0.0 if is_null else 100 * planned.effect}
        for planned in world.brand.plan
    }
    agents = {agent.agent_id: agent.skill for agent in world.agents}
    (out / "truth.json").write_text(json.dumps({"scripts": effects, "agents": agents}), encoding="utf-8")
    (out / "done").touch()
    return out


def run(folder: Path, processes: int) -> dict[str, Any]:
    """Mine one archive and compare."""
    encoder = load_encoder(Settings())
    if isinstance(encoder, NoEncoder):
        sys.exit(encoder.reason)
    known = Known()
    rules = ReadingRules(UTC, datetime.now(UTC))
    add_files(known, Files(Path(str(brand_folder())) / "products.csv", folder / "customers.csv"), rules)
    found = run_mining(
        folder / "conversations.jsonl",
        folder / "state",
        encoder,
        settings=MiningSettings(evidence=EvidenceSettings(with_side_effects=False, n_processes=processes)),
        reading=IngestSettings(),
        known=known,
        around=Surroundings(known.names(), known.products),
        stage=silent_stage,
    )
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    compared = [_compared(found.mined, one, truth["scripts"]) for one in found.mined.evidence]
    return {
        "n_conversations": len(found.mined.table.talks),
        "seconds": found.seconds,
        "candidates": [asdict(one) for one in compared],
        "favourites": _favourites(found.mined, truth["scripts"]),
        "agents": _agents(found.mined, truth["agents"]),
    }


def _compared(mined: Mined, evidence: MoveEvidence, scripts: Mapping[str, Any]) -> Compared:
    rows, others = mined.exposing.rows(evidence.move)
    script = _script_of(mined, rows)
    planned = scripts.get(script)
    truth = planned["effect_points"] / 100 if planned and planned["goal"] == evidence.outcome else 0.0
    judgement = evidence.headline
    effect = judgement.evidence.effect if judgement else None
    exposures = mined.exposing.exposures(rows, others, evidence.outcome) if evidence.outcome else None
    can_compare = exposures is not None and effect is not None
    raw = raw_difference(exposures) if can_compare and exposures is not None else None
    return Compared(
        script=script,
        truth=truth,
        verdict=str(judgement.verdict) if judgement else Verdict.CANNOT_TELL,
        effect=effect.mean if effect else None,
        low=effect.low if effect else None,
        high=effect.high if effect else None,
        is_tested=judgement is not None and judgement.q_value is not None,
        raw=raw.difference if raw else None,
        raw_p=raw.p_value if raw else None,
        n=len(rows),
    )


def _script_of(mined: Mined, rows: Sequence[int]) -> str:
    """The script that most uses of a move came from; empty for what agents typed."""
    names = mined.table.script
    return Counter(names.texts[code] for code in names.of_row[rows].tolist()).most_common(1)[0][0]


def _favourites(mined: Mined, scripts: Mapping[str, Any]) -> list[str]:
    """As many scripts as really help, those that the best quarter of agents use most."""
    table, turns = mined.table, mined.exposing.turns
    candidates = np.where(turns.move >= 0, turns.move, -1)
    is_candidate = np.append(mined.is_candidate, [False])
    candidates = np.where(is_candidate[candidates], candidates, -1)
    conversion = mined.exposing.outcomes["conversion"]
    ranked = favourites_of_the_best(table.agent.of_row, conversion, candidates)
    n_helpful = sum(planned["effect_points"] > 0 for planned in scripts.values()) or 30
    chosen = [_script_of(mined, mined.exposing.rows(move)[0]) for move in ranked]
    return [script for script in chosen if script][:n_helpful]


def _agents(mined: Mined, skills: Mapping[str, float]) -> list[dict[str, float]]:
    mean = sum(skills.values()) / len(skills)
    return [
        {"skill": skills[row.agent_id] - mean, "pooled": row.pooled.mean, "raw": row.raw_rate}
        for row in mined.agents
        if row.outcome == "conversion"
    ]


# tables ---------------------------------------------------------------------------------------------------------------


def table(folder: Path) -> None:
    """Print what was found in every archive of the folder."""
    found = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/found.json"))
    }
    real = {name: one for name, one in found.items() if name.endswith("-real")}
    null = {name: one for name, one in found.items() if name.endswith("-null")}
    _print_real(folder, real)
    _print_null(null)
    if real:
        first = "7-real" if "7-real" in real else next(iter(real))
        IMAGE.write_text(str(_picture([Compared(**one) for one in real[first]["candidates"]])) + "\n", encoding="utf-8")


def _print_real(folder: Path, found: Mapping[str, Any]) -> None:
    head = ("seed", "conversations", "helps: precision", "recall", "harms (false)", "coverage", "of tested")
    say("| " + " | ".join([*head, "raw: precision", "recall", "most used by the best"]) + " |")
    say("|---" * 10 + "|")
    totals = np.zeros(6, int)
    for name, one in found.items():
        scripts = json.loads((folder / name / "truth.json").read_text(encoding="utf-8"))["scripts"]
        rows = [Compared(**row) for row in one["candidates"]]
        helpful = {script for script, planned in scripts.items() if planned["effect_points"] > 0}
        helps, harms = ([row for row in rows if row.verdict == verdict] for verdict in ("helps", "harms"))
        right = sum(row.truth > 0 for row in helps)
        n_found = len({row.script for row in helps if row.truth > 0})
        planted = [row for row in rows if row.script in scripts and row.low is not None]
        raw = list(_raw_winners(rows))
        raw_found = {row.script for row in raw if row.truth > 0}
        cells = [
            name.split("-")[0],
            f"{one['n_conversations']:,}",
            _share(right, len(helps)),
            _share(n_found, len(helpful)),
            f"{len(harms)} ({sum(row.truth >= 0 for row in harms)})",
            _share(*_covered(planted)),
            _share(*_covered([row for row in planted if row.is_tested])),
            _share(sum(row.truth > 0 for row in raw), len(raw)),
            _share(len(raw_found), len(helpful)),
            _share(len(helpful & set(one["favourites"])), len(one["favourites"])),
        ]
        say("| " + " | ".join(cells) + " |")
        totals += [right, len(helps), n_found, len(helpful), *_covered(planted)]
    say(f"| all | | {_share(*totals[:2])} | {_share(*totals[2:4])} | | {_share(*totals[4:])} | | | | |")


def _print_null(found: Mapping[str, Any]) -> None:
    head = ("seed, nothing planted", "conversations", "helps", "harms", "of tested", "raw: helps", "coverage of nought")
    say("\n| " + " | ".join(head) + " |")
    say("|---" * len(head) + "|")
    for name, one in found.items():
        rows = [Compared(**row) for row in one["candidates"]]
        verdicts = Counter(row.verdict for row in rows)
        cells = [
            name.split("-")[0],
            f"{one['n_conversations']:,}",
            str(verdicts["helps"]),
            str(verdicts["harms"]),
            str(sum(row.is_tested for row in rows)),
            str(len(list(_raw_winners(rows)))),
            _share(*_covered(rows)),
        ]
        say("| " + " | ".join(cells) + " |")


def _raw_winners(rows: Sequence[Compared]) -> Iterator[Compared]:
    """What the plain difference calls helpful, at the same false discovery rate."""
    known = [row for row in rows if row.raw_p is not None]
    q_values = benjamini_hochberg([row.raw_p or 0.0 for row in known]).tolist()
    return (row for row, q in zip(known, q_values, strict=True) if q <= FDR and (row.raw or 0.0) > 0)


def _covered(rows: Sequence[Compared]) -> tuple[int, int]:
    """How many intervals hold the truth, of how many."""
    known = [row for row in rows if row.low is not None and row.high is not None]
    return sum((row.low or 0.0) <= row.truth <= (row.high or 0.0) for row in known), len(known)


def _share(n: int, of: int) -> str:
    return f"{n / of:.2f} ({n}/{of})" if of else "-"


def _picture(rows: Sequence[Compared]) -> str:
    """Planted effects across, what was found upwards."""
    shown = [row for row in rows if row.truth and row.effect is not None and row.raw is not None]
    x, y = across(-0.16, 0.16), upwards(-0.3, 0.3, HEIGHT)
    marks = [element("line", x1=x(-0.16), y1=y(-0.16), x2=x(0.16), y2=y(0.16), class_="truth")]
    for row in shown:
        at = x(row.truth)
        marks.append(element("line", x1=at, x2=at, y1=y(row.low or 0.0), y2=y(row.high or 0.0), class_="interval"))
        marks.append(element("circle", cx=at, cy=y(row.effect or 0.0), r=3, class_="adjusted"))
        marks.append(element("circle", cx=at + 2, cy=y(row.raw or 0.0), r=3, class_="raw"))
    axes = grid(Axis(x, "planted effect, points", _points), Axis(y, "found, points", _points))
    title = "Planted and found effects: adjusted (filled, 95 % interval) and raw difference (hollow)"
    return str(drawing(WIDTH, HEIGHT, element("style", STYLE), axes, *marks, title=title, description=title)).replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1
    )


def _points(value: float) -> str:
    return f"{100 * value:+.0f}"


def say(text: str) -> None:
    """Print at once, since runs are long."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--conversations", type=int, default=300_000)
    parser.add_argument("--null", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    if given.what == "table":
        table(given.folder)
        return
    for seed in given.seeds:
        folder = make(given.folder, seed, given.conversations, is_null=given.null)
        if not (folder / "found.json").exists():
            found = run(folder, given.processes)
            (folder / "found.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
            say(f"{folder.name}: {sum(found['seconds'].values()):.0f} s")


if __name__ == "__main__":
    main()
