"""How often a message was sent again after it was in doubt or came back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite would only add to the text of the table's definition: it is made anew.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("outbox", recreate="always" if is_sqlite else "never") as batch_op:
        batch_op.add_column(sa.Column("resent", sa.Integer(), server_default="0", nullable=False))
