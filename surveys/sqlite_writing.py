"""A batch of ballots into SQLite: many rows in one statement, which is cheap to ask there."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection

Row = Mapping[str, Any]

# A statement takes at most some thirty thousand values.
MOST_VALUES = 15_000

_CELL = ("round_id", "group_id", "channel", "unit_number", "pattern", "is_flagged")
_DOOR = ("round_id", "link_id", "day", "validity")


def insert_ballots(connection: Connection, rows: Sequence[Row]) -> list[tuple[int, str, bool]]:
    """Insert ballots and devices whose keys are not taken.

    Returns round and id of each new ballot, and whether its browser had not answered before.
    """
    new = set(_insert_once(connection, "ballot", rows, "round_id, id"))
    devices = {
        (row["round_id"], row["id"]): {
            "round_id": row["round_id"],
            "key": row["device_key"],
            "ballot_id": row["id"],
        }
        for row in rows
        if row["device_key"] and (row["round_id"], row["id"]) in new
    }
    first = set(_insert_once(connection, "device", [*devices.values()], "round_id, ballot_id"))
    return [(*key, key not in devices or key in first) for key in new]


def add_counts_and_comments(
    connection: Connection,
    cells: Mapping[tuple[Any, ...], int],
    doors: Mapping[tuple[Any, ...], int],
    comments: Sequence[Row],
) -> None:
    """Add counts to the tally and to the participation; add comments."""
    _add_counts(connection, "tally", _CELL, cells)
    _add_counts(connection, "participation", _DOOR, doors)
    if comments:
        words = [tuple(row.values()) for row in comments]
        list(_insert(connection, "comment", tuple(comments[0]), words, ""))


def _insert_once(
    connection: Connection, table: str, rows: Sequence[Row], wanted: str
) -> list[tuple[Any, ...]]:
    """Insert the rows whose keys are not taken; return columns of those that were inserted."""
    if not rows:
        return []
    end = f"ON CONFLICT DO NOTHING RETURNING {wanted}"
    found = _insert(connection, table, tuple(rows[0]), [tuple(row.values()) for row in rows], end)
    return [tuple(row) for row in found]


def _add_counts(
    connection: Connection,
    table: str,
    keys: Sequence[str],
    counts: Mapping[tuple[Any, ...], int],
) -> None:
    """Add counts to the rows of these keys, making those that are missing."""
    end = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET count = {table}.count + excluded.count"
    rows = [(*key, count) for key, count in sorted(counts.items())]
    list(_insert(connection, table, (*keys, "count"), rows, end))


def _insert(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    end: str,
) -> Iterable[Sequence[Any]]:
    """Run `INSERT … VALUES (…), (…) …` in the driver's own words; yield what it returns.

    Written by hand because the statement is new for every number of rows: having it composed and
    its parameters looked up by name costs several times what the store needs to run it.
    """
    group = f"({', '.join(['?'] * len(columns))})"
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608 - names
    at_once = MOST_VALUES // len(columns)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        statement = f"{head}{', '.join([group] * len(part))} {end}"
        values = tuple(chain.from_iterable(part))
        result = connection.exec_driver_sql(statement, values)
        if result.returns_rows:
            yield from result
