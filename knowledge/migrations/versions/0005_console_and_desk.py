"""The console and the desk: what was read and taken back, group members, remarks, views, cases, bulk changes."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from knowledge.tables.columns import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLE = sa.Enum("customer", "agent", name="messagerole", native_enum=False, length=32)
NEW_TABLES = ("bulk_change", "conversation_member", "read_mark", "regression_case", "saved_view", "script_comment")


def upgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(_moment("withdrawn_at", nullable=True))
        batch_op.add_column(_text("withdrawn_by", nullable=True))
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.add_column(_moment("undone_at", nullable=True))
    with op.batch_alter_table("suggestion_set", schema=None) as batch_op:
        batch_op.create_index("ix_suggestion_set_at", ["tenant_id", "at"], unique=False)
        batch_op.create_index("ix_suggestion_set_conversation", ["tenant_id", "conversation_id", "at"], unique=False)
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        # what was shown is counted over millions of rows, most of whose bytes are texts and features
        batch_op.create_index("ix_suggestion_item", ["tenant_id", "set_id", "kind", "rank", "item_id"], unique=False)
    with op.batch_alter_table("friendship", schema=None) as batch_op:
        batch_op.create_index("ix_friendship_customer", ["tenant_id", "customer_id"], unique=False)
    op.execute("""UPDATE "user" SET language = ''""")  # nobody could choose one before
    _create(
        "conversation_member",
        ("conversation_id", "member_id"),
        _text("name"),
        sa.Column("role", ROLE, nullable=False),
        _text("customer_id", nullable=True),
    )
    _create(
        "read_mark", ("agent_id", "conversation_id"), sa.Column("position", sa.Integer(), nullable=False), _moment("at")
    )
    _create(
        "script_comment",
        ("id",),
        _text("script_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        *(_text(name) for name in ("author", "text")),
        _moment("at"),
        _text("resolved_by"),
        _moment("resolved_at", nullable=True),
    )
    with op.batch_alter_table("script_comment", schema=None) as batch_op:
        batch_op.create_index("ix_script_comment_script", ["tenant_id", "script_id"], unique=False)
    _create(
        "saved_view", ("id",), *(_text(name) for name in ("owner", "page", "name", "address")), _moment("created_at")
    )
    _create(
        "regression_case",
        ("id",),
        *(_text(name) for name in ("message", "script_id")),
        sa.Column("within", sa.Integer(), nullable=False),
        _text("scene"),
        _text("customer_id", nullable=True),
        *(_text(name) for name in ("note", "author")),
        _moment("at"),
    )
    _create(
        "bulk_change",
        ("id",),
        *(_text(name) for name in ("action", "actor")),
        _moment("at"),
        sa.Column("detail", sa.JSON(), nullable=False),
        _text("undone_by"),
        _moment("undone_at", nullable=True),
    )


def downgrade() -> None:
    for name in reversed(NEW_TABLES):
        op.drop_table(name)
    op.execute("""UPDATE "user" SET language = 'zh' WHERE language = ''""")
    with op.batch_alter_table("friendship", schema=None) as batch_op:
        batch_op.drop_index("ix_friendship_customer")
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.drop_index("ix_suggestion_item")
    with op.batch_alter_table("suggestion_set", schema=None) as batch_op:
        batch_op.drop_index("ix_suggestion_set_conversation")
        batch_op.drop_index("ix_suggestion_set_at")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_column("undone_at")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("withdrawn_by")
        batch_op.drop_column("withdrawn_at")


def _create(name: str, keys: tuple[str, ...], *columns: sa.Column) -> None:
    """A table whose primary key is the tenant and these texts."""
    key_columns = [_text(key) for key in ("tenant_id", *keys)]
    op.create_table(name, *key_columns, *columns, sa.PrimaryKeyConstraint("tenant_id", *keys))


def _text(name: str, *, nullable: bool = False, server_default: str | None = None) -> sa.Column:
    return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=nullable, server_default=server_default)


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)
