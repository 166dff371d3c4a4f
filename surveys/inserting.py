"""Many rows in one statement: a batch costs mostly what handing its rows over costs."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table

from surveys.copying import copy_once, copy_rows

Row = Mapping[str, Any]

# From so many rows on COPY is cheaper than an INSERT of values (PostgreSQL).
COPIED_ROWS = 20
# Both stores take at most some ten thousand values in a statement.
MOST_VALUES = 15_000


def insert_once(
    connection: Connection, table: Table, rows: Sequence[Row], wanted: Sequence[str]
) -> set[tuple[Any, ...]]:
    """Insert the rows whose keys are not taken; return columns of those that were inserted."""
    if _is_copied(connection, rows):
        return set(copy_once(connection, table, rows, wanted))
    end = f"ON CONFLICT DO NOTHING RETURNING {', '.join(wanted)}"
    found = _insert(connection, table, tuple(rows[0]), [tuple(row.values()) for row in rows], end)
    return {tuple(row) for row in found}


def insert_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; a key that is taken fails all."""
    if _is_copied(connection, rows):
        copy_rows(connection, table, rows)
    elif rows:
        values = [tuple(row.values()) for row in rows]
        list(_insert(connection, table, tuple(rows[0]), values, ""))


def add_counts(
    connection: Connection,
    table: Table,
    keys: Sequence[str],
    counts: Mapping[tuple[Any, ...], int],
) -> None:
    """Add counts to the rows of these keys, making those that are missing; in one fixed order."""
    end = (
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET count = {table.name}.count + excluded.count"
    )
    rows = [(*key, count) for key, count in sorted(counts.items())]
    list(_insert(connection, table, (*keys, "count"), rows, end))


def _is_copied(connection: Connection, rows: Sequence[Row]) -> bool:
    return connection.dialect.name == "postgresql" and len(rows) >= COPIED_ROWS


def _insert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    end: str,
) -> Iterable[Sequence[Any]]:
    """Run `INSERT … VALUES (…), (…) …` in the driver's own words; yield what it returns.

    Written by hand because the statement is new for every number of rows: having it composed and
    its parameters looked up by name costs several times what the store needs to run it.
    """
    sign = "?" if connection.dialect.name == "sqlite" else "%s"
    group = f"({', '.join([sign] * len(columns))})"
    head = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "  # noqa: S608 - names
    at_once = MOST_VALUES // len(columns)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        statement = f"{head}{', '.join([group] * len(part))} {end}"
        values = tuple(chain.from_iterable(part))
        result = connection.exec_driver_sql(statement, values)
        if result.returns_rows:
            yield from result
