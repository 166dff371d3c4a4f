"""A server that is killed in the middle of an import: the next one goes on, each ballot once."""

import signal
import time
from datetime import UTC, datetime
from functools import partial
from shutil import copyfile

import pytest
from sqlalchemy import func, select, update

from surveys.db import open_database, reading, transaction
from surveys.jobs.files import receive
from surveys.models import Ballot, Job, JobState, Participation, TallyCell
from surveys.questionnaire import Channel
from surveys.reviewing.actions import start_import
from tests.makers import make_round
from tests.server import Server

BALLOTS = 12_000
SECONDS = 60


@pytest.fixture
def store(database_url):
    opened = open_database(database_url)
    yield opened
    opened.dispose()


def started(store, server, path):
    """Put the import of many ballots on the list."""
    with transaction(store) as session:
        made = make_round(session)
        lines = "".join(f"{n},npc,U{n % 6 + 1:02d},A,B,C,D,E\n" for n in range(BALLOTS))
        items = ",".join(item.code for item in made.rules.items)
        path.write_text(f"ballot,group,unit,{items}\n{lines}", encoding="utf-8")
        sent = receive(server.var, partial(copyfile, path))
        now = datetime.now(UTC)
        job = start_import(
            session, server.var, made.round.id, sent, "纸质票.csv", Channel.PAPER, now, "office"
        )
        return job.id


def row(store, job_id):
    with reading(store) as session:
        return session.get_one(Job, job_id)


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.timeout(180)
def test_an_import_goes_on_after_its_server_was_killed(store, database_url, tmp_path):
    server = Server(tmp_path / "var", database_url)
    job_id = started(store, server, tmp_path / "ratings.csv")
    for enough in (500, 3_000):
        server.start()
        wait_for(lambda enough=enough: row(store, job_id).done_count >= enough)
        server.stop(signal.SIGKILL)
        broken = row(store, job_id)
        assert broken.state is JobState.RUNNING
        assert broken.done_count < BALLOTS, "it was killed in the middle"
        with transaction(store) as session:  # the thirty seconds of its lease go by
            session.execute(update(Job).values(lease_until=datetime(2026, 1, 1, tzinfo=UTC)))
    server.start()
    wait_for(lambda: row(store, job_id).state is not JobState.RUNNING)
    server.stop()
    done = row(store, job_id)
    assert (done.state, done.done_count) == (JobState.DONE, BALLOTS), done.problem
    with reading(store) as session:
        assert session.scalar(select(func.count()).select_from(Ballot)) == BALLOTS
        assert session.scalar(select(func.sum(TallyCell.count))) == BALLOTS
        assert session.scalar(select(func.sum(Participation.count))) == BALLOTS
    assert f'"new": {{"npc": {BALLOTS}}}' in done.result, "counted once, over three processes"
