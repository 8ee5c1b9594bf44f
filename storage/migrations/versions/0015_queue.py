"""Who writes to a calendar writes to its person, so that on a cluster two who do it at once collide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite would only add to the text of the table's definition: it is made anew.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("people", recreate="always" if is_sqlite else "never") as batch_op:
        batch_op.add_column(sa.Column("queued", sa.BigInteger(), nullable=False, server_default="0"))
