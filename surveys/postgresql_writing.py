"""A batch of ballots into PostgreSQL in two statements: what costs most is asking it at all.

Rows travel as an array for each column, so that the text of a statement is the same for every
number of rows: it is composed once here, and prepared once by each connection.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table

from surveys.models import Ballot, Comment, Device, Participation, TallyCell

Row = Mapping[str, Any]
Rows = Sequence[Sequence[Any]]

# Texts stay of any length on their way: a cast to the column's own type would cut them.
_ARRAYS = {int: "integer[]", bool: "boolean[]", date: "date[]"}


def insert_ballots(connection: Connection, rows: Sequence[Row]) -> list[tuple[int, str, bool]]:
    """Insert ballots and devices whose keys are not taken.

    Returns round and id of each new ballot, and whether its browser had not answered before.
    """
    found = connection.exec_driver_sql(_BALLOTS, _columns(_values(rows, _BALLOT)))
    return [(round_id, ballot_id, is_first) for round_id, ballot_id, is_first in found]


def add_counts_and_comments(
    connection: Connection,
    cells: Mapping[tuple[Any, ...], int],
    doors: Mapping[tuple[Any, ...], int],
    comments: Sequence[Row],
) -> None:
    """Add counts to the tally, then to the participation, each in one fixed order; add comments."""
    counted_cells, counted_doors = (
        [(*key, count) for key, count in sorted(some.items())] for some in (cells, doors)
    )
    arrays = (  # in the order of the statement's parts
        *_columns(counted_doors, len(_DOOR)),
        *_columns(_values(comments, _COMMENT), len(_COMMENT)),
        *_columns(counted_cells, len(_CELL)),
    )
    connection.exec_driver_sql(_COUNTS, arrays)


def _values(rows: Sequence[Row], names: Sequence[str]) -> Rows:
    return [[row[name] for name in names] for row in rows]


def _columns(rows: Rows, width: int = 0) -> tuple[str, ...]:
    """Return the columns of these rows, each as PostgreSQL writes an array."""
    return tuple(_array(column) for column in zip(*rows, strict=True)) or ("{}",) * width


def _array(values: Sequence[Any]) -> str:
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- the statements ------------------------------------------------------------------------------


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _inserting(table: Table, columns: Sequence[str]) -> str:
    """Return the beginning of a statement that inserts rows from arrays."""
    arrays = [f"%s::{_ARRAYS.get(table.c[name].type.python_type, 'text[]')}" for name in columns]
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table.name} ({names})"  # noqa: S608 - names of tables and columns
        f" SELECT * FROM unnest({', '.join(arrays)})"
    )


def _adding(table: Table, columns: Sequence[str]) -> str:
    """Return a statement that adds counts to rows, making those that are missing."""
    keys = ", ".join(columns[:-1])
    return (
        f"{_inserting(table, columns)}"
        f" ON CONFLICT ({keys}) DO UPDATE SET count = {table.name}.count + excluded.count"
    )


def _names(model: Any) -> tuple[str, ...]:
    return tuple(column.name for column in _table(model).columns)


_BALLOT, _COMMENT = _names(Ballot), _names(Comment)
_CELL, _DOOR = _names(TallyCell), _names(Participation)
_BALLOTS = (
    f"WITH fresh AS ({_inserting(_table(Ballot), _BALLOT)}"  # noqa: S608 - names
    " ON CONFLICT DO NOTHING RETURNING round_id, id, device_key),"
    f" first AS (INSERT INTO {_table(Device).name} (round_id, key, ballot_id)"
    " SELECT round_id, device_key, id FROM fresh WHERE device_key IS NOT NULL"
    # All writers in one order: none of them can wait in a circle.
    ' ORDER BY device_key COLLATE "C", id COLLATE "C"'
    " ON CONFLICT DO NOTHING RETURNING round_id, ballot_id)"
    " SELECT round_id, id, device_key IS NULL OR (round_id, id) IN (SELECT * FROM first) FROM fresh"
)
# The last part of a statement is run before those that nothing reads: the tally comes first.
_COUNTS = (
    f"WITH doors AS ({_adding(_table(Participation), _DOOR)}),"
    f" words AS ({_inserting(_table(Comment), _COMMENT)})"
    f" {_adding(_table(TallyCell), _CELL)}"
)
