"""What replaces what, proposed times, late cancellations, and reasons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SETTINGS = {"move_notice_minutes": "720", "cancel_notice_minutes": "1440"}


def upgrade() -> None:
    with op.batch_alter_table("appointments", recreate="auto" if _on_mysql() else "always") as batch_op:
        batch_op.add_column(sa.Column("replaces", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cancelled_late", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reason", _sealed(), nullable=True))
        batch_op.create_index(batch_op.f("ix_appointments_replaces"), ["replaces"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("appointment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_from", sa.BigInteger(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("wall_time", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_proposals_appointment_id")
        ),
        sa.PrimaryKeyConstraint("appointment_id", "position", name=op.f("pk_proposals")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    for name, value in SETTINGS.items():
        op.execute(
            f"INSERT INTO practice_settings (name, value) "  # noqa: S608  # both from the lines above
            f"SELECT '{name}', '{value}' FROM practice_settings WHERE name = 'version'"
        )


def _sealed() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(mysql.MEDIUMTEXT(charset="ascii", collation="ascii_bin"), "mysql")


def _on_mysql() -> bool:
    return op.get_bind().dialect.name == "mysql"
