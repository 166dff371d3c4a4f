"""Counts a round's ballots again, wherever that is quickest, and compares with its tally."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from analytics.engine import Dask, Executor, InProcess, Processes, map_merge
from surveys import postgresql_ballots, sqlite_ballots
from surveys.db import Database
from surveys.jobs import Claim, Kind, Result, Task
from surveys.postgresql_ballots import ServerPart
from surveys.refusals import BallotsArriving
from surveys.sqlite_ballots import FilePart
from surveys.tallies import (
    Counted,
    Counts,
    Difference,
    Finding,
    Frame,
    ballots_of,
    counted_of,
    differences,
    folded,
    frame_of,
    record_check,
)

# From here on several processes are worth the time that starting them takes.
MANY_BALLOTS = 1_000_000
TRIES = 3

Partition = FilePart | ServerPart
Tell = Callable[[int, int], object]


@dataclass(frozen=True)
class Recount:
    """What counting again came to: the tally that was folded, and where the ballots disagree."""

    tally_sha256: str
    recounted: Counted
    differences: tuple[Difference, ...]

    @property
    def finding(self) -> Finding:
        """Return what is kept of it."""
        return Finding(self.tally_sha256, self.recounted.ballot_count, len(self.differences))


def recount(
    database: Database,
    round_id: int,
    executor: Executor | None = None,
    tell: Tell = lambda _done, _total: None,
) -> Recount:
    """Count every ballot of a round again; `tell` hears how many parts of how many are done.

    Where ballots come in meanwhile, PostgreSQL shows all parts the same moment; with SQLite that
    holds for a count in this process, and else the count begins again.
    """
    for _try in range(TRIES):
        with one_moment(database) as session:
            frame = frame_of(session, round_id)
            before = folded(session, frame)
            chosen = executor or executor_for(None, before.ballot_count)
            counts = _counts(database, session, frame, before.ballot_count, chosen, tell)
            again = counted_of(frame, counts)
        if _wasone_moment(database, chosen) or before == _folded_now(database, frame):
            return Recount(before.tally.digest(), again, differences(before, again))
    raise BallotsArriving


def executor_for(scheduler: str | None, ballots: int, cores: int | None = None) -> Executor:
    """Return where so many ballots are counted: on the cluster where one is set, or here."""
    if scheduler:
        return Dask(scheduler)
    cores = cores or len(os.sched_getaffinity(0))
    return Processes(cores) if ballots > MANY_BALLOTS and cores > 1 else InProcess()


def count(partition: Partition, address: str | None = None) -> Counts:
    """Return what the ballots of a partition come to: pure, and harmless to repeat."""
    if isinstance(partition, FilePart):
        return sqlite_ballots.count_part(partition)
    return postgresql_ballots.count_part(partition, address)


def partitions_of(
    database: Database, connection: Connection, frame: Frame, ballots: int
) -> tuple[Partition, ...]:
    """Return the partitions of a round, which together hold each of its ballots once."""
    if database.is_sqlite:
        return sqlite_ballots.parts_of(str(database.reader.url.database), frame, ballots)
    return postgresql_ballots.parts_of(connection, frame)


@contextmanager
def one_moment(database: Database) -> Iterator[Session]:
    """Open a session that sees the store as it is at one moment, until it ends."""
    level = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with Session(database.reader.execution_options(**level)) as session:
        yield session


# --- the parts, in order of use ------------------------------------------------------------------


def _counts(
    database: Database,
    session: Session,
    frame: Frame,
    ballots: int,
    executor: Executor,
    tell: Tell,
) -> Counts:
    connection = session.connection()
    parts = partitions_of(database, connection, frame, ballots)
    done = 0

    def hear(more: int) -> None:
        nonlocal done
        done += more
        tell(done, len(parts))

    tell(0, len(parts))
    if database.is_sqlite and isinstance(executor, InProcess):
        at_hand = connection.connection.dbapi_connection
        return map_merge(executor, partial(sqlite_ballots.count_on, at_hand), parts, hear)
    if isinstance(executor, Dask):
        return map_merge(executor, count, parts, hear)  # workers know the address themselves
    address = database.reader.url.render_as_string(hide_password=False)
    return map_merge(executor, partial(count, address=address), parts, hear)


def _wasone_moment(database: Database, executor: Executor) -> bool:
    return not database.is_sqlite or isinstance(executor, InProcess)


def _folded_now(database: Database, frame: Frame) -> Counted:
    with one_moment(database) as session:
        return folded(session, frame)


# --- as a job ------------------------------------------------------------------------------------


def recount_work(task: Task) -> Result:
    """Count a round again in a job's child; what it found is plain figures."""
    round_id = int(task.round_id or 0)
    with Session(task.database.reader) as session:
        ballots = sum(ballots_of(session, round_id).values())
    executor = executor_for(task.settings.scheduler, ballots)
    found = recount(task.database, round_id, executor, task.tell)
    return asdict(found.finding)


def keep_found(session: Session, claim: Claim, result: Result, now: datetime) -> None:
    """Keep what a recount found, in the transaction that ends its job."""
    record_check(session, int(claim.round_id or 0), Finding(**result), now, claim.actor)


RECOUNT = Kind("recount", recount_work, keep_found)
