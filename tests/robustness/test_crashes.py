"""`kill -9` at random moments; what was said to be done is done, and nothing is done by halves.

Two kills of each kind run always, one by the clock and one at a step; `make test-slow` adds the others.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from numpy.random import default_rng

from copilot.engine.compliance import RuleBook
from copilot.engine.decisions import DecisionDesk, NewDecision
from knowledge.audit import verify_chain
from knowledge.imports import import_folder
from knowledge.index.build import build_index
from knowledge.index.library_index import LibraryIndex
from knowledge.index.verify import verify_index
from knowledge.tables import DEFAULT_TENANT, DecisionKind
from knowledge.workspace import DATABASE_FILE, Workspace, utc_now
from models.encoders.hashing import HashEncoder

THEN = datetime(2026, 11, 2, 12, tzinfo=UTC)
KILLS_OF_EACH_KIND = 20
SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, KILLS_OF_EACH_KIND))]
LONGEST_PAUSE_S = 0.05

IMPORTED_TABLES = {
    "product": "*",
    "script": "*",
    "script_version": "*",
    "customer": "*",
    "customer_tag": "tenant_id, customer_id, tag, value, source, confidence, valid_from, valid_to",
    "identity": "*",
    '"order"': "*",
    "order_line": "*",
    "order_status_change": "*",
}


MOST_LINES = {"import": 12, "publish": 120, "decide": 90, "build": 12}
STEPS = {"import": (2, 10), "publish": (100, 2), "decide": (335, 4), "build": (60, 80)}
"""The first step to die at, and how far apart: so the deaths at a step spread over one whole round of work."""


def killed(start, role: str, workspace: Path, seed: int, files: Path | None = None) -> list[list[str]]:
    """What a worker said before it died: with even seeds by the clock, with odd ones at a step of its work."""
    random = default_rng(seed)
    if seed % 2:
        first, apart = STEPS[role]
        step = first + apart * (seed // 2) + int(random.integers(apart))
        return start(role, workspace, seed, step, files).last_words()
    n_lines, pause_s = int(random.integers(1, MOST_LINES[role] + 1)), random.uniform(0, LONGEST_PAUSE_S)
    return start(role, workspace, seed, 0, files).kill_after(n_lines, pause_s)


@contextmanager
def survivor(folder: Path) -> Iterator[tuple[Workspace, sqlite3.Connection]]:
    """The workspace after a kill, opened as the product opens it, and as plain SQLite; its database is sound."""
    workspace = Workspace.open(folder)
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        yield workspace, database
    workspace.close()


def assert_index_agrees(workspace: Workspace) -> None:
    """The snapshot and the changes since say what the database says."""
    report = verify_index(workspace.database, workspace.index_folder, DEFAULT_TENANT, HashEncoder(), default_rng(0))
    assert report.problems == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_import_leaves_whole_rows_and_can_be_run_again(
    seed: int, shop_folder: Path, brand_files: Path, imported_whole: Path, start
) -> None:
    said = killed(start, "import", shop_folder, seed, brand_files)
    with survivor(shop_folder) as (workspace, database):
        assert_acknowledged_rows_are_there(database, said)
        assert_imported_rows_are_whole(database)
        assert_index_agrees(workspace)
        import_folder(workspace.database, DEFAULT_TENANT, brand_files, now=lambda: THEN)
        with closing(sqlite3.connect(imported_whole / DATABASE_FILE)) as uninterrupted:
            for table, columns in IMPORTED_TABLES.items():
                assert rows_of(database, table, columns) == rows_of(uninterrupted, table, columns), table
            assert changed_items(database) == changed_items(uninterrupted)
        assert_index_agrees(workspace)


def assert_acknowledged_rows_are_there(database: sqlite3.Connection, said: list[list[str]]) -> None:
    """Each kind has at least the rows that were said to be written."""
    tables = {"products": "product", "scripts": "script", "customers": "customer", "orders": "order_line"}
    written = {words[1]: int(words[2]) for words in said if words[0] == "written"}
    pattern = {"products": "sku%", "scripts": "script%", "customers": "customer%", "orders": "order%"}
    key = {"products": "sku", "scripts": "id", "customers": "id", "orders": "order_id"}
    for kind, n_rows in written.items():
        query = f"SELECT count(*) FROM {tables[kind]} WHERE {key[kind]} LIKE ?"  # noqa: S608
        assert database.execute(query, (pattern[kind],)).fetchone()[0] >= n_rows


def assert_imported_rows_are_whole(database: sqlite3.Connection) -> None:
    """No order without lines or line without order, no script without its version, no row without its change."""
    assert none(database, 'SELECT id FROM "order" WHERE id NOT IN (SELECT order_id FROM order_line)')
    assert none(database, 'SELECT order_id FROM order_line WHERE order_id NOT IN (SELECT id FROM "order")')
    assert none(database, 'SELECT id FROM "order" WHERE id NOT IN (SELECT order_id FROM order_status_change)')
    assert none(database, "SELECT id FROM customer WHERE id LIKE 'customer%' AND id NOT IN "
        "(SELECT customer_id FROM identity)")  # fmt: skip
    assert_scripts_are_whole(database)
    changes = changed_items(database)
    for kind, query in {
        "product": "SELECT sku FROM product",
        "script": "SELECT id FROM script",
        "customer": "SELECT id FROM customer WHERE id LIKE 'customer%'",
    }.items():
        assert {(kind, item_id) for (item_id,) in database.execute(query)} <= changes
    assert {("customer", each) for (each,) in database.execute('SELECT customer_id FROM "order"')} <= changes


@pytest.mark.parametrize("seed", SEEDS)
def test_no_acknowledged_publication_is_lost(seed: int, shop_folder: Path, start) -> None:
    said = killed(start, "publish", shop_folder, seed)
    with survivor(shop_folder) as (workspace, database):
        assert_scripts_are_whole(database)
        assert_acknowledged_versions_are_live(database, said)
        stocked = {words[1]: int(words[2]) for words in said if words[0] == "stocked"}
        stock = dict(database.execute("SELECT sku, stock FROM product"))
        assert sum(stock[sku] != expected for sku, expected in stocked.items()) <= 1  # at most the one on its way
        assert_every_change_is_announced(database)
        with workspace.database.read() as session:
            chain = verify_chain(session, DEFAULT_TENANT)
        assert chain.is_whole
        assert_index_agrees(workspace)


def assert_acknowledged_versions_are_live(database: sqlite3.Connection, said: list[list[str]]) -> None:
    """Of each script the last acknowledged step holds, or the one step that nobody was told of any more."""
    last = {words[1]: words for words in said if words[0] in ("published", "retired")}
    live = dict(database.execute("SELECT id, live_version FROM script"))
    expected = {script_id: int(words[2]) if words[0] == "published" else None for script_id, words in last.items()}
    assert sum(live[script_id] != version for script_id, version in expected.items()) <= 1
    for words in said:
        if words[0] == "published":
            kept = "SELECT published_at FROM script_version WHERE script_id = ? AND version = ?"
            assert database.execute(kept, words[1:]).fetchone()[0] is not None


def assert_scripts_are_whole(database: sqlite3.Connection) -> None:
    """A script's live version is its only published one; every other that was published has ended."""
    published = "SELECT script_id, version FROM script_version WHERE status = 'published'"
    live = "SELECT id, live_version FROM script WHERE live_version IS NOT NULL"
    assert sorted(database.execute(published)) == sorted(database.execute(live))
    assert none(database, "SELECT * FROM script_version WHERE status = 'published' AND "
        "(published_at IS NULL OR ended_at IS NOT NULL)")  # fmt: skip
    assert none(database, "SELECT * FROM script_version WHERE status = 'retired' AND ended_at IS NULL")
    latest = "SELECT script_id, max(version) FROM script_version GROUP BY script_id ORDER BY 1"
    assert list(database.execute(latest)) == list(database.execute("SELECT id, latest_version FROM script ORDER BY 1"))


