"""Policies."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "policy_version",
        sa.Column("account", sa.String(length=22), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=43), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("signer", sa.JSON(), nullable=False),
        sa.Column("member", sa.String(length=22), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.ForeignKeyConstraint(["member"], ["member.id"]),
        sa.PrimaryKeyConstraint("account", "version"),
    )
