"""Who named the webhook of an alert rule. Of those of before it is not known: they go on until somebody changes them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("alert_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hook_by", sa.String(length=22), nullable=False, server_default=""))
