"""Tables brought up to date: by several at once, under traffic, and after a crash in the middle."""

import signal
import subprocess
import sys
import threading
import time
from itertools import count

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, select, text

from surveys import schema
from surveys.ballots import Outcome
from surveys.db import open_database, reading, transaction
from surveys.intake import Intake
from surveys.models import Ballot, TallyCell
from surveys.refusals import Refusal, UpgradeNeedsStop
from tests.makers import NOW, make_round, make_submission
from tests.server import ROOT

HEAD = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
BEFORE_INDEXES = "0008"  # the next one reads all ballots for an index
# Migrates one step, and dies when it has run and is not committed.
CRASH = """
import os, sys
from sqlalchemy import event
from surveys import schema
from surveys.db import open_database

database = open_database(sys.argv[1])
event.listen(database.writer, "commit", lambda _: os._exit(9))
schema.upgrade(database, sys.argv[2])
"""
# Migrates when it is told to, so that several begin together.
AT_ONCE = """
import sys
from surveys import schema
from surveys.db import open_database

print("ready", flush=True)
sys.stdin.readline()
schema.upgrade(open_database(sys.argv[1]))
"""


def revision_of(database):
    with database.reader.connect() as connection:
        return connection.scalar(text("SELECT version_num FROM alembic_version"))


@pytest.fixture
def empty_url(database_url, tmp_path):
    """The address of a database without any table."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'new' / 'pingyi.db'}"
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return database_url


def test_of_four_that_start_at_once_one_migrates(empty_url):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, empty_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        process.stdin.write(b"\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].decode() for process in started]
    assert [process.returncode for process in started] == [0] * 4, said
    database = open_database(empty_url)
    assert revision_of(database) == HEAD
    schema.check(database)
    database.dispose()


@pytest.mark.parametrize("step", ["0001", "0003", "0004"])
def test_a_crash_in_the_middle_leaves_the_step_before_and_can_be_repeated(empty_url, step):
    before = f"{int(step) - 1:04}"
    database = open_database(empty_url)
    if step != "0001":
        schema.upgrade(database, before)
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH, empty_url, step], cwd=ROOT, check=False, timeout=60
    )
    assert crashed.returncode == 9
    if step == "0001":
        assert next(script.revision for script in schema.pending(database)) == "0001"
    else:
        assert revision_of(database) == before
    schema.upgrade(database)
    assert revision_of(database) == HEAD
    schema.check(database)
    database.dispose()


class Traffic(threading.Thread):
    """Hands ballots in again and again; remembers what it was told."""

    def __init__(self, intake, made, numbers):
        super().__init__()
        self.intake, self.made, self.numbers = intake, made, numbers
        self.stop = threading.Event()
        self.acknowledged, self.unknown = [], []

    def run(self):
        while not self.stop.wait(0.1):
            one = make_submission(self.made, submission_id=f"{next(self.numbers):022d}")
            try:
                assert self.intake.keep(one) is Outcome.KEPT
            except Refusal:
                self.unknown.append(one.submission_id)
            else:
                self.acknowledged.append(one.submission_id)


def test_tables_are_added_while_ballots_arrive(database):
    with transaction(database) as session:
        made = make_round(session)
    schema.downgrade(database, "0003")
    intake, numbers = Intake(database, lambda: NOW), count()
    people = [Traffic(intake, made, numbers) for _ in range(4)]
    for one in people:
        one.start()
    while sum(len(one.acknowledged) for one in people) < 20:
        time.sleep(0.05)
    schema.check_traffic(database, BEFORE_INDEXES)
    schema.upgrade(database, BEFORE_INDEXES)
    reached = sum(len(one.acknowledged) for one in people)
    while sum(len(one.acknowledged) for one in people) < reached + 20:
        time.sleep(0.05)
    for one in people:
        one.stop.set()
        one.join()
    intake.close()
    acknowledged = {told for one in people for told in one.acknowledged}
    unknown = {told for one in people for told in one.unknown}
    with reading(database) as session:
        stored = session.scalars(select(Ballot.id)).all()
        counted = sum(session.scalars(select(TallyCell.count)).all())
    assert revision_of(database) == BEFORE_INDEXES
    assert acknowledged <= set(stored) <= acknowledged | unknown
    assert len(set(stored)) == len(stored)
    assert counted == 2 * len(stored)


def test_a_step_that_rewrites_ballots_wants_the_servers_stopped(database):
    schema.downgrade(database, "0002")
    schema.check_traffic(database)  # nothing to lose yet
    schema.upgrade(database)
    with transaction(database) as session:
        made = make_round(session)
    intake = Intake(database, lambda: NOW)
    intake.keep(make_submission(made))
    intake.close()
    schema.check_traffic(database)  # nothing to do any more
    schema.downgrade(database, BEFORE_INDEXES)
    with pytest.raises(UpgradeNeedsStop, match="0009"):
        schema.check_traffic(database)
    schema.downgrade(database, "0002")
    with pytest.raises(UpgradeNeedsStop, match="0003, 0009"):
        schema.check_traffic(database)


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_a_busy_table_is_waited_for_in_short_turns(database):
    """The tables' readers pass in between: a step that waits for them never makes a queue."""
    schema.downgrade(database, "0003")
    with database.writer.connect() as busy:
        busy.execute(text("LOCK TABLE round IN ACCESS EXCLUSIVE MODE"))
        upgrading = threading.Thread(target=schema.upgrade, args=(database,))
        upgrading.start()
        upgrading.join(schema.LOCK_SECONDS + 0.5)  # the first turn has failed by now
        assert upgrading.is_alive()
        assert revision_of(database) == "0003"
        busy.rollback()
    upgrading.join()
    assert revision_of(database) == HEAD


def test_a_process_that_dies_while_it_is_its_turn_holds_nobody_up(empty_url):
    script = CRASH.replace("os._exit(9)", "os.kill(os.getpid(), 9)")
    crashed = subprocess.run(
        [sys.executable, "-c", script, empty_url, "0002"], cwd=ROOT, check=False, timeout=60
    )
    assert crashed.returncode == -signal.SIGKILL
    database = open_database(empty_url)
    schema.upgrade(database)
    assert revision_of(database) == HEAD
    database.dispose()
