"""A view of single ratings for SQL readers, and tables that only grow.

Revision 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# One row per ballot, unit and item, split from the ballot's fixed-width ratings text.
RATING = """
CREATE VIEW rating AS
WITH RECURSIVE place(n) AS (
    SELECT 0 UNION ALL SELECT n + 1 FROM place WHERE n < 999
)
SELECT
    ballot.round_id,
    ballot.id AS ballot_id,
    appraiser_group.code AS group_code,
    ballot.channel,
    ballot.validity,
    unit.code AS unit_code,
    item.n + 1 AS item,
    {item_code} AS item_code,
    substr(
        ballot.ratings,
        unit_place.n * (round.unit_digits + round.item_count) + round.unit_digits + item.n + 1,
        1
    ) AS option_code
FROM ballot
JOIN round ON round.id = ballot.round_id
JOIN rule_set ON rule_set.round_id = ballot.round_id
JOIN appraiser_group ON appraiser_group.id = ballot.group_id
JOIN place AS unit_place
    ON unit_place.n * (round.unit_digits + round.item_count) < length(ballot.ratings)
JOIN place AS item ON item.n < round.item_count
JOIN unit
    ON unit.round_id = ballot.round_id
    AND unit.number = CAST(
        substr(
            ballot.ratings,
            unit_place.n * (round.unit_digits + round.item_count) + 1,
            round.unit_digits
        ) AS INTEGER
    )
"""
ITEM_CODE = {
    "sqlite": "json_extract(rule_set.document, '$.items[' || item.n || '].code')",
    "postgresql": "CAST(rule_set.document AS json) -> 'items' -> item.n ->> 'code'",
}
ONLY_GROW = ("scoring_run", "unit_score", "audit_entry")


def upgrade() -> None:
    """Go up."""
    dialect = op.get_bind().dialect.name
    op.execute(RATING.format(item_code=ITEM_CODE[dialect]))
    if dialect == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$"
        )
    for table in ONLY_GROW:
        for verb in ("UPDATE", "DELETE"):
            op.execute(_trigger(dialect, table, verb))


def downgrade() -> None:
    """Go back."""
    dialect = op.get_bind().dialect.name
    for table in ONLY_GROW:
        for verb in ("update", "delete"):
            on = f" ON {table}" if dialect == "postgresql" else ""
            op.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION refuse_change")
    op.execute("DROP VIEW rating")


def _trigger(dialect: str, table: str, verb: str) -> str:
    head = f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
    if dialect == "postgresql":
        return f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    return f"{head} BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