def assert_every_change_is_announced(database: sqlite3.Connection) -> None:
    """Each published version is in the audit trail, and each step of the audit trail in the feed."""
    published = database.execute("SELECT script_id FROM script_version WHERE published_at IS NOT NULL")
    audited = database.execute("SELECT subject FROM audit_entry WHERE action = 'script.publish'")
    assert Counter(published) == Counter(audited)
    announced = Counter(item_id for (item_id,) in database.execute("SELECT item_id FROM index_change"))
    actions = "('script.publish', 'script.retire', 'product.change')"
    audited = database.execute(f"SELECT subject FROM audit_entry WHERE action IN {actions}")  # noqa: S608
    assert announced == Counter(subject for (subject,) in audited)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_acknowledged_decision_is_lost_or_made_twice(seed: int, shop_folder: Path, start) -> None:
    said = killed(start, "decide", shop_folder, seed)
    with survivor(shop_folder) as (workspace, database):
        shown = {words[1]: int(words[2]) + int(words[3]) for words in said if words[0] == "shown"}
        decided = {words[1]: words[2:] for words in said if words[0] == "decided"}
        assert_sets_are_whole(database, shown)
        assert_decisions_are_whole(database)
        assert_counts_agree(database)
        kept = {row[0]: [row[1].split(" ")[0], row[1].split(" ")[2]] for row in replies_kept(database)}
        assert decided.items() <= kept.items()
        assert len(kept) <= len(decided) + 1
        assert_repeats_change_nothing(workspace, database, {w[1]: w[2] for w in said if w[0] == "deciding"}, decided)


