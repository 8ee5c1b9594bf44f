"""Who wants no messages and who agreed to the privacy notice; how each came to be so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people", recreate="auto" if _on_mysql() else "always") as batch_op:
        batch_op.add_column(sa.Column("opted_out_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("notice_version", sa.String(length=64), nullable=True))
    op.create_table(
        "consent_ledger",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.String(length=64), nullable=False),
        sa.Column(
            "wording",
            sa.Text().with_variant(mysql.MEDIUMTEXT(charset="ascii", collation="ascii_bin"), "mysql"),
            nullable=True,
        ),
        sa.Column("text_version", sa.String(length=64), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consent_ledger_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_ledger")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("consent_ledger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_ledger_person_id_id"), ["person_id", "id"], unique=False)
    # Until now the state of the conversation alone told that somebody wants no messages.
    op.execute(
        "UPDATE people SET opted_out_at = (SELECT updated_at FROM conversations "
        "WHERE conversations.person_id = people.id AND conversations.state = 'stopped')"
    )
    op.execute(
        "INSERT INTO consent_ledger (person_id, kind, at, how, inbox_id) "
        "SELECT id, 'opted_out', opted_out_at, 'words', 0 FROM people WHERE opted_out_at IS NOT NULL"
    )


def _on_mysql() -> bool:
    return op.get_bind().dialect.name == "mysql"
