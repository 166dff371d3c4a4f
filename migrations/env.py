"""Runs migrations on the connection that it is handed; imports nothing of ours."""

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


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave views out of the comparison."""
    return not (kind == "table" and name == "rating")


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    render_as_batch=True,
    render_item=render_item,
    include_name=is_ours,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
