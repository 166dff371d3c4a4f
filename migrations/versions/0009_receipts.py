"""A receipt is found by the beginning of a ballot's id, or of the mark that a spent token keeps.

Revision 0009, after 0008. Reads every ballot and token for an index: run it while nobody is served.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
under_traffic = False


def upgrade() -> None:
    """Go up."""
    if op.get_bind().dialect.name == "postgresql":
        # Equal beginnings are equal in any collation; a range of texts is not the same everywhere.
        op.create_index("ix_ballot_receipt", "ballot", [sa.text("left(id, 10)")])
        op.create_index("ix_token_receipt", "token", [sa.text("left(spent_by, 15)")])
    else:
        op.create_index("ix_token_spent_by", "token", ["spent_by"])


def downgrade() -> None:
    """Go back."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_token_receipt", "token")
        op.drop_index("ix_ballot_receipt", "ballot")
    else:
        op.drop_index("ix_token_spent_by", "token")
