"""What statistics say beside a scoring run, and the population that open ballots are held against.

Revision 0010, after 0009. Only adds tables: it may run while people are served.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
under_traffic = True


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "population",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("variable", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=120), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("people >= 0", name=op.f("ck_population_people_not_negative")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_population_round_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", "variable", "level", name=op.f("pk_population")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "evidence",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("code_version", sa.String(length=80), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["scoring_run.id"], name=op.f("fk_evidence_run_id")),
        sa.PrimaryKeyConstraint("run_id", "form", name=op.f("pk_evidence")),
        sqlite_with_rowid=False,
    )
    then = _refusal(op.get_bind().dialect.name)
    op.execute(f"CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence {then}")
    op.execute(f"CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence {then}")


def downgrade() -> None:
    """Go back."""
    op.drop_table("evidence")  # and its triggers
    op.drop_table("population")


def _refusal(dialect: str) -> str:
    if dialect == "postgresql":
        return "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    return "BEGIN SELECT RAISE(ABORT, 'rows of evidence are never changed'); END"
