"""Blocked time, PINs and who has read clients' words with them, and who talks to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
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
    op.create_table(
        "therapist_pins",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "sealed_hash",
            sa.Text().with_variant(mysql.MEDIUMTEXT(charset="ascii", collation="ascii_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=False),
        sa.Column("open_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_therapist_pins_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_therapist_pins")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "access_log",
        _number(),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_access_log_person_id")),
        sa.ForeignKeyConstraint(["client_id"], ["people.id"], name=op.f("fk_access_log_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "relays",
        _number(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["people.id"], name=op.f("fk_relays_client_id")),
        sa.ForeignKeyConstraint(["therapist_id"], ["people.id"], name=op.f("fk_relays_therapist_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relays")),
        sa.UniqueConstraint("client_id", "therapist_id", name=op.f("uq_relays_client_id_therapist_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("relays", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_relays_therapist_id_closed_at_last_at"),
            ["therapist_id", "closed_at", "last_at"],
            unique=False,
        )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inbox_address_hash_heard_at"), ["address_hash", "heard_at"], unique=False
        )


def _number() -> sa.Column[int]:
    return sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
    )
