"""Measures what mined scripts are worth in an empty library, against written ones.

    python docs/measurements/mined_library.py sample FOLDER [--conversations 300000] [--unseen 300]
    python docs/measurements/mined_library.py sessions FOLDER --jddc FOLDER_OF_JDDC [--unseen 60]

`sample` simulates the sample brand in FOLDER, mines its archive beside a workspace without scripts, approves by
`Desk.wording`, and answers conversations of the same world that were never mined. `sessions` does the same with JDDC,
mining four sessions of five. What a folder holds already, archive or candidates, is used again.
"""

import argparse
import csv
import hashlib
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from mined_approving import BASE, CANDIDATES, COPILOT, Json, approve_mined, say
from numpy.typing import NDArray

from copilot.evaluation.running import RunOptions, run_turns
from copilot.evaluation.setting import LibraryOf
from copilot.sample.brand import brand_folder
from copilot.sample.files import write_conversations, write_customers, write_orders
from copilot.sample.world import SampleConfig, build_world
from copilot.settings import Settings
from copilot.shop import SHOP_FILE, Shop
from eval.datasets.turns import read_turns
from eval.metrics.text import character_f1
from eval.runs.run import Run
from eval.statistics.bootstrap import mean_estimate
from knowledge.adapters.jddc import conversations as jddc_conversations
from knowledge.adapters.jddc import scripts as jddc_scripts
from knowledge.imports import ImportKind, import_file
from knowledge.tables import DEFAULT_TENANT
from knowledge.workspace import Workspace, utc_now

Floats = NDArray[np.float64]

BRAND = Path(str(brand_folder()))
ARCHIVE, UNSEEN = "conversations.jsonl", "unseen.jsonl"
TALKS_A_CUSTOMER = 10
UNSEEN_SEEDS = 1_000
N_DRAWS = 3
N_SMALL = 100
N_OTHERS = 9


# libraries ------------------------------------------------------------------------------------------------------------


def new_workspace(folder: Path, files: Mapping[ImportKind, Path], shop: Path | None = None) -> Path:
    """A workspace with what the files hold, in place of any that was there."""
    shutil.rmtree(folder, ignore_errors=True)
    made = Workspace.create(folder)
    if shop is not None:
        shutil.copy(shop, folder / SHOP_FILE)
        Shop.read(folder).register_staff(made.database, DEFAULT_TENANT)
    for kind, path in files.items():
        report = import_file(made.database, DEFAULT_TENANT, kind, path, now=utc_now)
        if report.n_rejected:
            raise SystemExit(f"{path}: {report.n_rejected} rows were rejected")
    made.close()
    return folder


