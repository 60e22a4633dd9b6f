"""Shadow rankings: what a policy on trial would have shown beside the one that serves."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shadow_ranking",
        sa.Column("tenant_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("set_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shadow_version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("policy_version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("n_shown", sa.Integer(), nullable=False),
        sa.Column("served", sa.JSON(), nullable=False),
        sa.Column("shadow", sa.JSON(), nullable=False),
        sa.Column("served_abstained", sa.Boolean(), nullable=False),
        sa.Column("shadow_abstained", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "set_id"),
    )
    with op.batch_alter_table("shadow_ranking", schema=None) as batch_op:
        batch_op.create_index("ix_shadow_ranking_version", ["tenant_id", "shadow_version"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("shadow_ranking", schema=None) as batch_op:
        batch_op.drop_index("ix_shadow_ranking_version")
    op.drop_table("shadow_ranking")
