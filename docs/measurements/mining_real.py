"""Measures `copilot mine` on real conversations: the numbers of docs/mining-real.md.

    python docs/measurements/mining_real.py mine DATA --work FOLDER      tables of what is found, and effects
    python docs/measurements/mining_real.py sheets DATA --work FOLDER    samples to read, as text files in FOLDER
    python docs/measurements/mining_real.py purity                       what reading them showed, from the judgements

DATA holds the folders `jddc` and `helpdesk_stc3`. A sheet shows what customers and agents wrote and stays in FOLDER;
`mining_real_judgements.json` beside this file has the verdicts alone, by a hash of what was shown.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copilot.mining.job import MiningJob, encoder_of, run_job
from copilot.mining.mining import Mined, MiningSettings, silent_stage
from copilot.mining.running import MiningRun
from copilot.settings import Settings
from eval.effects.estimation import estimate_effect
from eval.effects.evidence import Evidence
from eval.effects.settings import EffectSettings
from eval.statistics.correction import benjamini_hochberg
from eval.statistics.estimate import Estimate
from knowledge.adapters import convert
from knowledge.archive.ingesting import IngestSettings
from knowledge.archive.table import ReplyTable
from knowledge.duplicates.near import near_duplicates
from knowledge.duplicates.similarity import IN_A_LIST
from knowledge.duplicates.stars import star_groups
from knowledge.mining.cells import find_cells
from knowledge.mining.moves import find_moves
from knowledge.text import for_encoder

JUDGEMENTS = Path(__file__).with_name("mining_real_judgements.json")
SEED = 7
N_SAMPLED, N_SHOWN, LEAST_WORDINGS = 50, 12, 3
LONGEST_SHOWN = 170
N_CANDIDATES = {"jddc": 30, "stc3-zh": 20, "stc3-en": 0}
THRESHOLDS = (0.5, 0.6, 0.7)
LEAST_FOR_EFFECT, LEAST_FOR_RATE = 30, 10
THANKS = "谢"
MIDDLE_MARK, Z95 = 3.0, 1.959964

Members = list[str]


@dataclass(frozen=True)
class DataSet:
    """An archive of real conversations.

    Attributes:
        sources: What is converted, and which folder of the data it is in.
        satisfied_from: The mark from which a customer counts as satisfied.
        runs: How it is mined: reading and least uses.
    """

    name: str
    sources: tuple[tuple[str, str], ...]
    satisfied_from: float
    runs: tuple[tuple[str, int], ...] = (("words", 5), ("words", 10))


SETS = (
    DataSet("jddc", (("jddc", "jddc"), ("uss", "jddc")), 4.0, (("words", 5), ("words", 10), ("network", 5))),
    DataSet("stc3-zh", (("stc3-zh", "helpdesk_stc3"),), MIDDLE_MARK),
    DataSet("stc3-en", (("stc3-en", "helpdesk_stc3"),), MIDDLE_MARK),
)


# what is found --------------------------------------------------------------------------------------------------------


def archive_of(data: Path, work: Path, one: DataSet) -> Path:
    """The conversations of a data set as an archive in the folder of work."""
    archive = work / "archives" / one.name
    archive.mkdir(parents=True, exist_ok=True)
    for source, folder in one.sources:
        convert(source, data / folder, work / "converted" / source)
        copyfile(work / "converted" / source / "conversations.jsonl", archive / f"{source}.jsonl")
    return archive


def mined_from(archive: Path, work: Path, one: DataSet, reading: str, least_uses: int) -> MiningRun:
    """One run of the command's own job, without a workspace."""
    name = f"{one.name}-{reading}-{least_uses}"
    job = MiningJob(
        archive=archive,
        out=work / f"{name}.jsonl",
        state=work / "states" / one.name,
        reading=IngestSettings(satisfied_from=one.satisfied_from),
        mining=MiningSettings(least_uses=least_uses, reading="network" if reading == "network" else "words"),
    )
    return run_job(job, Settings(threads=1), None, silent_stage)


