"""Who has said that they will come; when clients are reminded, and when nobody is written to unasked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SETTINGS = {"reminder_minutes": "1440 60", "quiet_from": "1260", "quiet_until": "480"}


def upgrade() -> None:
    with op.batch_alter_table("appointments", recreate="auto" if _on_mysql() else "always") as batch_op:
        batch_op.add_column(sa.Column("client_confirmed_at", sa.BigInteger(), nullable=True))
    for name, value in SETTINGS.items():
        op.execute(
            f"INSERT INTO practice_settings (name, value) "  # noqa: S608  # both from the lines above
            f"SELECT '{name}', '{value}' FROM practice_settings WHERE name = 'version'"
        )


def _on_mysql() -> bool:
    return op.get_bind().dialect.name == "mysql"
