"""Templates, and when somebody was last heard: outside the 24 hours WhatsApp takes nothing else."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DAY = 24 * 3600


def upgrade() -> None:
    op.create_table(
        "contents",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("name", sa.String(length=190), nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("text_key", sa.String(length=190), nullable=False),
        sa.Column("language", sa.String(length=64), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("buttons", sa.Text(), nullable=False),
        sa.Column("approval", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contents")),
        sa.UniqueConstraint("name", name=op.f("uq_contents_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    # SQLite writes a column that is only added behind the table's constraints.
    anew: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("conversations", schema=None, recreate=anew) as batch_op:
        batch_op.add_column(sa.Column("heard_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("template_only", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
    _note_who_was_heard()


def _note_who_was_heard() -> None:
    """Of whoever wrote during the last day, so that nobody seems silent because of the upgrade."""
    connection = op.get_bind()
    (newest,) = connection.execute(sa.text("SELECT MAX(heard_at) FROM inbox")).one()
    heard = connection.execute(
        sa.text(
            "SELECT c.id, MAX(i.heard_at) FROM inbox i"
            " JOIN people p ON p.role = i.flow AND p.address_hash = i.address_hash"
            " JOIN conversations c ON c.person_id = p.id"
            " WHERE i.heard_at > :since AND i.kind IN ('text', 'tap', 'media', 'location')"
            " GROUP BY c.id"
        ),
        {"since": (newest or 0) - DAY},
    ).all()
    for conversation, at in heard:
        connection.execute(
            sa.text("UPDATE conversations SET heard_at = :at WHERE id = :conversation"),
            {"at": at, "conversation": conversation},
        )
