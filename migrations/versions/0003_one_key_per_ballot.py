"""A ballot has one key, and PostgreSQL spreads ballots over partitions by it.

Revision 0003, after 0002. Rewrites the table of ballots: run it while nobody is served.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
under_traffic = False

PARTITIONS = 8
CHANNELS = ("open", "window", "token", "paper", "telephone")
VALIDITIES = ("counted", "flagged", "duplicate", "held", "excluded")
KEPT = (
    "round_id, group_id, channel, link_id, device_key, ratings, answers, received_on, seconds, "
    "validity, reasons"
)


def upgrade() -> None:
    """Go up: the id of a ballot that is not secret becomes the one that came with its page."""
    view = _without_view()
    op.create_table(
        "device",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=43), nullable=False),
        sa.Column("ballot_id", sa.String(length=22), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_device_round_id")),
        sa.PrimaryKeyConstraint("round_id", "key", name=op.f("pk_device")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "UPDATE comment SET ballot_id = (SELECT substr(ballot.submission_id, 1, 22) FROM ballot"
        " WHERE ballot.round_id = comment.round_id AND ballot.id = comment.ballot_id)"
        " WHERE ballot_id IS NOT NULL"
    )
    _rename_old()
    _create_ballot([])
    _spread()
    op.execute(
        f"INSERT INTO ballot (id, {KEPT})"  # noqa: S608 - names of columns
        f" SELECT coalesce(substr(submission_id, 1, 22), id), {KEPT} FROM ballot_before"
    )
    op.execute(
        "INSERT INTO device (round_id, key, ballot_id) SELECT round_id, device_key, id FROM ballot"
        " WHERE device_key IS NOT NULL AND validity <> 'duplicate'"
    )
    op.drop_table("ballot_before")
    op.execute(view)


def downgrade() -> None:
    """Go back: submission ids get a column of their own again."""
    view = _without_view()
    _rename_old()
    _create_ballot([sa.Column("submission_id", sa.String(length=80), nullable=True)])
    op.execute(
        f"INSERT INTO ballot (id, submission_id, {KEPT})"  # noqa: S608 - names of columns
        f" SELECT id, CASE WHEN channel = 'token' THEN NULL ELSE id END, {KEPT} FROM ballot_before"
    )
    op.drop_table("ballot_before")
    op.drop_table("device")
    op.create_index(
        "uq_ballot_round_id_submission_id", "ballot", ["round_id", "submission_id"], unique=True
    )
    op.create_index(
        "uq_ballot_round_id_device_key",
        "ballot",
        ["round_id", "device_key"],
        unique=True,
        sqlite_where=sa.text("validity <> 'duplicate'"),
        postgresql_where=sa.text("validity <> 'duplicate'"),
    )
    op.execute(view)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _without_view() -> str:
    """Drop the view of ratings, which reads the table; return how it was made."""
    find = (
        "SELECT 'CREATE VIEW rating AS ' || pg_get_viewdef('rating'::regclass)"
        if _is_postgresql()
        else "SELECT sql FROM sqlite_schema WHERE name = 'rating'"
    )
    made = op.get_bind().execute(sa.text(find)).scalar_one()
    op.execute("DROP VIEW rating")
    return str(made)


def _rename_old() -> None:
    if not _is_postgresql():
        op.rename_table("ballot", "ballot_before")
        return
    # Names of keys belong to the schema there, and the new table takes the old ones.
    op.execute("ALTER TABLE ballot RENAME TO ballot_before")
    op.execute("ALTER TABLE ballot_before RENAME CONSTRAINT pk_ballot TO pk_ballot_before")


def _create_ballot(more: list[sa.Column]) -> None:  # type: ignore[type-arg]
    is_spread = not more
    options = {"postgresql_partition_by": "HASH (id)"} if is_spread else {}
    op.create_table(
        "ballot",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("channel", _one_of("channel", CHANNELS), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        *more,
        sa.Column("device_key", sa.String(length=43), nullable=True),
        sa.Column("ratings", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("validity", _one_of("validity", VALIDITIES), nullable=False),
        sa.Column("reasons", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["appraiser_group.id"], name=op.f("fk_ballot_group_id")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_ballot_link_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_ballot_round_id")),
        sa.PrimaryKeyConstraint("round_id", "id", name=op.f("pk_ballot")),
        sqlite_with_rowid=False,
        **options,
    )


def _one_of(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def _spread() -> None:
    if _is_postgresql():
        for place in range(PARTITIONS):
            op.execute(
                f"CREATE TABLE ballot_{place} PARTITION OF ballot"
                f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {place})"
            )
