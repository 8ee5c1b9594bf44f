"""Which messages wait for no other: the numbers to call in a crisis, and the alert about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite would only add to the text of the table's definition: it is made anew.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("outbox", recreate="always" if is_sqlite else "never") as batch_op:
        batch_op.add_column(sa.Column("urgent", sa.Integer(), server_default=sa.text("0"), nullable=False))
