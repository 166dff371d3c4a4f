"""What a ballot refers to is checked once for it by PostgreSQL, and not again by its other rows.

Revision 0006, after 0005. Only takes checks away: it may run while people are served. SQLite, which
could lose them only by a copy of all ballots, and to which they cost little, keeps them.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
under_traffic = True


def upgrade() -> None:
    """Go up."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_ballot_link_id", "ballot", type_="foreignkey")
        op.drop_constraint("fk_device_round_id", "device", type_="foreignkey")
        op.drop_constraint("fk_comment_round_id", "comment", type_="foreignkey")
        op.drop_constraint("fk_comment_group_id", "comment", type_="foreignkey")


def downgrade() -> None:
    """Go back."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key("fk_ballot_link_id", "ballot", "link", ["link_id"], ["id"])
        op.create_foreign_key("fk_device_round_id", "device", "round", ["round_id"], ["id"])
        op.create_foreign_key("fk_comment_round_id", "comment", "round", ["round_id"], ["id"])
        op.create_foreign_key(
            "fk_comment_group_id", "comment", "appraiser_group", ["group_id"], ["id"]
        )
