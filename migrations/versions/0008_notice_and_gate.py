"""What people are told before they answer, shared devices, and a little work for phones.

Revision 0008, after 0007. Only adds columns: it may run while people are served.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
under_traffic = True

ADDED = ("contact", "keep_months", "results_on", "notice", "notice_sha256", "asks_for_work")


def upgrade() -> None:
    """Go up."""
    op.add_column("round", sa.Column("contact", sa.String(length=200), nullable=True))
    op.add_column("round", sa.Column("keep_months", sa.Integer(), nullable=True))
    op.add_column("round", sa.Column("results_on", sa.Date(), nullable=True))
    op.add_column("round", sa.Column("notice", sa.Text(), nullable=True))
    op.add_column("round", sa.Column("notice_sha256", sa.String(length=64), nullable=True))
    op.add_column(
        "round",
        sa.Column("asks_for_work", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("unit", sa.Column("duties_en", sa.Text(), nullable=True))
    op.add_column(
        "link", sa.Column("is_shared", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Go back."""
    op.drop_column("link", "is_shared")
    op.drop_column("unit", "duties_en")
    for name in reversed(ADDED):
        op.drop_column("round", name)
