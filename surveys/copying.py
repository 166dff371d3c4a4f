"""Many rows at once into PostgreSQL: COPY takes a fraction of what an INSERT of values costs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

import psycopg
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Row = Mapping[str, Any]


def copy_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows to a table, in the transaction of the connection; a key that is taken fails all."""
    columns = tuple(rows[0])
    with _cursor(connection, f"COPY {table.name}") as cursor:
        _copy(cursor, table.name, columns, rows)


def copy_once(
    connection: Connection, table: Table, rows: Sequence[Row], wanted: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Add the rows whose keys are not taken, in their order; return columns of those added."""
    columns = tuple(rows[0])
    names, staging = ", ".join(columns), f"copied_{table.name}"
    with _cursor(connection, f"INSERT INTO {table.name}") as cursor:
        # Kept by the connection and emptied by the commit: making it each time would fill the
        # catalogue. It has the columns and none of the keys.
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging}"
            f" (LIKE {table.name}, place integer) ON COMMIT DELETE ROWS"
        )
        cursor.execute(f"DELETE FROM {staging}")  # noqa: S608 - names of tables
        placed = [{**row, "place": place} for place, row in enumerate(rows)]
        _copy(cursor, staging, (*columns, "place"), placed)
        cursor.execute(
            f"INSERT INTO {table.name} ({names})"  # noqa: S608 - names of tables and columns
            f" SELECT {names} FROM {staging} ORDER BY place"
            f" ON CONFLICT DO NOTHING RETURNING {', '.join(wanted)}"
        )
        return list(cursor.fetchall())


def _copy(
    cursor: "psycopg.Cursor[Any]", name: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copied:
        for row in rows:
            copied.write_row([_plain(row[column]) for column in columns])


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


@contextmanager
def _cursor(connection: Connection, statement: str) -> Iterator["psycopg.Cursor[Any]"]:
    """Give the driver's own cursor; its errors leave as SQLAlchemy's, without the rows in them."""
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor:
            yield cursor
    except psycopg.Error as fault:
        raise DBAPIError.instance(
            statement, None, fault, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from fault
