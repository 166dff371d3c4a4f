"""Runs migrations on the connection that it is handed; imports nothing of ours."""

import re
import warnings

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import DateTime, String
from sqlalchemy.types import TypeDecorator


def render_item(kind: str, item: object, _context: AutogenContext) -> str | bool:
    """Write our own column types as the plain types that they store."""
    if kind == "type" and isinstance(item, TypeDecorator):
        if isinstance(item.impl, DateTime):
            return "sa.DateTime(timezone=True)"
        if isinstance(item.impl, String):
            return f"sa.String(length={item.impl.length})"
    return False


NOT_TABLES = re.compile(r"rating|ballot_[0-9]+")
# The models say them, and only SQLite still checks them: see 0006.
NOT_KEYS = re.compile(r"fk_ballot_link_id|fk_device_round_id|fk_comment_(round|group)_id")

# SQLite finds receipts by this one, and PostgreSQL by two over expressions, which alembic does not
# compare on SQLite and says so each time: see 0009.
SQLITE_ALONE = re.compile(r"ix_token_spent_by")
NOT_COMPARED = ".* expression-based index 'ix_(ballot|token)_receipt'"


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave views and the partitions of a table out of the comparison."""
    return not (kind == "table" and NOT_TABLES.fullmatch(name or ""))


def is_in_both(_object: object, name: str | None, kind: str, *_others: object) -> bool:
    """Leave keys and indexes that one store alone has out of the comparison."""
    if kind == "index" and SQLITE_ALONE.fullmatch(name or ""):
        return bool(attributes["connection"].dialect.name == "sqlite")
    return not (kind == "foreign_key_constraint" and NOT_KEYS.fullmatch(name or ""))


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    render_as_batch=True,
    render_item=render_item,
    include_name=is_ours,
    include_object=is_in_both,
    compare_type=True,
    transaction_per_migration=False,
)
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", NOT_COMPARED, UserWarning)
    context.run_migrations()
