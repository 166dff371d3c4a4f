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
