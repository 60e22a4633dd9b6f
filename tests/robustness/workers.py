"""Processes that are killed or watched by the tests: `python workers.py ROLE WORKSPACE SEED STEP [FILES]`.

With a STEP other than 0 the process kills itself at its STEP-th statement, commit or touch of a file of the workspace.
Each says on standard output, flushed line by line, what is safely done; what it has said must survive anything.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from numpy.random import Generator, default_rng
from sqlalchemy import Engine, event

from knowledge.tables import DEFAULT_TENANT, IndexKind
from knowledge.workspace import Workspace, utc_now

THEN = datetime(2026, 11, 2, 12, tzinfo=UTC)
"""The moment of every import, so that two runs write the same rows."""
FILE_STEPS = frozenset({"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "shutil.rmtree"})


def say(*words: object) -> None:
    """One line, in one write, so that a kill leaves it whole or absent."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def import_files(workspace: Workspace, _: Generator, files: Path) -> None:
    """Import a folder, in smaller transactions than usual so that there are more places to die in."""
    from knowledge.imports import ImportKind, import_folder, running

    running.ROWS_PER_TRANSACTION = 250

    def progress(kind: ImportKind) -> Callable[[int, int | None], None]:
        return lambda done, total: say("written", kind.value, done) if total is not None else None

    say("reading")
    import_folder(workspace.database, DEFAULT_TENANT, files, now=lambda: THEN, progress=progress)


def publish(workspace: Workspace, random: Generator, _: Path) -> None:
    """Publish, retire and change stock without end."""
    from knowledge.library.content import ScriptContent
    from knowledge.library.products import change_stock
    from knowledge.library.scripts import publish_script, retire_script, save_draft

    who = {"actor": "editor", "now": THEN}
    for turn in count():
        script_id = f"s{random.integers(20)}"
        with workspace.database.write() as session:
            if random.random() < 0.2:
                retire_script(session, DEFAULT_TENANT, script_id, **who)
                done = ("retired", script_id, 0)
            elif random.random() < 0.2:
                sku = f"p{random.integers(10)}"
                change_stock(session, DEFAULT_TENANT, sku, turn, **who)
                done = ("stocked", sku, turn)
            else:
                content = ScriptContent(f"第{turn}版：四点前付款当天发货。", (f"发货问题{script_id}", f"第{turn}问"))
                save_draft(session, DEFAULT_TENANT, script_id, content, **who)
                done = ("published", script_id, publish_script(session, DEFAULT_TENANT, script_id, **who).version)
        say(*done)


def decide(workspace: Workspace, random: Generator, _: Path) -> None:
    """Serve customers without end: a message comes, suggestions are shown, the first one is sent."""
    from copilot.engine.conversations import NewConversation, NewMessage, append_message, open_conversation
    from copilot.engine.decisions import NewDecision
    from copilot.engine.request import SuggestRequest
    from knowledge.tables import DecisionKind, MessageRole

    runtime = open_runtime(workspace)
    for turn in count():
        with workspace.database.write() as session:
            conversation = open_conversation(
                session, DEFAULT_TENANT, NewConversation("c1", "a1"), utc_now(), f"talk-{turn}"
            )
            said = NewMessage(MessageRole.CUSTOMER, f"发货问题s{random.integers(20)}")
            append_message(session, conversation, said, utc_now())
        say("asked", f"talk-{turn}")
        answer = runtime.engine.suggest(SuggestRequest(conversation_id=f"talk-{turn}"))
        say("shown", answer.set_id, len(answer.replies), len(answer.products))
        say("deciding", f"key-{turn}", answer.set_id)
        made = runtime.desk.decide(NewDecision(answer.set_id, DecisionKind.ACCEPT, rank=1), key=f"key-{turn}")
        say("decided", f"key-{turn}", made.id, made.conversation_version)


