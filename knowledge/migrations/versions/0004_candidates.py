"""Candidates: where they come from, what they say, and what an editor decided."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from knowledge.library.proposals import fingerprint_of
from knowledge.tables.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SOURCE = sa.Enum("mined", "requested", "gap", name="candidatesource", native_enum=False, length=32)
STATUS = sa.Enum(
    "new", "requested", "approved", "merged", "rejected", name="candidatestatus", native_enum=False, length=32
)
TEXTS = ("title", "fingerprint", "reason", "decided_by")
ADDED = ("source", *TEXTS, "skus", "decided_at", "script_id", "updated_at")


def upgrade() -> None:
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", SOURCE, nullable=False, server_default="mined"))
        for name in TEXTS:
            batch_op.add_column(sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("skus", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("script_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.add_column(sa.Column("updated_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.alter_column("status", existing_type=sqlmodel.sql.sqltypes.AutoString(), type_=STATUS, nullable=False)
        batch_op.create_index("ix_candidate_fingerprint", ["tenant_id", "fingerprint"], unique=False)
    _describe_those_already_there()
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.alter_column("updated_at", existing_type=UtcDateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.drop_index("ix_candidate_fingerprint")
        batch_op.alter_column("status", existing_type=STATUS, type_=sqlmodel.sql.sqltypes.AutoString(), nullable=False)
        for name in ADDED:
            batch_op.drop_column(name)


def _describe_those_already_there() -> None:
    # until now an agent's wish could be told by its status alone, and nothing was ever decided
    op.execute("UPDATE candidate SET updated_at = created_at")
    op.execute("UPDATE candidate SET source = 'requested' WHERE status = 'requested'")
    connection = op.get_bind()
    set_fingerprint = sa.text("UPDATE candidate SET fingerprint = :fingerprint WHERE tenant_id = :tenant AND id = :id")
    for tenant, candidate_id, text in connection.execute(sa.text("SELECT tenant_id, id, text FROM candidate")).all():
        values = {"fingerprint": fingerprint_of(text), "tenant": tenant, "id": candidate_id}
        connection.execute(set_fingerprint, values)
