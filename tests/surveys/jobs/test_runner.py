"""Jobs are done once, whoever dies on the way."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from surveys.db import reading, transaction
from surveys.jobs import Runner, cancel_job, job_of, start_job
from surveys.jobs.files import folder_of, sweep
from surveys.jobs.lease import LEASE
from surveys.models import AuditEntry, Job, JobState
from surveys.refusals import JobUnknown
from tests.job_kinds import KINDS, STEPS
from tests.makers import NOW
from tests.server import ROOT

SECONDS = 30
# What is the same on each store needs only one.
ON_ONE_STORE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def runner(settings, database, clock):
    return Runner(settings, database, clock, KINDS)


def started(database, kind, **arguments):
    with transaction(database) as session:
        return start_job(session, kind, NOW, "office", arguments=arguments).id


def row(database, job_id):
    with reading(database) as session:
        return job_of(session, job_id)


def lines(database, action):
    with reading(database) as session:
        return session.scalars(
            select(AuditEntry.details).where(AuditEntry.action == action).order_by(AuditEntry.id)
        ).all()


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def at_work(runner):
    runner.start()
    yield
    runner.stop()


def test_a_job_is_done_and_settled_once_and_its_file_stays(database, settings, runner):
    job_id = started(database, "quick", words="好")
    assert runner.run_next()
    done = row(database, job_id)
    assert (done.state, done.attempts, done.holder, done.lease_until) == (
        JobState.DONE,
        1,
        None,
        None,
    )
    assert json.loads(done.result) == {"counted": STEPS}
    made = folder_of(settings.var, job_id) / done.file_name
    assert made.read_text(encoding="utf-8") == "{'words': '好'}"
    assert len(lines(database, "settled")) == 1
    assert not runner.run_next(), "nothing is left to do"


def test_two_runners_never_do_the_same_job(database, settings, clock):
    jobs = [started(database, "quick") for _ in range(2)]
    pair = [Runner(settings, database, clock, KINDS) for _ in range(2)]
    barrier = threading.Barrier(2)
    taken = []

    def work(runner):
        barrier.wait()
        taken.extend(job_id for job_id in jobs if runner.run(job_id))

    threads = [threading.Thread(target=work, args=(runner,)) for runner in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == jobs
    assert len(lines(database, "settled")) == 2


def test_a_killed_child_is_started_again_and_its_effects_happen_once(database, runner, tmp_path):
    job_id = started(database, "dying", mark=str(tmp_path / "mark"), deaths=2)
    while runner.run_next():
        pass
    assert row(database, job_id).state is JobState.DONE
    assert row(database, job_id).attempts == 3
    assert lines(database, "settled") == ["{'deaths': 2}"]


@ON_ONE_STORE
def test_a_child_that_always_dies_is_given_up_in_words(database, settings, runner, tmp_path):
    job_id = started(database, "dying", mark=str(tmp_path / "mark"), deaths=99)
    while runner.run_next():
        pass
    failed = row(database, job_id)
    assert failed.state is JobState.FAILED
    assert json.loads(failed.problem)["values"] == {"count": 3}
    assert len((tmp_path / "mark").read_text(encoding="utf-8")) == 3
    assert lines(database, "settled") == []


@ON_ONE_STORE
def test_an_expected_no_fails_the_job_with_its_sentence(database, runner):
    job_id = started(database, "refusing")
    assert runner.run_next()
    failed = row(database, job_id)
    assert (failed.state, failed.attempts) == (JobState.FAILED, 1)
    said = json.loads(failed.problem)
    assert said["message"] == "There is not a single counted ballot yet."
    assert said["advice"] == "Nothing was changed."


def test_a_child_cannot_write(database, runner):
    job_id = started(database, "writing")
    runner.run_next()
    assert row(database, job_id).attempts == 1, "it broke off, and the row is still there"
    assert row(database, job_id).state is JobState.WAITING


def test_a_cancelled_job_ends_its_child_and_has_no_effects(database, runner, tmp_path):
    pid = tmp_path / "pid"
    job_id = started(database, "endless", pid=str(pid))
    with at_work(runner):
        wait_for(pid.exists)
        with transaction(database) as session:
            assert cancel_job(session, job_id, NOW, "office")
            assert not cancel_job(session, job_id, NOW, "office"), "twice is once"
        wait_for(lambda: not is_alive(pid))
    assert row(database, job_id).state is JobState.CANCELLED
    assert lines(database, "settled") == []
    assert lines(database, "job cancelled") == [f"#{job_id} · endless"]


@ON_ONE_STORE
def test_a_runner_that_stops_puts_its_job_back_on_the_list(database, runner, tmp_path):
    pid = tmp_path / "pid"
    job_id = started(database, "endless", pid=str(pid))
    with at_work(runner):
        wait_for(pid.exists)
    assert not is_alive(pid)
    back = row(database, job_id)
    assert (back.state, back.attempts, back.holder) == (JobState.WAITING, 0, None)


@ON_ONE_STORE
def test_progress_is_told_in_the_row(database, runner, tmp_path):
    job_id = started(database, "endless", pid=str(tmp_path / "pid"))
    with at_work(runner):
        wait_for(lambda: row(database, job_id).total_count == STEPS)
        assert row(database, job_id).done_count == 1


# --- the parent is killed ------------------------------------------------------------------------

PARENT = """
from datetime import UTC, datetime
from pathlib import Path
import sys
from surveys.db import open_database
from surveys.jobs import Runner
from surveys.settings import Settings
from tests.job_kinds import KINDS
settings = Settings(sys.argv[1], "http://localhost", b"k" * 32, Path(sys.argv[2]))
Runner(settings, open_database(sys.argv[1]), kinds=KINDS).run(int(sys.argv[3]))
"""


@pytest.fixture
def parent(database_url, settings):
    """Start a process that does one job."""
    running = []

    def start(job_id):
        command = [sys.executable, "-c", PARENT, database_url, str(settings.var), str(job_id)]
        running.append(subprocess.Popen(command, cwd=ROOT))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_a_killed_parent_takes_its_child_along_and_another_takes_over_when_the_lease_ran_out(
    database, settings, parent, tmp_path
):
    pid = tmp_path / "pid"
    job_id = started(database, "endless", pid=str(pid))
    process = parent(job_id)
    wait_for(pid.exists)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not is_alive(pid))
    clock = Clock()
    other = Runner(settings, database, clock, {**KINDS, "endless": KINDS["quick"]})
    clock.now = row(database, job_id).lease_until - timedelta(seconds=1)
    assert not other.run_next(), "the lease still holds"
    clock.now += LEASE
    assert other.run_next()
    assert row(database, job_id).state is JobState.DONE
    assert len(lines(database, "settled")) == 1


def test_steps_go_on_where_a_killed_parent_stopped(database, settings, parent):
    job_id = started(database, "stepwise", pause=0.2)
    process = parent(job_id)
    wait_for(lambda: len(lines(database, "step")) >= 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(lines(database, "step"))
    assert before < STEPS
    clock = Clock()
    clock.now = row(database, job_id).lease_until + timedelta(seconds=1)
    with transaction(database) as session:
        session.get_one(Job, job_id).arguments = "{}"  # no pause any more
    assert Runner(settings, database, clock, KINDS).run_next()
    assert lines(database, "step") == [str(number) for number in range(STEPS)]
    assert row(database, job_id).done_count == STEPS


def test_a_cancelled_job_writes_no_further_step(database, settings, runner):
    job_id = started(database, "stepwise", pause=0.1)
    with at_work(runner):
        wait_for(lambda: len(lines(database, "step")) >= 2)
        with transaction(database) as session:
            cancel_job(session, job_id, NOW, "office")
            written = len(
                session.scalars(
                    select(AuditEntry.id).where(AuditEntry.action == "step").order_by(AuditEntry.id)
                ).all()
            )
    assert len(lines(database, "step")) == written < STEPS


# --- files ---------------------------------------------------------------------------------------


@ON_ONE_STORE
def test_results_go_after_thirty_days_and_what_nobody_needs_at_once(database, settings, runner):
    job_id = started(database, "quick")
    runner.run_next()
    orphan = folder_of(settings.var, job_id + 1)
    orphan.mkdir()
    os.utime(orphan, (0, 0))
    sweep(settings.var, database, NOW + timedelta(days=29))
    assert folder_of(settings.var, job_id).exists()
    assert not orphan.exists()
    folder = folder_of(settings.var, job_id)
    os.utime(folder, (0, 0))
    sweep(settings.var, database, NOW + timedelta(days=31))
    assert not folder.exists()
    assert row(database, job_id).file_name is None


def test_a_job_that_is_not_there_is_refused(database):
    with reading(database) as session, pytest.raises(JobUnknown):
        job_of(session, 1)


def is_alive(pid):
    """Tell whether a process that wrote its number still runs."""
    try:
        os.kill(int(pid.read_text(encoding="utf-8")), 0)
    except ProcessLookupError:
        return False
    return True
