"""Engines for SQLite and PostgreSQL, and the only way to a session."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

# Releases before this one can corrupt a WAL database (sqlite.org/wal.html#walresetbug).
OLDEST_SQLITE = (3, 51, 3)
LOCK_WAIT_SECONDS = 30
WAL_PAUSE_SECONDS = 0.01
# Connections of one process to PostgreSQL: kept, and more in a crowd.
POOL_SIZE = 8
POOL_OVERFLOW = 16


# What a store that is away, full or too slow raises, as against one that was asked nonsense.
STORE_SILENT = (OperationalError, InterfaceError, PoolTimeout)


@dataclass
class Changes:
    """How often this process has changed what pages show, so that they know what is still new."""

    number: int = 0


@dataclass(frozen=True)
class Database:
    """Where rows are written and where they are read."""

    writer: Engine
    reader: Engine
    changes: Changes = field(default_factory=Changes)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the embedded store."""
        return self.writer.dialect.name == "sqlite"

    def dispose(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()


@contextmanager
def transaction(database: Database, *, is_seen: bool = True) -> Iterator[Session]:
    """Open a session that writes; commit at the end, roll back on any exception.

    What no page shows, as a ballot, is not seen: what pages remember then stays as it is.
    """
    with Session(database.writer, expire_on_commit=False) as session, session.begin():
        yield session
    database.changes.number += is_seen


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """Open a session that can only read."""
    with Session(database.reader) as session:
        yield session


def open_database(url: str) -> Database:
    """Return the database behind an address; SQLite's folder is made when missing."""
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url)
    return _open_postgresql(url)


def _open_sqlite(url: str) -> Database:
    """Open the embedded store: durable WAL, one writer at a time, readers that cannot write."""
    if pysqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise SystemExit(f"SQLite {pysqlite3.sqlite_version} is too old / 版本过旧")
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    # One connection: writers of this process queue here instead of fighting for the file's lock.
    writer = create_engine(
        url,
        module=pysqlite3,
        pool_size=1,
        max_overflow=0,
        pool_timeout=LOCK_WAIT_SECONDS,
        hide_parameters=True,
    )
    reader = create_engine(
        url, module=pysqlite3, pool_size=8, max_overflow=64, hide_parameters=True
    )
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _beginning(begin))
    event.listen(reader, "connect", _forbid_writes)
    return Database(writer, reader)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={LOCK_WAIT_SECONDS * 1000}")
    _switch_to_wal(cursor)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: DBAPICursor) -> None:
    """Switch the file to its write-ahead log, which it then keeps.

    Of several that ask this of a new file at once SQLite refuses all but one without waiting,
    whatever the timeout: each holds what the other needs. Who is refused asks again.
    """
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except pysqlite3.OperationalError as fault:
            is_busy = fault.sqlite_errorcode & 0xFF == pysqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(WAL_PAUSE_SECONDS)
        else:
            return


def _forbid_writes(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _beginning(statement: str):  # type: ignore[no-untyped-def]
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _open_postgresql(url: str) -> Database:
    """Open the grown store with limits on every wait."""
    writer = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
        pool_use_lifo=True,  # the connection used last has its statements prepared
        pool_timeout=LOCK_WAIT_SECONDS,
        hide_parameters=True,  # a fault's text must not quote what somebody answered
        connect_args={
            "connect_timeout": 5,
            "options": "-c timezone=utc -c lock_timeout=30s -c statement_timeout=120s",
        },
    )
    event.listen(writer, "connect", _insist_on_commits)
    return Database(writer, writer.execution_options(postgresql_readonly=True))


def _insist_on_commits(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Have commits reach the disk where the server is set not to wait; keep what is stricter."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()
