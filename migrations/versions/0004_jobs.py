"""Long work as rows, and what recounts of the tally found.

Revision 0004, after 0003. Only adds tables: it may run while people are served.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
under_traffic = True

STATES = ("waiting", "running", "done", "failed", "cancelled")


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *STATES, name="job_state", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("total_count", sa.Integer(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("holder", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("done_count >= 0", name=op.f("ck_job_done_count_not_negative")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_job_round_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_round_id", "job", ["round_id"], unique=False)
    op.create_index("ix_job_state", "job", ["state"], unique=False)
    op.create_table(
        "tally_check",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("tally_sha256", sa.String(length=64), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ballots", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_tally_check_round_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "round_id", "tally_sha256", "checked_at", name=op.f("pk_tally_check")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("tally_check")
    op.drop_index("ix_job_state", "job")
    op.drop_index("ix_job_round_id", "job")
    op.drop_table("job")
