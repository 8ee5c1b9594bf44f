"""Appointments that are repeated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    on_mysql = op.get_bind().dialect.name == "mysql"
    with op.batch_alter_table("appointments", recreate="auto" if on_mysql else "always") as batch_op:
        batch_op.add_column(sa.Column("series", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_appointments_series"), ["series"], unique=False)
    op.execute(
        "INSERT INTO practice_settings (name, value) "
        "SELECT 'most_in_series', '12' FROM practice_settings WHERE name = 'version'"
    )
