"""What was decided about secret ballots later, counted by group: their entrance is not known.

Revision 0005, after 0004. Only adds a table: it may run while people are served.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
under_traffic = True

CHANNELS = ("open", "window", "token", "paper", "telephone")
VALIDITIES = ("counted", "flagged", "duplicate", "held", "excluded")


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "correction",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("channel", _one_of("channel", CHANNELS), nullable=False),
        sa.Column("validity", _one_of("validity", VALIDITIES), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_correction_round_id")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["appraiser_group.id"], name=op.f("fk_correction_group_id")
        ),
        sa.PrimaryKeyConstraint(
            "round_id", "group_id", "channel", "validity", name=op.f("pk_correction")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("correction")


def _one_of(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)
