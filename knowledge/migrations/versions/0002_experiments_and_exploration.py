"""Experiments and exploration: which variant a set belongs to, and what else could have been shown."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # sets already there were shown by one policy that explored nothing; the defaults say so
    with op.batch_alter_table("suggestion_set", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("experiment", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("variant", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("slate_propensity", sa.Float(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("candidates", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("suggestion_set", schema=None) as batch_op:
        for name in ("candidates", "slate_propensity", "variant", "experiment"):
            batch_op.drop_column(name)