def with_scripts(base: Path, folder: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """A copy of a workspace with written scripts."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    path = folder / "scripts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    opened = Workspace.open(folder)
    import_file(opened.database, DEFAULT_TENANT, ImportKind.SCRIPTS, path, now=utc_now)
    opened.close()
    return folder


def answered(folder: Path, data: Path) -> Run:
    """The production engine with a workspace's library over all turns of some conversations."""
    options = RunOptions(library_of=LibraryOf.NOW, n_processes=1)
    return run_turns(Settings(workspace=folder), read_turns(data), options, lambda _done, _total, _what: None)


def drawn(rows: Sequence[Any], n: int) -> Iterator[list[Any]]:
    """Libraries of `n` rows at random."""
    for draw in range(N_DRAWS):
        chosen = np.random.default_rng(draw).choice(len(rows), min(n, len(rows)), replace=False)
        yield [rows[place] for place in sorted(chosen.tolist())]


# how good -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scores:
    """One value a turn for each metric, in the order of the data; NaN where one does not apply."""

    name: str
    conversation: Sequence[str]
    columns: Mapping[str, Floats]
    is_certain: bool = False

    @classmethod
    def of(cls, name: str, run: Run, choices: "Choices") -> "Scores":
        """The harness's own metrics, and whether the suggestions tell what was sent among ten."""
        shown = [[one["text"] for one in replies or ()] for replies in run.table["replies"].to_pylist()]
        columns = {"shown": run.values("shown"), "charF1": run.values("charF1@3"), "R10@1": choices.hits(shown)}
        by_script = run.table["relevant"].to_pylist()
        if any(by_script):
            has_script = np.array([bool(one) for one in by_script])
            columns["charF1, scripts"] = np.where(has_script, columns["charF1"], np.nan)
        return cls(name, run.table["conversation_id"].to_pylist(), columns)

    @classmethod
    def mean_of(cls, name: str, draws: Sequence["Scores"]) -> "Scores":
        """The mean of several draws, turn by turn."""
        columns = {key: np.mean([one.columns[key] for one in draws], axis=0) for key in draws[0].columns}
        return cls(name, draws[0].conversation, columns)

    def cells(self) -> list[str]:
        """Each mean with its 95 % interval over conversations; what is so by definition has none."""
        if self.is_certain:
            return [f"{np.nanmean(values):.3f}" for values in self.columns.values()]
        clusters = np.unique(self.conversation, return_inverse=True)[1]
        found = []
        for values in self.columns.values():
            one = mean_estimate(values, clusters, np.random.default_rng(7), limits=(0.0, 1.0))
            found.append(f"{one.mean:.3f} ({one.low:.3f}–{one.high:.3f})")
        return found


@dataclass(frozen=True)
class Choices:
    """For each turn whose reply says something, that reply and nine of other conversations."""

    of_turn: Sequence[Sequence[str]]

    @classmethod
    def of(cls, run: Run, *, scripts_only: bool) -> "Choices":
        """As `informative` has it; with scripts the nine others carry nine other scripts."""
        turns = run.table.select(["conversation_id", "message", "sent", "relevant"]).to_pylist()
        used = Counter(turn["sent"] for turn in turns)
        keys = [_key(turn, used, scripts_only=scripts_only) for turn in turns]
        pool = [place for place, key in enumerate(keys) if key]
        rng = np.random.default_rng(0)
        of_turn: list[list[str]] = []
        for turn, key in zip(turns, keys, strict=True):
            chosen = {key: turn["sent"]} if key else {}
            while key and len(chosen) <= N_OTHERS:
                place = pool[int(rng.integers(len(pool)))]
                if turns[place]["conversation_id"] != turn["conversation_id"]:
                    chosen.setdefault(keys[place], turns[place]["sent"])
            of_turn.append(list(chosen.values()))
        return cls(of_turn)

    def hits(self, shown: Sequence[Sequence[str]]) -> Floats:
        """Whether the reply that was sent is the likest to any suggestion; of equals each is as likely to be first.

        Where nothing is suggested all ten are equal, so an empty library has 1/10.
        """
        return np.array([_hit(choice, texts) for choice, texts in zip(self.of_turn, shown, strict=True)])


def _key(turn: Json, used: Mapping[str, int], *, scripts_only: bool) -> str:
    """What tells replies apart, empty where the reply says too little to be told from others."""
    if scripts_only:
        return turn["relevant"][0] if turn["relevant"] else ""
    is_informative = len(turn["sent"]) >= 8 and used[turn["sent"]] < 3 and len(turn["message"]) >= 4
    return turn["sent"] if is_informative else ""


def _hit(choice: Sequence[str], shown: Sequence[str]) -> float:
    if not choice:
        return np.nan
    likeness = [max((character_f1(text, one) for text in shown), default=0.0) for one in choice]
    best = max(likeness)
    return 1.0 / likeness.count(best) if likeness[0] == best else 0.0


def empty_scores(like: Scores, choices: Choices) -> Scores:
    """An empty library suggests nothing: no text, so an F1 of 0, and one chance in ten."""
    columns = {name: np.where(np.isnan(values), np.nan, 0.0) for name, values in like.columns.items()}
    columns["R10@1"] = choices.hits([[]] * len(choices.of_turn))
    return Scores("empty", like.conversation, columns, is_certain=True)


def show(table: Sequence[Scores]) -> None:
    """The scores as a table."""
    say(f"\n| library | {' | '.join(table[0].columns)} |\n|---|{'---:|' * len(table[0].columns)}")
    for one in table:
        say(f"| {one.name} | {' | '.join(one.cells())} |")


# the sample brand -----------------------------------------------------------------------------------------------------


def simulate(folder: Path, n: int, n_unseen: int, seed: int) -> None:
    """Write an archive, and conversations of the same brand and agents with customers who are not in it.

    An archive that is there stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ARCHIVE).exists():
        world = build_world(SampleConfig(seed=seed, n_customers=max(1, n // TALKS_A_CUSTOMER), n_conversations=n))
        write_customers(folder / "customers.csv", world.customers)
        write_conversations(folder / ARCHIVE, world.conversations())
    others = build_world(SampleConfig(seed + UNSEEN_SEEDS, n_customers=n_unseen, n_conversations=n_unseen))
    same = build_world(SampleConfig(seed, n_customers=1, n_conversations=0))
    apart = replace(others, agents=same.agents, topics=same.topics, leanings=same.leanings)
    write_customers(folder / "others.csv", apart.customers)
    write_orders(folder / "orders.csv", apart.orders)
    write_conversations(folder / UNSEEN, apart.conversations())


def mined(folder: Path, base: Path, *options: str) -> list[Json]:
    """The candidates of the folder's archive, mined beside an empty library unless that was done."""
    out = folder / CANDIDATES
    if not out.exists():
        command = [*COPILOT, "mine", "--archive", folder / ARCHIVE, "--out", out, "-w", base, "--json", *options]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def scripts_behind(folder: Path, rows: Iterable[Json]) -> dict[str, str]:
    """The script that most examples of each candidate render, by candidate; typed replies render none."""
    places = {(one["conversation_id"], one["position"]): row["candidate_id"] for row in rows for one in row["examples"]}
    wanted = {conversation_id for conversation_id, _ in places}
    votes: dict[str, Counter[str]] = {}
    with (folder / ARCHIVE).open(encoding="utf-8") as file:
        for line in file:
            talk = json.loads(line)
            for position, message in enumerate(talk["messages"] if talk["conversation_id"] in wanted else (), start=1):
                candidate = places.get((talk["conversation_id"], position))
                if candidate is not None:
                    votes.setdefault(candidate, Counter())[message.get("script_id", "")] += 1
    return {candidate: found.most_common(1)[0][0] for candidate, found in votes.items()}


@dataclass(frozen=True)
class Truth:
    """What the world knows of its scripts: what each adds, and which need it is for."""

    effects: Mapping[str, float]
    needs: Mapping[str, str]

    @classmethod
    def of_brand(cls, seed: int) -> "Truth":
        """The plan of the brand, which is the same whoever its customers are."""
        world = build_world(SampleConfig(seed=seed, n_customers=1, n_conversations=0))
        needs = {script.id: topic.need for topic in world.topics for script in topic.scripts}
        return cls(world.planted, needs)

    def show(self, name: str, run: Run, behind: Mapping[str, str]) -> None:
        """How often what is suggested first helps, does nothing or harms, beside what agents sent."""
        firsts = [replies[0]["item_id"] if replies else None for replies in run.table["replies"].to_pylist()]
        sent = [one[0] if one else "" for one in run.table["relevant"].to_pylist()]
        pairs = [(behind.get(one, ""), two) for one, two in zip(firsts, sent, strict=True) if one is not None]
        say(f"{name}, suggested first: {self._shares([one for one, _ in pairs if one])}")
        say(f"{name}, sent there: {self._shares([two for _, two in pairs if two])}")
        both = [(one, two) for one, two in pairs if one and two]
        same = np.mean([self.needs.get(one) == self.needs.get(two) for one, two in both])
        say(f"{name}: {same:.3f} of {len(both)} first suggestions are for the need of the script that was sent")

    def _shares(self, scripts: Sequence[str]) -> str:
        effects = np.array([self.effects.get(one, 0.0) for one in scripts])
        shares = {"helps": effects > 0, "nothing": effects == 0, "harms": effects < 0}
        told = ", ".join(f"{name} {100 * hits.mean():.1f} %" for name, hits in shares.items())
        return f"n {len(effects)}, {told}, mean {100 * effects.mean():+.2f} points"


def measure_sample(folder: Path, n: int, n_unseen: int, seed: int) -> None:
    """The table of libraries on the sample brand."""
    simulate(folder, n, n_unseen, seed)
    files = {ImportKind.PRODUCTS: BRAND / "products.csv", ImportKind.CUSTOMERS: folder / "others.csv"}
    base = new_workspace(folder / BASE, files | {ImportKind.ORDERS: folder / "orders.csv"}, BRAND / SHOP_FILE)
    rows = mined(folder, base, "--customers", str(folder / "customers.csv"), "--no-side-effects")
    behind, truth, unseen = scripts_behind(folder, rows), Truth.of_brand(seed), folder / UNSEEN
    runs: dict[str, Run] = {}
    for name, chosen, most in _approvals(rows):
        home = _copied(base, folder / name.replace(", ", "-").replace(" ", "-"))
        made = approve_mined(home, chosen, most)
        run = runs[f"{name} ({len(made)})"] = answered(home, unseen)
        truth.show(name, run, {made[one]: script for one, script in behind.items() if one in made})
    with (BRAND / "scripts.csv").open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    run = runs[f"hand-written, all ({len(written)})"] = answered(with_scripts(base, folder / "hand", written), unseen)
    truth.show("hand-written", run, {row["id"]: row["id"] for row in written})
    choices = Choices.of(run, scripts_only=True)
    table = [Scores.of(name, run, choices) for name, run in runs.items()]
    draws = [answered(with_scripts(base, folder / "drawn", some), unseen) for some in drawn(written, N_SMALL)]
    table += _of_draws(f"hand-written, {N_DRAWS} draws ({N_SMALL})", draws, choices)
    show([empty_scores(table[0], choices), *table])


def _approvals(rows: Sequence[Json]) -> Iterator[tuple[str, Sequence[Json], int | None]]:
    """What is approved of the candidates, in which order, and at most how many."""
    yield "mined", rows, None
    yield "mined, most used", sorted(rows, key=lambda row: -row["n"]), N_SMALL
    yield "mined, harms kept", [row | {"verdict": "cannot-tell"} for row in rows], None
    yield "mined, helps only", [row for row in rows if row["verdict"] == "helps"], None


def _copied(base: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(base, folder))


def _of_draws(name: str, draws: Sequence[Run], choices: Choices) -> list[Scores]:
    found = [Scores.of(name, run, choices) for run in draws]
    means = [float(np.nanmean(one.columns["charF1"])) for one in found]
    say(f"{name}: charF1 from {min(means):.3f} to {max(means):.3f}")
    return [Scores.mean_of(name, found)]


# JDDC -----------------------------------------------------------------------------------------------------------------


def measure_sessions(folder: Path, jddc: Path, n_unseen: int, least_uses: int) -> None:
    """The table of libraries on JDDC; one session in five, by a hash, is never mined."""
    folder.mkdir(parents=True, exist_ok=True)
    talks = list(jddc_conversations(jddc / "sessions_dev.jsonl"))
    for name, is_test, most in ((ARCHIVE, False, len(talks)), (UNSEEN, True, n_unseen)):
        lines = [json.dumps(talk, ensure_ascii=False) for talk in talks if _is_test(talk) is is_test][:most]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    base, unseen = new_workspace(folder / BASE, {}), folder / UNSEEN
    made = approve_mined(_copied(base, folder / "mined"), mined(folder, base, "--least-uses", str(least_uses)))
    run = answered(folder / "mined", unseen)
    choices = Choices.of(run, scripts_only=False)
    table = [Scores.of(f"mined ({len(made)})", run, choices)]
    pool = list(map(_csv_row, jddc_scripts(jddc / "script_pool.jsonl")))
    draws = [answered(with_scripts(base, folder / "drawn", some), unseen) for some in drawn(pool, len(made))]
    table += _of_draws(f"pool, {N_DRAWS} draws ({len(made)})", draws, choices)
    show([empty_scores(table[0], choices), *table])


def _csv_row(script: Mapping[str, Any]) -> dict[str, str]:
    return {**script, "triggers": "|".join(one.replace("|", " ") for one in script["triggers"])}


def _is_test(talk: Mapping[str, object]) -> bool:
    session = str(talk["conversation_id"]).removeprefix("jddc-")
    return int(hashlib.sha256(session.encode()).hexdigest(), 16) % 5 == 0


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sample", "sessions"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--conversations", type=int, default=300_000, help="of `sample`: how many are mined")
    parser.add_argument("--unseen", type=int, help="conversations to answer (default: 300, of `sessions` 60)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jddc", type=Path, default=Path(os.environ.get("COPILOT_DATA", "")) / "jddc")
    parser.add_argument("--least-uses", type=int, default=5, help="of `sessions`: as `copilot mine` has it")
    given = parser.parse_args()
    if given.what == "sample":
        measure_sample(given.folder, given.conversations, given.unseen or 300, given.seed)
    else:
        measure_sessions(given.folder, given.jddc, given.unseen or 60, given.least_uses)


if __name__ == "__main__":
    main()