def found_line(one: DataSet, reading: str, least_uses: int, run: MiningRun) -> str:
    """A row of the table of what is found."""
    mined, rows = run.mined, run.rows
    table, needs, used = mined.table, mined.needs, mined.moves.n_used(least_uses)
    covered = float((mined.moves.of_row < used)[mined.moves.of_row >= 0].sum() / max(1, len(table)))
    sizes = np.bincount(needs.of_text[table.message.of_row].clip(min=0))
    verdicts = [row["verdict"] for row in rows]
    cells = [
        one.name, reading, least_uses, len(table.talks), len(table), len(mined.moves), used, f"{covered:.0%}",
        int(needs.is_ordinary.sum()), needs.n, f"{sizes.max() / max(1, len(table)):.0%}", len(rows),
        verdicts.count("helps"), verdicts.count("harms"), verdicts.count("cannot-tell"),
        f"{sum(run.seconds.values()):.0f}",
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def reasons(run: MiningRun) -> Iterator[str]:
    """Why effects cannot be told, and of how many candidates; numbers in the reasons left out."""
    told: dict[str, int] = {}
    for row in run.rows:
        why = re.sub(r"\d+", "#", row["why"].split(": ")[-1])
        told[why] = told.get(why, 0) + 1
    for why, n in sorted(told.items(), key=lambda pair: -pair[1]):
        yield f"    {n:4d}  {why}"


# satisfied customers --------------------------------------------------------------------------------------------------


def marks_of(work: Path, table: ReplyTable) -> NDArray[np.float64]:
    """For each reply, whether the customer's next message was satisfied; NaN where nobody judged it."""
    path = work / "converted" / "uss" / "marks.jsonl"
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    marks = {(row["conversation_id"], row["position"]): float(row["satisfaction"] >= 4) for row in rows}
    ids = [talk.conversation_id for talk in table.talks]
    places = zip(table.talk.tolist(), table.position.tolist(), strict=True)
    return np.array([marks.get((ids[talk], position), np.nan) for talk, position in places])


def effects(mined: Mined, outcome: NDArray[np.float64]) -> list[tuple[int, Evidence]]:
    """What an outcome says of each move that is used often enough, *as if agents did not matter*: they are not known.

    Agents are told by the conversation, in two halves by chance, so that nothing is learned from them; compared is with
    every turn of the same needs in which the move was not sent, since hardly any reply is told to be ordinary here.
    """
    name = "satisfaction"
    exposing = replace(mined.exposing, outcomes={name: outcome})
    halves = np.random.default_rng(SEED).integers(0, 2, len(mined.table.talks))
    found = []
    for move in range(len(mined.needs.is_ordinary)):
        uses = exposing.turns.uses(move)
        if np.isfinite(outcome[uses]).sum() < LEAST_FOR_EFFECT:
            continue
        same_need = np.isin(exposing.turns.need, np.unique(exposing.turns.need[uses]))
        others = same_need & exposing.turns.opens_turn & ~np.isin(exposing.turns.turn, exposing.turns.turn[uses])
        rows = np.concatenate([uses, np.flatnonzero(others)])
        kept = rows[np.isfinite(outcome[rows])]
        exposures = exposing.exposures(uses, np.flatnonzero(others), name)
        agents = halves[mined.table.talk[kept]]
        evidence = estimate_effect(replace(exposures, agent=agents), EffectSettings(), np.random.default_rng(SEED))
        found.append((move, evidence))
    return found


def effect_lines(mined: Mined, found: Sequence[tuple[int, Evidence]]) -> Iterator[str]:
    """A row for each move, the text being for the reader at the screen alone."""
    tested = [(move, one) for move, one in found if one.adjusted is not None]
    q_values = benjamini_hochberg([one.adjusted.p_value for _, one in tested if one.adjusted])
    yield f"{len(found)} moves with {LEAST_FOR_EFFECT} known uses, {len(tested)} with an effect"
    yield "| reply | uses | satisfied | else | raw | adjusted | q | E-value | of its limit |"
    yield "|---|---:|---:|---:|---:|---|---:|---:|---:|"
    for (move, one), q_value in sorted(
        zip(tested, q_values.tolist(), strict=True), key=lambda pair: -_size(pair[0][1])
    ):
        adjusted = one.adjusted
        if adjusted is None or one.raw_difference is None:
            continue
        text = mined.table.reply.texts[mined.moves.centres[move]][:40].replace("|", " ")
        yield (
            f"| {text} | {one.n_treated} | {adjusted.treated_rate:.2f} | {adjusted.comparison_rate:.2f} | "
            f"{one.raw_difference:+.2f} | {_shown(adjusted.effect)} | {q_value:.3f} | {adjusted.e_value:.2f} | "
            f"{adjusted.e_value_limit:.2f} |"
        )


def rate_lines(mined: Mined, outcome: NDArray[np.float64]) -> Iterator[str]:
    """Plain rates of satisfied customers after each move, against all other replies with a known outcome."""
    known = np.isfinite(outcome)
    yield f"satisfied after {int(known.sum())} replies with a known outcome: {np.nanmean(outcome):.2f}"
    yield "| reply | uses | satisfied | all others |"
    yield "|---|---:|---|---:|"
    rows = []
    for move in range(len(mined.needs.is_ordinary)):
        uses = np.flatnonzero((mined.exposing.turns.move == move) & known)
        if len(uses) >= LEAST_FOR_RATE:
            rows.append((float(outcome[uses].mean()), move, uses))
    for rate, move, uses in sorted(rows, key=lambda row: -row[0]):
        low, high = wilson(int(outcome[uses].sum()), len(uses))
        rest = np.setdiff1d(np.flatnonzero(known), uses)
        text = mined.table.reply.texts[mined.moves.centres[move]][:40].replace("|", " ")
        yield f"| {text} | {len(uses)} | {rate:.2f} ({low:.2f} to {high:.2f}) | {outcome[rest].mean():.2f} |"


def thanks_line(data: Path) -> str:
    """How satisfied customers sound in a message of thanks, and in their next judged message, where USS judged both."""
    here, following = [], []
    for line in (data / "jddc" / "uss_valid.jsonl").read_text(encoding="utf-8").splitlines():
        turns = [turn for turn in json.loads(line)["turns"] if turn["sat"] is not None]
        for place, turn in enumerate(turns):
            if THANKS in turn["user"]:
                here.append(turn["sat"])
                following += [other["sat"] for other in turns[place + 1 : place + 2]]
    next_mark = f"the next message, {len(following)}, mark {np.mean(following):.2f}"
    return f"thanks: {len(here)} messages, mark {np.mean(here):.2f}; {next_mark}"


def _size(evidence: Evidence) -> float:
    return evidence.adjusted.effect.mean if evidence.adjusted else 0.0


def _shown(estimate: Estimate) -> str:
    return f"{estimate.mean:+.2f} ({estimate.low:+.2f} to {estimate.high:+.2f})"


# samples to read ------------------------------------------------------------------------------------------------------


def sampled(groups: Sequence[Sequence[str]], title: str) -> list[tuple[str, Members]]:
    """Fifty groups with three texts or more, twelve texts of each, each group with a hash of what is shown."""
    rng = np.random.default_rng([SEED, int(sha256(title.encode()).hexdigest()[:8], 16)])
    large = [sorted(group) for group in groups if len(group) >= LEAST_WORDINGS]
    chosen = rng.choice(len(large), min(N_SAMPLED, len(large)), replace=False)
    found = []
    for place in chosen.tolist():
        group = large[place]
        shown = [group[row] for row in rng.choice(len(group), min(N_SHOWN, len(group)), replace=False).tolist()]
        found.append((sha256("\n".join([title, *shown]).encode()).hexdigest()[:10], shown))
    return found


def grouped(texts: Sequence[str], labels: Sequence[int]) -> list[Members]:
    """Texts with the same label; those labelled below nought belong to none."""
    groups: dict[int, Members] = {}
    for text, label in zip(texts, labels, strict=True):
        if label >= 0:
            groups.setdefault(label, []).append(text)
    return list(groups.values())


def move_groups(table: ReplyTable, threshold: float) -> list[Members]:
    """The wordings of every move."""
    return grouped(table.reply.texts, find_moves(table.reply, table.reply.texts, threshold).of_text.tolist())


def star_groups_of(table: ReplyTable, work: Path, name: str) -> list[Members]:
    """Groups by all evidence of likeness together."""
    texts, cache = list(table.reply.texts), work / f"{name}-replies.npy"
    spelled = [for_encoder(text) for text in texts]
    if not cache.is_file():
        np.save(cache, encoder_of(Settings(threads=1), None).encode_queries(spelled))
    known = dict(zip(spelled, np.load(cache), strict=True))
    pairs = near_duplicates(texts, lambda some: np.stack([known[text] for text in some]), IN_A_LIST)
    weights = table.reply.counts.astype(float).tolist()
    return [[texts[place] for place in star.all] for star in star_groups(len(texts), pairs, weights=weights)]


def cell_groups(mined: Mined) -> list[Members]:
    """Customers' messages that look alike."""
    message = mined.table.message
    return grouped(message.texts, find_cells(mined.exposing.vectors, message.counts, seed=0).of_text.tolist())


def need_groups(mined: Mined) -> list[Members]:
    """Customers' messages that want the same."""
    return grouped(mined.table.message.texts, mined.needs.of_text.tolist())


def write_candidates(work: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A text file with templates and triggers of a sample of candidates."""
    large = sorted(rows, key=lambda row: str(row["candidate_id"]))
    rng = np.random.default_rng(SEED)
    chosen = sorted(rng.choice(len(large), min(N_CANDIDATES[name], len(large)), replace=False).tolist())
    lines = [f"{large[row]['text']}\n    {' / '.join(large[row]['triggers'])}" for row in chosen]
    (work / f"candidates-{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_sheet(work: Path, title: str, groups: Sequence[Sequence[str]]) -> None:
    """A text file with the sample, to be read and never to be published."""
    lines = []
    for number, (key, shown) in enumerate(sampled(groups, title), start=1):
        lines.append(f"## {number} {key}")
        lines += [f"{place}. {' '.join(text.split())[:LONGEST_SHOWN]}" for place, text in enumerate(shown, start=1)]
    (work / f"sheet-{title}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


# what reading showed --------------------------------------------------------------------------------------------------


def wilson(n_right: int, n: int) -> tuple[float, float]:
    """The interval of a share (Wilson 1927), 95 %."""
    if not n:
        return 0.0, 1.0
    share, z2 = n_right / n, Z95**2 / n
    middle = (share + z2 / 2) / (1 + z2)
    reach = Z95 * np.sqrt(share * (1 - share) / n + z2 / (4 * n)) / (1 + z2)
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def purity_lines(judgements: Mapping[str, Mapping[str, Sequence[int]]]) -> Iterator[str]:
    """A row for each sample: the share of members that say what most in their group say, and groups by verdict."""
    yield "| sample | groups | texts | belong | pure | one or two strangers | mixed |"
    yield "|---|---:|---:|---|---:|---:|---:|"
    for title, groups in judgements.items():
        right, shown = (sum(pair[side] for pair in groups.values()) for side in (0, 1))
        low, high = wilson(right, shown)
        strangers = [pair[1] - pair[0] for pair in groups.values()]
        mostly = sum(0 < n <= 2 and pair[0] > pair[1] / 2 for n, pair in zip(strangers, groups.values(), strict=True))
        pure = strangers.count(0)
        yield (
            f"| {title} | {len(groups)} | {shown} | {right / shown:.1%} ({low:.1%}–{high:.1%}) | {pure} | {mostly} | "
            f"{len(groups) - pure - mostly} |"
        )


def candidate_lines(judgements: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """How many templates read well and say what was meant, and of how many the triggers belong to the reply."""
    for side, name in enumerate(("templates", "triggers")):
        told = [verdicts[side] for verdicts in judgements.values()]
        counts = ", ".join(f"{told.count(verdict)} {verdict}" for verdict in sorted(set(told)))
        yield f"{name} of {len(told)} candidates: {counts}"


# the command ----------------------------------------------------------------------------------------------------------


def mine_all(data: Path, work: Path) -> Iterator[str]:
    """Tables of every set, and effects where satisfaction is known."""
    yield thanks_line(data)
    yield (
        "| set | reading | least uses | conversations | replies | moves | used enough | of replies | ordinary "
        "| needs | largest need | candidates | helps | harms | cannot tell | seconds |"
    )
    yield "|---|---|" + "---:|" * 14
    for one in SETS:
        archive = archive_of(data, work, one)
        for reading, least_uses in one.runs:
            run = mined_from(archive, work, one, reading, least_uses)
            yield found_line(one, reading, least_uses, run)
            if (reading, least_uses) == one.runs[0]:
                yield from reasons(run)
                table = run.mined.table
                outcome = marks_of(work, table) if one.name == "jddc" else run.mined.exposing.outcomes["satisfaction"]
                yield from effect_lines(run.mined, effects(run.mined, outcome))
                yield from rate_lines(run.mined, outcome)
                yield f"    seconds { {name: round(value, 1) for name, value in run.seconds.items()} }"


def write_sheets(data: Path, work: Path) -> None:
    """Samples of moves at several thresholds, of stars over all evidence, of cells and of needs."""
    for one in SETS:
        archive = archive_of(data, work, one)
        run = mined_from(archive, work, one, "words", 5)
        table = run.mined.table
        for threshold in THRESHOLDS:
            write_sheet(work, f"{one.name}-moves-{threshold}", move_groups(table, threshold))
        write_candidates(work, one.name, run.rows)
        write_sheet(work, f"{one.name}-needs", need_groups(run.mined))
        write_sheet(work, f"{one.name}-cells", cell_groups(run.mined))
        if one.name == "jddc":
            write_sheet(work, f"{one.name}-stars", star_groups_of(table, work, one.name))


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("mine", "sheets", "purity"))
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--work", type=Path, default=Path("mining-real"))
    given = parser.parse_args()
    if given.what == "purity":
        judgements = json.loads(JUDGEMENTS.read_text(encoding="utf-8"))
        lines = [*purity_lines(judgements["purity"]), *candidate_lines(judgements["candidates"])]
        sys.stdout.writelines(f"{line}\n" for line in lines)
    elif given.data is None:
        parser.error("expected the folder of the data")
    elif given.what == "mine":
        for line in mine_all(given.data, given.work):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    else:
        write_sheets(given.data, given.work)


if __name__ == "__main__":
    main()
