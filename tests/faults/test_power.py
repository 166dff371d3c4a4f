"""Power cuts and wrong clocks: what the disk holds at any moment, and what time may do."""

import os
import random
import shutil
import signal
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from surveys.ballots import Outcome
from surveys.db import open_database, reading, transaction
from surveys.intake import Intake
from surveys.refusals import LinkClosed, LinkNotYetOpen, Refusal
from tests.faults.checker import read_stored
from tests.faults.copies import TOKENS_UP_TO
from tests.faults.journal import read_journals
from tests.faults.writer import wait_for_lines
from tests.makers import NOW, make_round, make_submission

LONGEST_LIFE_LINES = 700
SECTOR = 512
WAL_HEAD = 32  # holds the salts that change whenever the log begins anew


def frozen(writer, work):
    """Do something while a process stands still, as everything does when the power goes."""
    os.kill(writer, signal.SIGSTOP)
    while Path(f"/proc/{writer}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.0005)
    try:
        return work()
    finally:
        os.kill(writer, signal.SIGCONT)


def wal_of(path):
    return Path(f"{path}-wal")


def spoil_tail(path, safe_bytes, rng):
    """Do to the end of the log what a power cut may do to what was never flushed."""
    content = bytearray(path.read_bytes())
    if rng.random() < 0.5:
        del content[rng.randint(safe_bytes, len(content)) :]
    else:
        for start in range(-(-safe_bytes // SECTOR) * SECTOR, len(content), SECTOR):
            if rng.random() < 0.5:
                content[start : start + SECTOR] = bytes(len(content[start : start + SECTOR]))
    path.write_bytes(content)


def acknowledged_in(history):
    """Return what open ballots are known by, their ids, and of secret ones the content."""
    return {
        sent[0].id if sent[0].token is None else sent[0].content
        for id_, sent in history.sent.items()
        if history.is_acknowledged(id_)
    }


def stored_in(path, round_id):
    """Open a copy as the product would after the power is back; return what is in it."""
    database = open_database(f"sqlite:///{path}")
    with reading(database) as session:
        assert session.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
        stored = read_stored(session, round_id)
    database.dispose()
    assert stored.tally == stored.recount, "whole batches or none of them"
    assert sum(stored.participation.values()) == len(stored.ballots)
    secret = {one.content for one in stored.ballots if one.id is None}
    return {one.id for one in stored.ballots} | secret


@pytest.mark.parametrize(
    "cuts",
    [
        pytest.param(10, id="10 cuts"),
        pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(1800)], id="500 cuts"),
    ],
)
def test_a_power_cut_keeps_what_was_acknowledged(copies, tmp_path, writers, seed, cuts):
    rng = random.Random(seed)
    for cut in range(cuts):
        orders = copies.orders(tmp_path / str(cut), count=TOKENS_UP_TO, threads=8, gate="")
        path, journal = tmp_path / str(cut) / "pingyi.db", Path(orders.journal)
        copy = path.with_name("copy.db")
        writer = writers.start(orders)
        wait_for_lines(journal, rng.randrange(20, LONGEST_LIFE_LINES))

        def look(path=path, journal=journal):
            wal = wal_of(path)
            return journal.read_bytes(), wal.read_bytes()[:WAL_HEAD], wal.stat().st_size

        def copied(path=path, copy=copy):
            shutil.copy(path, copy)
            shutil.copy(wal_of(path), wal_of(copy))

        seen, head, safe_bytes = frozen(writer, look)
        time.sleep(rng.uniform(0, 0.02))
        frozen(writer, copied)
        assert writers.kill(writer) == -signal.SIGKILL
        if wal_of(copy).read_bytes()[:WAL_HEAD] == head:
            spoil_tail(wal_of(copy), safe_bytes, rng)
        journal.write_bytes(seen)
        acknowledged = acknowledged_in(read_journals([journal]))
        assert acknowledged, "there was something to lose"
        assert acknowledged <= stored_in(copy, copies.entrances.round_id)


def test_no_clock_lets_a_ballot_in_outside_its_time(database):
    opens, closes = NOW - timedelta(days=7), NOW + timedelta(days=7)
    with transaction(database) as session:
        made = make_round(session, opens_at=opens, closes_at=closes)
    clock = [NOW]
    intake = Intake(database, lambda: clock[0])
    first = make_submission(made, submission_id="first".ljust(22, "."))
    assert intake.keep(first) is Outcome.KEPT
    jumps = {
        timedelta(hours=-1): Outcome.KEPT,
        timedelta(hours=1): Outcome.KEPT,
        timedelta(days=3650): LinkClosed,
        timedelta(days=-3650): LinkNotYetOpen,
        timedelta(days=7): LinkClosed,
        timedelta(days=7, microseconds=-1): Outcome.KEPT,
        timedelta(days=-7): Outcome.KEPT,
        timedelta(0): Outcome.KEPT,
    }
    for number, (jump, expected) in enumerate(jumps.items()):
        clock[0] = NOW + jump
        assert _answer(intake, replace(first, submission_id=f"{number:022d}")) == expected
    assert intake.keep(first) is Outcome.KEPT_BEFORE, "its retry is known whatever the clock did"
    intake.close()


def _answer(intake, submission):
    try:
        return intake.keep(submission)
    except Refusal as refusal:
        return type(refusal)