def build(workspace: Workspace, random: Generator, _: Path) -> None:
    """Change some texts and build the index, without end."""
    from knowledge.index.build import build_index
    from knowledge.library.content import ScriptContent
    from knowledge.library.scripts import publish_script, save_draft
    from models.encoders.hashing import HashEncoder

    for turn in count():
        with workspace.database.write() as session:
            for script_id in random.choice([f"s{number}" for number in range(20)], 8, replace=False).tolist():
                content = ScriptContent(f"第{turn}次改：{random.random()}", (f"新问法{random.random()}",))
                save_draft(session, DEFAULT_TENANT, script_id, content, actor="editor", now=THEN)
                publish_script(session, DEFAULT_TENANT, script_id, actor="editor", now=THEN)
        say("building", turn)
        report = build_index(workspace.database, workspace.index_folder, DEFAULT_TENANT, HashEncoder())
        say("built", report.snapshot, report.seq)


def follow(workspace: Workspace, _: Generator, __: Path) -> None:
    """Keep an index up to date; for each `SEQ SCRIPT` read, wait for the change and say which version is found."""
    from knowledge.index.library_index import LibraryIndex
    from models.encoders.hashing import HashEncoder

    index = LibraryIndex.open(workspace.index_folder, workspace.database, DEFAULT_TENANT, HashEncoder())
    index.start_following()
    say("ready")
    for seq, script_id in commands():
        reached = index.wait_for(int(seq), timeout_s=5.0)
        scripts = index.scripts
        ordinal = scripts.ordinal(script_id)
        say("reached" if reached else "late", "gone" if ordinal is None else scripts.version(ordinal))
    index.close()


def keep_shop(workspace: Workspace, _: Generator, __: Path) -> None:
    """Do as told: `stock SKU N`, `price SKU FEN`, `order ID CUSTOMER SKU`."""
    from dataclasses import replace

    from knowledge.library.changes import record_change
    from knowledge.library.content import ProductContent
    from knowledge.library.products import change_product
    from knowledge.tables import Order, OrderLine, Product

    say("ready")
    for what, first, *rest in commands():
        with workspace.database.write() as session:
            if what == "order":
                customer_id, sku = rest
                order = Order(
                    tenant_id=DEFAULT_TENANT, id=first, customer_id=customer_id, ordered_at=utc_now(), status="paid"
                )
                session.add_all([order, OrderLine(tenant_id=DEFAULT_TENANT, order_id=first, sku=sku)])
                record_change(session, DEFAULT_TENANT, IndexKind.CUSTOMER, customer_id)
            else:
                content = ProductContent.of(session.get_one(Product, (DEFAULT_TENANT, first)))
                column = {"stock": "stock", "price": "price_fen"}[what]
                changed = replace(content, **{column: int(rest[0])})
                change_product(session, DEFAULT_TENANT, first, changed, actor="shop", now=utc_now())
        say("done", what)


def commands() -> Iterator[list[str]]:
    """The words of each line given, until there are no more."""
    for line in sys.stdin:
        yield line.split()


def open_runtime(workspace: Workspace):
    """The engine and the desk of a workspace, as they are served."""
    from copilot.runtime import Runtime
    from copilot.settings import Settings

    return Runtime.open(Settings(workspace=workspace.folder, encoder="hash"))


ROLES = {
    "import": import_files,
    "publish": publish,
    "decide": decide,
    "build": build,
    "follow": follow,
    "shop": keep_shop,
}


def die_at(step: int, folder: str) -> None:
    """Arrange for death at a step: transactions are short, so that a death by the clock seldom falls into one."""
    steps = count(1)

    def take(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", take)
    event.listen(Engine, "commit", take)
    sys.addaudithook(lambda name, facts: take() if name in FILE_STEPS and folder in str(facts) else None)


if __name__ == "__main__":
    role, folder, seed, step, *files = sys.argv[1:]
    if int(step):
        die_at(int(step), folder)
    ROLES[role](Workspace.open(Path(folder)), default_rng(int(seed)), Path(files[0]) if files else Path())
