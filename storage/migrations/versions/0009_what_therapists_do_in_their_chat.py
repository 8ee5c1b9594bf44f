"""Time that therapists block."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocked_times",
        _number(),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("from_minute", sa.BigInteger(), nullable=False),
        sa.Column("until_minute", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["therapist_id"], ["people.id"], name=op.f("fk_blocked_times_therapist_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_times")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("blocked_times", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_blocked_times_therapist_id_until_minute_from_minute"),
            ["therapist_id", "until_minute", "from_minute"],
            unique=False,
        )


def _number() -> sa.Column[int]:
    return sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
    )
