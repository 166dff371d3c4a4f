"""Huey hands jobs out; what Redis never heard of or forgot is done all the same, and once."""

import os
import pickle
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from redis import Redis
from sqlalchemy import select

from surveys.db import reading, transaction
from surveys.jobs import start_job
from surveys.jobs.queue import announce, has_queue, queue_name
from surveys.models import AuditEntry, Job, JobState
from tests.makers import NOW
from tests.server import ROOT, free_port

SECONDS = 40
# What is the same on each store needs only one.
ON_ONE_STORE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORKER = """
import sys
from pathlib import Path
from surveys.db import open_database
from surveys.jobs import queue, runner
from surveys.settings import Settings
from tests.job_kinds import KINDS
from datetime import timedelta
url, var, redis_url, key, patience = sys.argv[1:]
settings = Settings(url, "http://localhost", key.encode(), Path(var), redis_url)
patience = timedelta(seconds=float(patience))
queue.work(settings, open_database(url), runner.utc_now, KINDS, patience)
"""


@pytest.fixture
def redis_url():
    url = os.environ.get("PINGYI_TEST_REDIS")
    if not url:
        pytest.fail("PINGYI_TEST_REDIS is not set: run the tests with `make test`")
    return url


@pytest.fixture
def queued(settings, redis_url):
    """Settings with Redis and a key of its own, and so with a queue of its own."""
    changed = replace(settings, secret_key=secrets.token_hex(16).encode(), redis_url=redis_url)
    yield changed
    with Redis.from_url(redis_url) as redis:
        redis.delete(key_of(changed))


@pytest.fixture
def worker(queued):
    """Start worker processes; end them politely."""
    running = []

    def start(patience):
        command = [
            *(sys.executable, "-c", WORKER, queued.database_url, str(queued.var)),
            *(queued.redis_url, queued.secret_key.decode(), str(patience)),
        ]
        running.append(subprocess.Popen(command, cwd=ROOT))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.terminate()
            assert process.wait(20) == 0


def started(database, kind="quick", **arguments):
    with transaction(database) as session:
        return start_job(session, kind, NOW, "office", arguments=arguments).id


def wait_until_done(database, count):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with reading(database) as session:
            if [job.state for job in session.scalars(select(Job))] == [JobState.DONE] * count:
                return
        time.sleep(0.05)
    raise AssertionError("the jobs were not done in time")


def settled(database):
    with reading(database) as session:
        return len(
            session.scalars(
                select(AuditEntry.id).where(AuditEntry.action == "settled").order_by(AuditEntry.id)
            ).all()
        )


def key_of(queued):
    return f"huey.redis.{queue_name(queued)}"


def test_what_redis_hands_out_is_done_once_however_often_it_says_so(database, queued, worker):
    job_id = started(database)
    for _ in range(3):
        announce(queued, job_id)
    with Redis.from_url(queued.redis_url) as redis:
        assert redis.llen(key_of(queued)) == 3
    worker(patience=3600)  # so that only Redis can have told it
    wait_until_done(database, 1)
    assert settled(database) == 1


@ON_ONE_STORE
def test_jobs_that_redis_forgot_are_found_in_the_store(database, queued, worker, redis_url):
    jobs = [started(database) for _ in range(2)]
    for job_id in jobs:
        announce(queued, job_id)
    with Redis.from_url(redis_url) as redis:
        assert redis.delete(key_of(queued)), "what a flush takes away"
    worker(patience=0)
    wait_until_done(database, 2)
    assert settled(database) == 2


@ON_ONE_STORE
def test_a_dead_redis_does_not_stop_an_announcement(queued):
    announce(replace(queued, redis_url=f"redis://127.0.0.1:{free_port()}/0"), 1)


@ON_ONE_STORE
def test_a_foreign_message_is_never_unpickled(database, queued, worker, redis_url, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'evil'}",)

    with Redis.from_url(redis_url) as redis:
        redis.lpush(key_of(queued), pickle.dumps(Evil()), pickle.dumps(Evil()) + b":" + b"0" * 40)
    job_id = started(database)
    announce(queued, job_id)
    worker(patience=3600)
    wait_until_done(database, 1)
    assert not (tmp_path / "evil").exists()


@ON_ONE_STORE
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, False),
        ("redis://127.0.0.1:1/0", True),
        pytest.param("redis+cluster://127.0.0.1:1", False, id="Huey knows no cluster"),
    ],
)
def test_has_queue(queued, url, expected):
    assert has_queue(replace(queued, redis_url=url)) is expected


@ON_ONE_STORE
def test_a_worker_that_is_stopped_puts_its_job_back(database, queued, worker, tmp_path):
    pid = tmp_path / "pid"
    announce(queued, started(database, "endless", pid=str(pid)))
    process = worker(patience=3600)
    deadline = time.monotonic() + SECONDS
    while not pid.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    with reading(database) as session:
        job = session.scalars(select(Job)).one()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
