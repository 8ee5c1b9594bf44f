"""The words of templates: what was sent with one is recognised by them, whatever the texts say by now."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite writes a column that is only added behind the table's constraints.
    anew: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("contents", schema=None, recreate=anew) as batch_op:
        batch_op.add_column(sa.Column("body", sa.Text(), nullable=True))
