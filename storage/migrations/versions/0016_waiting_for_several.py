"""A client may wait for several times of one service."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Its foreign key needs an index at any time, so the new one comes first.
    with op.batch_alter_table("waitlist") as batch_op:
        batch_op.create_index(batch_op.f("ix_waitlist_client_id"), ["client_id"])
    with op.batch_alter_table("waitlist") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_waitlist_client_id_service"), type_="unique")
