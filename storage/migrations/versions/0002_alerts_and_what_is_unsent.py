"""Alerts, for somebody who may be in danger; a better index for what is unsent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["people.id"], name=op.f("fk_alerts_acknowledged_by")),
        sa.ForeignKeyConstraint(["client_id"], ["people.id"], name=op.f("fk_alerts_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alerts_client_id_id"), ["client_id", "id"], unique=False)
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        # Made first: MySQL keeps an index for the foreign key.
        batch_op.create_index(
            batch_op.f("ix_outbox_state_conversation_id_turn_position"),
            ["state", "conversation_id", "turn", "position"],
            unique=False,
        )
        batch_op.drop_index(batch_op.f("ix_outbox_conversation_id_state"))
    op.execute(
        "INSERT INTO practice_settings (name, value) "
        "SELECT 'acknowledge_within_minutes', '10' FROM practice_settings WHERE name = 'version'"
    )
