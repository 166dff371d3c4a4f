"""Migrations go up and down on each engine, and what they build is what the models say."""

import ast
import re
from pathlib import Path

import pytest
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


# Steps that take something away, rewrite it or hold a table for long: nobody is served meanwhile.
CONTRACT_STEPS = frozenset({"0009"})
# The first migration that may meet people who are being served.
FIRST_UNDER_TRAFFIC = "0004"


def calls(function: ast.FunctionDef) -> list[ast.Call]:
    """Return what a migration's function asks alembic to do, in order."""
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "op"
        and node.func.attr not in {"f", "get_bind"}
    ]


def said(call: ast.Call, place: int, name: str) -> object:
    """Return an argument of a call where it is written out."""
    named = [word.value for word in call.keywords if word.arg == name]
    found = call.args[place : place + 1] or named
    return found[0].value if found and isinstance(found[0], ast.Constant) else None


def contracting(source: str) -> list[str]:
    """Return the steps of an upgrade that code of the release before cannot live with."""
    (function,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    ]
    asked = calls(function)
    made = {said(call, 0, "table_name") for call in asked if call.func.attr == "create_table"}
    return [ast.unparse(call) for call in asked if not expands(call, made)]


def expands(call: ast.Call, made: set[object]) -> bool:
    """Tell whether a step leaves all that is used, and holds no table for more than a moment."""
    if call.func.attr == "create_table":
        return True
    if call.func.attr == "create_index":
        return said(call, 1, "table_name") in made
    if call.func.attr == "drop_constraint":  # code that kept to it does no harm without it
        return said(call, 2, "type_") == "foreignkey"
    if call.func.attr == "add_column":
        column = ast.unparse(call.args[1])
        return "nullable=True" in column or "server_default=" in column
    if call.func.attr == "execute":  # of plain SQL only what concerns a new table
        words = re.findall(r"\w+", ast.unparse(call).lower())
        return "create" in words and any(str(table) in words for table in made)
    return False


@pytest.mark.parametrize("script", list(SCRIPTS.walk_revisions()), ids=lambda one: one.revision)
def test_a_migration_can_run_while_people_are_served(script):
    if script.revision < FIRST_UNDER_TRAFFIC or script.revision in CONTRACT_STEPS:
        return
    assert script.module.under_traffic is True
    assert contracting(Path(script.path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("step", "is_safe"),
    [
        ('op.create_table("job", sa.Column("id"))', True),
        ('op.create_table("job"); op.create_index("i", "job", ["id"])', True),
        ('op.create_index("i", "ballot", ["id"])', False),
        ('op.add_column("ballot", sa.Column("x", sa.Text(), nullable=True))', True),
        ('op.add_column("ballot", sa.Column("x", sa.Text(), nullable=False))', False),
        (
            'op.add_column("b", sa.Column("x", sa.Text(), nullable=False, server_default=""))',
            True,
        ),
        ('op.drop_column("ballot", "x")', False),
        ('op.drop_table("ballot")', False),
        ('op.drop_constraint("f", "ballot", type_="foreignkey")', True),
        ('op.drop_constraint("p", "ballot", type_="primary")', False),
        ('op.rename_table("ballot", "b")', False),
        ('op.alter_column("ballot", "x", type_=sa.Text())', False),
        ('op.execute("ALTER TABLE ballot RENAME TO b")', False),
        ('op.create_table("job"); op.execute("CREATE TRIGGER t BEFORE UPDATE ON job")', True),
    ],
)
def test_the_rule_about_migrations_tells_them_apart(step, is_safe):
    assert (contracting(f"def upgrade():\n    {step}\n") == []) is is_safe
