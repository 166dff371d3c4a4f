"""Migrations go up and down on each engine, and what they build is what the models say."""

from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from surveys import schema
from tests.house.tree import ROOT

SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))


def revisions() -> list[str]:
    """Return every revision, the first one first."""
    return [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


def shape(engine: Engine) -> dict[str, object]:
    """Return tables, columns and views as the database tells them."""
    seen = inspect(engine)
    tables: dict[str, object] = {
        table: [
            (column["name"], str(column["type"]), column["nullable"])
            for column in seen.get_columns(table)
        ]
        for table in seen.get_table_names()
        if table != "alembic_version"
    }
    return {**tables, **dict.fromkeys(seen.get_view_names(), "view")}


def test_migrations_are_one_numbered_line():
    assert SCRIPTS.get_heads() == revisions()[-1:]
    assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]


def test_migrated_tables_agree_with_the_models(database):
    schema.check(database)


def test_migrations_run_twice_change_nothing(database):
    before = shape(database.writer)
    schema.upgrade(database)
    assert shape(database.writer) == before


def test_every_migration_goes_back_and_forth(database):
    shapes = [shape(database.writer)]
    for revision in [*reversed(revisions()[:-1]), "base"]:
        schema.downgrade(database, revision)
        shapes.append(shape(database.writer))
    assert shapes[-1] == {}
    for revision, expected in zip(revisions(), reversed(shapes[:-1]), strict=True):
        schema.upgrade(database, revision)
        assert shape(database.writer) == expected
    schema.check(database)
