"""Members besides the owner, and who looked."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "look",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=22), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("member", sa.String(length=22), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=22), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "day", "member", "page", "scope", "subject"),
    )
    op.create_table(
        "look_person",
        sa.Column("look", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=22), nullable=False),
        sa.Column("person", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.ForeignKeyConstraint(["look"], ["look.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("look", "person"),
    )
    op.create_index("ix_look_person_person", "look_person", ["person"])
    with op.batch_alter_table("member") as member:
        member.add_column(sa.Column("person", sa.Integer(), nullable=True))
        member.add_column(sa.Column("label", sa.Text(), nullable=False, server_default=""))
        member.add_column(sa.Column("ticket", sa.String(length=22), nullable=False, server_default=""))
        member.add_column(sa.Column("redemption", sa.Integer(), nullable=False, server_default="0"))
        member.add_column(sa.Column("invitation", sa.Text(), nullable=False, server_default=""))
        member.add_column(sa.Column("joining", sa.Text(), nullable=False, server_default=""))
        member.add_column(sa.Column("joined", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("invitation", sa.Text(), nullable=False, server_default=""))
        ticket.add_column(sa.Column("label", sa.Text(), nullable=False, server_default=""))
