"""Databases written by an earlier version are brought forward with what is in them."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlmodel import select

from knowledge.database import SCHEMA_REVISION, Database, open_database
from knowledge.errors import WorkspaceError
from knowledge.library.proposals import fingerprint_of
from knowledge.migrate import MIGRATIONS, migrate
from knowledge.tables import Candidate, CandidateSource, CandidateStatus, ShadowRanking, SuggestionSet
from knowledge.workspace import Workspace

SET_OF_0001 = """
INSERT INTO suggestion_set (tenant_id, id, conversation_version, scene, stage, at, message, abstain_reason, excluded,
                            index_version, model_version, policy_version, rules_version, latency_ms)
VALUES ('default', 'old', 1, 'direct', '', '2026-01-05 10:00:00', '在吗', '', '[]', 'i', 'm', 'p', 'r', 3.5)
"""

CANDIDATES_OF_0003 = """
INSERT INTO candidate (tenant_id, id, text, triggers, stage, scene, evidence, status, created_at)
VALUES ('default', 'request-1', '', '["可以寄到国外吗"]', '', '', '{"n_requests": 2}', 'requested', '2026-01-05 10:00'),
       ('default', 'mined-1', '满 99 元包邮。', '[]', '转化', 'direct', '{}', 'new', '2026-01-06 10:00')
"""


def run_to(database: Database, revision: str, step=command.upgrade) -> None:
    with database.engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        step(config, revision)
        connection.commit()


@pytest.fixture
def old(tmp_path: Path):
    """A database of the first version with one suggestion set."""
    (tmp_path / "shop").mkdir()
    database = open_database(f"sqlite:///{tmp_path / 'shop' / 'copilot.db'}")
    run_to(database, "0001")
    with database.engine.begin() as connection:
        connection.execute(text(SET_OF_0001))
    yield database
    database.close()


def test_sets_of_the_first_version_were_certain_and_in_no_experiment(old: Database) -> None:
    migrate(old)
    assert old.revision() == SCHEMA_REVISION
    with old.read() as session:
        kept = session.exec(select(SuggestionSet)).one()
    assert (kept.id, kept.message, kept.latency_ms) == ("old", "在吗", 3.5)
    assert (kept.experiment, kept.variant, kept.slate_propensity, kept.candidates) == ("", "", 1.0, [])


def test_a_workspace_of_the_first_version_says_how_to_upgrade(old: Database, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"schema 0001.*copilot init"):
        Workspace.open(tmp_path / "shop")
    Workspace.create(tmp_path / "shop").close()
    Workspace.open(tmp_path / "shop").close()


def test_shadow_rankings_of_the_third_version_come_and_go_without_touching_the_sets(old: Database) -> None:
    run_to(old, "0002")
    migrate(old)
    with old.write() as session:
        ranking = ShadowRanking(
            tenant_id="default",
            set_id="old",
            shadow_version="v",
            policy_version="p",
            n_shown=3,
            served=[{"script_id": "a"}],
            served_abstained=False,
            shadow_abstained=True,
        )
        session.add(ranking)
    with old.read() as session:
        kept = session.exec(select(ShadowRanking)).one()
        assert (kept.served, kept.shadow, kept.shadow_abstained) == ([{"script_id": "a"}], [], True)
    run_to(old, "0002", command.downgrade)
    assert not inspect(old.engine).has_table("shadow_ranking")
    migrate(old)
    with old.read() as session:
        assert session.exec(select(ShadowRanking)).all() == []
        assert session.exec(select(SuggestionSet)).one().id == "old"


def test_the_way_back_keeps_the_sets(old: Database) -> None:
    migrate(old)
    run_to(old, "0001", command.downgrade)
    with old.engine.connect() as connection:
        columns = connection.execute(text("SELECT * FROM suggestion_set")).mappings().one().keys()
    assert "candidates" not in columns
    assert "message" in columns


def test_candidates_of_the_third_revision_keep_what_they_say_and_learn_where_they_come_from(old: Database) -> None:
    run_to(old, "0003")
    with old.engine.begin() as connection:
        connection.execute(text(CANDIDATES_OF_0003))
    migrate(old)
    with old.read() as session:
        mined, wish = session.exec(select(Candidate).order_by(Candidate.id)).all()
    assert (wish.source, wish.status) == (CandidateSource.REQUESTED, CandidateStatus.REQUESTED)
    assert (wish.triggers, wish.evidence, wish.fingerprint) == (["可以寄到国外吗"], {"n_requests": 2}, "")
    assert (mined.source, mined.status, mined.stage) == (CandidateSource.MINED, CandidateStatus.NEW, "转化")
    assert mined.fingerprint == fingerprint_of("满99元包邮")
    assert mined.updated_at == mined.created_at
    assert (mined.skus, mined.reason, mined.decided_at, mined.script_id) == ([], "", None, None)
    run_to(old, "0003", command.downgrade)
    with old.engine.connect() as connection:
        kept = connection.execute(text("SELECT id, status FROM candidate ORDER BY id")).all()
    assert [tuple(row) for row in kept] == [("mined-1", "new"), ("request-1", "requested")]
