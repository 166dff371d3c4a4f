"""Counts the ballots of a PostgreSQL store: the server joins their texts, numpy counts them."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, make_url, text

from analytics.pieces import PieceCounter
from surveys.tallies import UNKNOWN, Counts, Frame, kinds_of

# Names the store without telling its password: whoever counts has the setting itself.
SETTING = "PINGYI_DATABASE_URL"
BLOCKS_AT_ONCE = 512  # of 8 KiB each
BLOCKS_OF_A_PART = 16 * 1024
CONNECT_SECONDS = 10


@dataclass(frozen=True)
class ServerPart:
    """The ballots of a round in some blocks of a table; `to_block` is outside.

    `snapshot` is the moment at which the whole count is taken, so that ballots which arrive in
    the middle are in none of its parts.
    """

    frame: Frame
    table: str
    from_block: int
    to_block: int
    snapshot: str | None


def parts_of(connection: Connection, frame: Frame) -> tuple[ServerPart, ...]:
    """Return the parts of a round, as the transaction of this connection sees it."""
    snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
    parts = []
    for table, blocks in connection.execute(text(_TABLES)):
        parts += [
            ServerPart(frame, table, start, min(start + BLOCKS_OF_A_PART, blocks), snapshot)
            for start in range(0, max(blocks, 1), BLOCKS_OF_A_PART)
        ]
    return tuple(parts)


# The table itself where it is not partitioned. A block is whatever size the server was built for.
_TABLES = """
SELECT quote_ident(name.nspname) || '.' || quote_ident(leaf.relname),
       pg_relation_size(leaf.oid) / current_setting('block_size')::bigint
  FROM pg_class AS leaf JOIN pg_namespace AS name ON name.oid = leaf.relnamespace
 WHERE leaf.relkind = 'r'
   AND (leaf.oid = 'ballot'::regclass
        OR leaf.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'ballot'::regclass))
 ORDER BY leaf.relname
"""


def count_part(part: ServerPart, address: str | None = None) -> Counts:
    """Return what the ballots of one part come to.

    Without an address it is read from the setting, which a worker on another machine needs too.
    """
    address = address or os.environ.get(SETTING)
    if not address:
        raise RuntimeError(f"whoever counts needs the setting {SETTING}")
    kinds = kinds_of(part.frame)
    keys = {kind: key for key, kind in enumerate(kinds)}
    codes = part.frame.group_codes
    counter = PieceCounter(part.frame.shape, len(kinds))
    ballots: Counter[int] = Counter()
    with _opened(address, part.snapshot) as connection:
        for values in _blocks(part):
            rows = connection.execute(_joined(part.table), values, binary=True)
            for group_id, channel, validity, count, is_damaged, joined in rows.fetchall():
                key = keys.get((codes.get(group_id, UNKNOWN), channel, validity), 0)
                ballots[key] += count
                if not is_damaged:
                    counter.add(key, joined)
                    continue
                one_kind = {**values, "group": group_id, "channel": channel, "validity": validity}
                for (ratings,) in connection.execute(_single(part.table), one_kind, binary=True):
                    counter.add_odd(key, ratings)
    return Counts(counter.found(), ballots)


@contextmanager
def _opened(address: str, snapshot: str | None) -> Iterator[psycopg.Connection]:
    plain = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(
        plain, connect_timeout=CONNECT_SECONDS, options="-c jit=off"
    ) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        if snapshot is not None:
            # The name comes from the server; a statement of this kind takes no parameters.
            connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        yield connection


def _blocks(part: ServerPart) -> Iterator[dict[str, Any]]:
    for start in range(part.from_block, part.to_block, BLOCKS_AT_ONCE):
        yield {
            "round": part.frame.round_id,
            "width": part.frame.shape.width,
            "since": f"({start},0)",
            "to": f"({min(start + BLOCKS_AT_ONCE, part.to_block)},0)",
        }


_RANGE = "round_id = %(round)s AND ctid >= %(since)s::tid AND ctid < %(to)s::tid"


def _joined(table: str) -> str:
    return (
        "SELECT group_id, channel, validity, count(*),"  # noqa: S608 - a name from the catalogue
        " bool_or(octet_length(ratings) %% %(width)s <> 0),"
        " convert_to(string_agg(ratings, ''), 'UTF8')"
        f" FROM {table} WHERE {_RANGE} GROUP BY group_id, channel, validity"
    )


def _single(table: str) -> str:
    return (
        f"SELECT convert_to(ratings, 'UTF8') FROM {table}"  # noqa: S608 - as above
        f" WHERE {_RANGE}"
        " AND group_id = %(group)s AND channel = %(channel)s AND validity = %(validity)s"
    )