def assert_sets_are_whole(database: sqlite3.Connection, shown: dict[str, int]) -> None:
    """Every set has its suggestions, or the reason why it has none."""
    n_items = dict(database.execute("SELECT set_id, count(*) FROM suggestion GROUP BY set_id"))
    assert {set_id: n_items[set_id] for set_id in shown} == shown
    sets = database.execute("SELECT id, abstain_reason FROM suggestion_set").fetchall()
    assert n_items.keys() <= {set_id for set_id, _ in sets}
    assert len(sets) <= len(shown) + 1
    assert all(set_id in n_items for set_id, reason in sets if not reason)


def assert_decisions_are_whole(database: sqlite3.Connection) -> None:
    """Every decision has its message, its set, and the answer kept under its key; conversations count messages."""
    decisions = database.execute("SELECT set_id, sent_text, item_id FROM decision").fetchall()
    sent = database.execute("SELECT set_id, text, script_id FROM message WHERE role = 'agent'").fetchall()
    assert sorted(decisions) == sorted(sent)
    assert none(database, "SELECT set_id FROM decision WHERE set_id NOT IN (SELECT id FROM suggestion_set)")
    assert len(decisions) == len(replies_kept(database))
    positions = defaultdict(list)
    for conversation_id, position in database.execute("SELECT conversation_id, position FROM message ORDER BY 1, 2"):
        positions[conversation_id].append(position)
    versions = dict(database.execute("SELECT id, version FROM conversation"))
    assert {each: list(range(1, version + 1)) for each, version in versions.items()} == positions


def assert_counts_agree(database: sqlite3.Connection) -> None:
    """What is counted per script is what was shown and accepted."""
    counted = {row[0]: row[1:] for row in database.execute(
        "SELECT script_id, n_shown, n_accepted FROM script_use WHERE agent_id = '*'"
    )}  # fmt: skip
    shown = dict(database.execute("SELECT item_id, count(*) FROM suggestion WHERE kind = 'reply' GROUP BY 1"))
    accepted = dict(database.execute("SELECT item_id, count(*) FROM decision WHERE kind = 'accept' GROUP BY 1"))
    assert counted == {script_id: (n, accepted.get(script_id, 0)) for script_id, n in shown.items()}


def assert_repeats_change_nothing(
    workspace: Workspace, database: sqlite3.Connection, wanted: dict[str, str], decided: dict[str, list[str]]
) -> None:
    """Sending every decision again gives each acknowledged answer again, and one row for each key."""
    desk = DecisionDesk(workspace.database, tenant_id=DEFAULT_TENANT, rules=RuleBook.load(), clock=utc_now)
    for key, set_id in wanted.items():
        decision = NewDecision(set_id, DecisionKind.ACCEPT, rank=1)
        first, second = desk.decide(decision, key=key), desk.decide(decision, key=key)
        assert first == second
        assert decided.get(key, [first.id, "2"]) == [first.id, str(first.conversation_version)]
    assert_decisions_are_whole(database)
    assert database.execute("SELECT count(*) FROM decision").fetchone() == (len(wanted),)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_build_leaves_an_index_that_serves_and_can_be_built_again(seed: int, shop_folder: Path, start) -> None:
    said = killed(start, "build", shop_folder, seed)
    with survivor(shop_folder) as (workspace, _):
        built = ["gen-000001", *(words[1] for words in said if words[0] == "built")]
        index = LibraryIndex.open(workspace.index_folder, workspace.database, DEFAULT_TENANT, HashEncoder())
        assert index.version.split("+")[0] >= built[-1]
        index.close()
        assert_index_agrees(workspace)
        report = build_index(workspace.database, workspace.index_folder, DEFAULT_TENANT, HashEncoder())
        assert report.snapshot > built[-1]
        tenant = workspace.index_folder / DEFAULT_TENANT
        assert not (tenant / "building").exists()
        assert sum(path.name.startswith("gen-") for path in tenant.iterdir()) == 2
        assert_index_agrees(workspace)


def none(database: sqlite3.Connection, query: str) -> bool:
    return database.execute(query).fetchall() == []


def rows_of(database: sqlite3.Connection, table: str, columns: str) -> list[tuple[object, ...]]:
    return sorted(database.execute(f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608


def changed_items(database: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(database.execute("SELECT kind, item_id FROM index_change"))


def replies_kept(database: sqlite3.Connection) -> list[tuple[str, str]]:
    return database.execute("SELECT key, body FROM idempotent_reply").fetchall()
