"""Hours by date, service and way to meet; time off, holidays, journeys, caps; what a service asks for."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
SERVICE_RULES = (
    *("before_minutes", "after_minutes", "start_every_minutes"),
    *("minimum_notice_minutes", "horizon_days"),
)


def upgrade() -> None:
    recreate: Literal["auto", "always"] = "auto" if op.get_bind().dialect.name == "mysql" else "always"
    with op.batch_alter_table("therapists", recreate=recreate) as batch_op:
        batch_op.add_column(_name("holidays"))
        batch_op.add_column(sa.Column("most_a_day", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("most_a_week", sa.Integer(), nullable=True))
    with op.batch_alter_table("services", recreate=recreate) as batch_op:
        batch_op.add_column(_name("price"))
        for name in SERVICE_RULES:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
    with op.batch_alter_table("offerings", recreate=recreate) as batch_op:
        batch_op.add_column(sa.Column("minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("price", sa.String(length=64), nullable=True))
    _widen_weekly_hours()
    op.create_table(
        "dated_hours",
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("from_minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("service_type", sa.String(length=64), nullable=False),
        *_of_therapist("dated_hours", "day", "from_minute", "service", "service_type"),
        **OPTIONS,
    )
    op.create_table(
        "times_off",
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("from_minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        *_of_therapist("times_off", "first_day", "from_minute"),
        **OPTIONS,
    )
    op.create_table(
        "journeys",
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("service_type", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        *_of_therapist("journeys", "service_type"),
        **OPTIONS,
    )


def _widen_weekly_hours() -> None:
    key = ("weekday", "from_minute", "service", "service_type")
    if op.get_bind().dialect.name == "mysql":  # in one statement: the foreign key needs a key at any time
        added = ", ".join(f"ADD COLUMN {name} VARCHAR(64) NOT NULL DEFAULT ''" for name in key[2:])
        whole = f"DROP PRIMARY KEY, ADD PRIMARY KEY (therapist_id, {', '.join(key)})"
        op.execute(f"ALTER TABLE weekly_hours {added}, {whole}")
        return
    hours = op.get_bind().execute(sa.text("SELECT * FROM weekly_hours")).mappings().all()
    op.drop_table("weekly_hours")
    widened = op.create_table(
        "weekly_hours",
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        _name("service"),
        _name("service_type"),
        *_of_therapist("weekly_hours", *key),
    )
    op.bulk_insert(widened, [{**row, "service": "", "service_type": ""} for row in hours])


def _of_therapist(name: str, *key: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapists.person_id"], name=op.f(f"fk_{name}_therapist_id")
        ),
        sa.PrimaryKeyConstraint("therapist_id", *key, name=op.f(f"pk_{name}")),
    )


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=64), nullable=False, server_default="")
