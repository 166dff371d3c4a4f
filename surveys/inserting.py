"""Many rows in one statement: a batch costs mostly what handing its rows over costs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
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
    return {tuple(row) for row in _insert(connection, table, rows, end)}


def insert_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; a key that is taken fails all."""
    if _is_copied(connection, rows):
        copy_rows(connection, table, rows)
    else:
        list(_insert(connection, table, rows, ""))


def add_counts(
    connection: Connection,
    table: Table,
    keys: Sequence[str],
    counts: Mapping[tuple[Any, ...], int],
) -> None:
    """Add counts to the rows of these keys, making those that are missing; in one fixed order."""
    rows = [
        {**dict(zip(keys, key, strict=True)), "count": count}
        for key, count in sorted(counts.items(), key=lambda entry: tuple(map(str, entry[0])))
    ]
    end = (
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET count = {table.name}.count + excluded.count"
    )
    list(_insert(connection, table, rows, end))


def _is_copied(connection: Connection, rows: Sequence[Row]) -> bool:
    return connection.dialect.name == "postgresql" and len(rows) >= COPIED_ROWS


def _insert(
    connection: Connection, table: Table, rows: Sequence[Row], end: str
) -> Iterable[Sequence[Any]]:
    """Run `INSERT … VALUES (…), (…) …` in the driver's own words; yield what it returns.

    Written by hand because the statement is new for every number of rows: having it composed and
    its parameters looked up by name costs several times what the store needs to run it.
    """
    if not rows:
        return
    columns = tuple(rows[0])
    sign = "?" if connection.dialect.name == "sqlite" else "%s"
    group = f"({', '.join([sign] * len(columns))})"
    head = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "  # noqa: S608 - names
    at_once = MOST_VALUES // len(columns)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        values = tuple(chain.from_iterable(map(_plain, row.values()) for row in part))
        statement = f"{head}{', '.join([group] * len(part))} {end}"
        result = connection.exec_driver_sql(statement, values)
        if result.returns_rows:
            yield from result


def _plain(value: Any) -> Any:
    """Return a value as both drivers take it."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
