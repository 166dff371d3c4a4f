"""The writer's queue: what a batch costs, what spoils it, and when nothing is tried at all."""

import logging
import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, text

from surveys.ballots import Outcome, keep_batch
from surveys.db import reading, transaction
from surveys.disk import FreeSpace
from surveys.intake import MOST_HELD_UP, Intake
from surveys.models import Ballot
from surveys.questionnaire import UnitRating
from surveys.refusals import Busy, NotSaved, StoreFull
from tests.makers import NOW, make_round, make_submission

BOUNDARIES = ("BEGIN", "SAVEPOINT", "RELEASE")


@pytest.fixture
def made(database):
    with transaction(database) as session:
        return make_round(session)


@contextmanager
def statements(engine):
    """Collect the statements that reach the store meanwhile, without the bounds of transactions."""
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(BOUNDARIES):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def ballots(made, count):
    return [
        make_submission(
            made,
            submission_id=f"{number:022d}",
            device_key=f"device {number}",
            comments=((1, "好"),),
            ratings=tuple(UnitRating(unit, "ABCDE") for unit in range(1, 7)),
        )
        for number in range(count)
    ]


def test_a_batch_costs_less_than_a_statement_for_each_ballot(database, made):
    with statements(database.writer) as seen, transaction(database) as session:
        answers = keep_batch(session, ballots(made, 16), NOW)
    assert answers == [Outcome.KEPT] * 16
    assert 3 <= len(seen) <= 6, seen


@pytest.mark.parametrize("poisoned", [0, 7, 19], ids=["first", "amid", "last"])
def test_one_ballot_that_cannot_be_stored_costs_its_neighbours_nothing(database, made, poisoned):
    intake = Intake(database, lambda: NOW)
    batch = ballots(made, 20)
    batch[poisoned] = make_submission(made, group_id=999_999, submission_id="p" * 22)
    answers = {}

    def send(number):
        try:
            answers[number] = intake.keep(batch[number])
        except NotSaved:
            answers[number] = NotSaved

    threads = [threading.Thread(target=send, args=(number,)) for number in range(20)]
    with statements(database.writer) as seen:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    intake.close()
    assert answers == {n: NotSaved if n == poisoned else Outcome.KEPT for n in range(20)}
    assert len(seen) < 20 * 6, "halves are tried, not every ballot alone"


def test_a_store_that_is_gone_is_asked_once_for_a_whole_batch(database, made, caplog):
    intake = Intake(database, lambda: NOW)
    with transaction(database) as session:
        session.execute(text("ALTER TABLE device RENAME TO device_gone"))
    caplog.set_level(logging.ERROR)
    secret = make_submission(made, comments=((1, "不能进日志的意见"),), device_key="d")
    with statements(database.writer) as seen, pytest.raises(NotSaved):
        intake.keep(secret)
    assert sum("INSERT INTO ballot" in statement for statement in seen) == 1
    intake.close()
    assert "could not be stored" in caplog.text
    assert "不能进日志的意见" not in caplog.text
    with reading(database) as session:
        assert session.scalars(select(Ballot.id)).all() == []


def test_without_room_nothing_is_tried(database, made, tmp_path):
    intake = Intake(database, lambda: NOW, room=FreeSpace((tmp_path,), 10**9))
    with statements(database.writer) as seen, pytest.raises(StoreFull):
        intake.keep(make_submission(made))
    intake.close()
    assert seen == []


def test_a_slow_store_holds_up_some_and_refuses_the_rest_at_once(database, made):
    intake = Intake(database, lambda: NOW, patience=0.1)
    batch = ballots(made, MOST_HELD_UP + 1)
    kept = []
    threads = [
        threading.Thread(target=lambda one=one: kept.append(intake.keep(one))) for one in batch[:-1]
    ]
    with transaction(database) as session:
        # The writer waits for this transaction, as it would for a disk.
        session.execute(text("UPDATE round SET name = name"))
        for thread in threads:
            thread.start()
        while not intake.is_full:
            time.sleep(0.01)
        with pytest.raises(Busy):
            intake.keep(batch[-1])
    for thread in threads:
        thread.join()
    assert kept == [Outcome.KEPT] * MOST_HELD_UP
    assert intake.keep(batch[-1]) is Outcome.KEPT
    intake.close()
