"""Brings the tables of a database to the version of this code, and tells whether they are."""

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from surveys.db import Database
from surveys.models import Base
from surveys.refusals import UpgradeNeedsStop

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent.parent / "migrations"
# While people hand ballots in, a change of a table must not wait long for its lock: everybody who
# comes after it waits too. It gives up, lets them pass, and tries again.
LOCK_SECONDS = 2
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
LOCK_NOT_AVAILABLE = "55P03"
# One process migrates; the others wait for it. The number is ours and means nothing.
TURN = 7_316_925_014
TURN_SECONDS = 600.0
TURN_PAUSE = 0.1


class TurnNotCome(Exception):
    """Another process has been migrating for too long."""


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations up to a revision, each whole or not at all; those that have run stay.

    Of several processes that start at once one migrates and the others wait for it.
    """
    with _turn(database):
        for script in pending(database, revision):
            _run(database, script.revision)


def pending(database: Database, revision: str = "head") -> list[Script]:
    """Return the migrations that have not run yet, in their order."""
    with database.writer.connect() as connection:
        # The new store of SQLite makes a table for it only with the first migration.
        current = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory(str(MIGRATIONS))
    # From the newest to the oldest, and the last one is where the tables are now.
    steps = scripts.iterate_revisions(revision, current or "base")
    return list(reversed([step for step in steps if step.revision != current]))


def check_traffic(database: Database, revision: str = "head") -> None:
    """Refuse when a migration rewrites or holds tables with ballots: nobody may be served then."""
    rewriting = [
        script.revision
        for script in pending(database, revision)
        if not getattr(script.module, "under_traffic", False)
    ]
    if rewriting and _has_ballots(database):
        raise UpgradeNeedsStop(revisions=", ".join(rewriting))


def downgrade(database: Database, revision: str) -> None:
    """Run the migrations back to a revision (`base` empties the database)."""
    with _turn(database), database.writer.begin() as connection:
        command.downgrade(_config(connection), revision)


def check(database: Database) -> None:
    """Raise alembic's CommandError when tables and models differ."""
    with database.writer.begin() as connection:
        command.check(_config(connection))


def draft(database: Database, message: str, number: str) -> None:
    """Write a new migration from the difference between tables and models."""
    with database.writer.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)


# --- the parts -----------------------------------------------------------------------------------


@contextmanager
def _turn(database: Database) -> Iterator[None]:
    """Wait until no other process migrates; SQLite's own lock of the file does the same."""
    if database.is_sqlite:
        yield
        return
    # A connection of its own: the lock belongs to it, and ends with it however this ends.
    with database.writer.connect() as held:
        holder = held.execution_options(isolation_level="AUTOCOMMIT")
        deadline = time.monotonic() + TURN_SECONDS
        while not holder.scalar(text("SELECT pg_try_advisory_lock(:turn)"), {"turn": TURN}):
            if time.monotonic() > deadline:
                raise TurnNotCome
            time.sleep(TURN_PAUSE)
        try:
            yield
        finally:
            holder.execute(text("SELECT pg_advisory_unlock(:turn)"), {"turn": TURN})


def _run(database: Database, revision: str) -> None:
    """Run one migration in a transaction of its own; try again while its tables are busy."""
    for pause in (*PAUSES, None):
        try:
            with database.writer.begin() as connection:
                if not database.is_sqlite:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                command.upgrade(_config(connection), revision)
        except OperationalError as fault:
            if pause is None or getattr(fault.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            log.warning("migration %s waits: its tables are busy", revision)
            time.sleep(pause)
        else:
            return


def _has_ballots(database: Database) -> bool:
    with database.reader.connect() as connection:
        if not inspect(connection).has_table("ballot"):
            return False
        return connection.scalar(text("SELECT 1 FROM ballot LIMIT 1")) is not None


def _config(connection: Connection) -> Config:
    config = Config(stdout=io.StringIO())  # commands have words of their own
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = Base.metadata
    return config
