import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from knowledge.database import SCHEMA_REVISION, open_database
from knowledge.errors import WorkspaceError
from knowledge.migrate import MIGRATIONS, migrate
from knowledge.workspace import Workspace


def test_the_migrations_make_exactly_the_tables(tmp_path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    migrate(database)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    assert database.revision() == SCHEMA_REVISION
    database.close()


def test_the_newest_migration_is_the_revision_this_code_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_REVISION


def test_making_a_workspace_twice_keeps_what_is_in_it(tmp_path) -> None:
    Workspace.create(tmp_path / "shop", tenant_name="first").close()
    again = Workspace.create(tmp_path / "shop", tenant_name="second")
    with again.database.read() as session:
        assert session.connection().exec_driver_sql("SELECT name FROM tenant").scalars().all() == ["first"]
    again.close()


def test_a_missing_workspace_says_what_to_run(tmp_path) -> None:
    with pytest.raises(WorkspaceError, match="copilot init"):
        Workspace.open(tmp_path / "nowhere")


def test_a_url_that_cannot_be_used_is_shown_without_its_password() -> None:
    with pytest.raises(WorkspaceError) as raised:
        open_database("nosuchdatabase://shop:secret@host/db")
    assert "secret" not in str(raised.value).split(" cannot be used")[0]
    assert "shop:***@host" in str(raised.value)
