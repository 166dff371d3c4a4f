"""What somebody with a one-time code has filled in so far, sealed with that code.

Revision 0007, after 0006. Only adds a table: it may run while people are served.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
under_traffic = True


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "draft",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["link.id"], name=op.f("fk_draft_link_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_draft")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_draft_link_id", "draft", ["link_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_draft_link_id", "draft")
    op.drop_table("draft")
