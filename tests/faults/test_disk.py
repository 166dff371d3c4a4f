"""Disks that fail, fill up or are slow under the embedded store: no receipt without a row."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from surveys.db import open_database, transaction
from surveys.refusals import NotSaved
from tests.faults.checker import Verdict, check_promise
from tests.faults.disk import injected_calls, small_disk, tampered
from tests.faults.journal import History, read_journals
from tests.faults.writer import Entrances, Nursery, Orders, entrances_of, issue_tokens, wait_until
from tests.makers import make_round

BALLOTS = 12
SHORT_RUNS = 5
DISK_KILOBYTES = 16 * 1024  # the log alone grows to 4 MB before it is used again
ROOM_KILOBYTES = 40


@dataclass(frozen=True)
class Installed:
    """A round in a database file, and the writers that fill copies of it."""

    template: Path
    entrances: Entrances
    writers: Nursery

    def orders(self, folder: Path, **changes: Any) -> Orders:
        """Copy the database into a folder; return what a writer shall do with the copy."""
        folder.mkdir(exist_ok=True)
        shutil.copy(self.template, folder / "pingyi.db")
        url = f"sqlite:///{folder / 'pingyi.db'}"
        return Orders(
            **{
                "database_url": url,
                "journal": str(folder / "journal"),
                "entrances": self.entrances,
                "seed": 0,
                "count": BALLOTS,
                "threads": 1,
                "gate": str(folder / "gate"),
                "tries": 10_000,
                **changes,
            }
        )

    def run(self, orders: Orders, *injections: str) -> list[str]:
        """Let a writer do its orders on a disk that fails; return the calls that failed."""
        writer = self.writers.start(orders)
        wait_until(Path(f"{orders.gate}.reached").exists)
        with tampered(writer, *injections) as trace:
            Path(orders.gate).touch()
            assert self.writers.wait(writer) == 0
            return injected_calls(trace)

    def check(self, orders: Orders) -> tuple[Verdict, History]:
        """Fail unless the store has what was acknowledged."""
        history = read_journals([Path(orders.journal)])
        database = open_database(orders.database_url)
        verdict = check_promise(database, self.entrances.round_id, history)
        database.dispose()
        return verdict, history


@pytest.fixture(scope="session")
def installed(sqlite_template, tmp_path_factory, writers):
    path = tmp_path_factory.mktemp("installed") / "pingyi.db"
    shutil.copy(sqlite_template, path)
    database = open_database(f"sqlite:///{path}")
    with transaction(database) as session:
        made = make_round(session)
    issue_tokens(database, entrances_of(made), 0, range(1000))
    database.dispose()
    return Installed(path, entrances_of(made), writers)


def not_saved(history):
    """Count the answers that promised nothing."""
    return sum(answer.word == NotSaved.__name__ for one in history.heard.values() for answer in one)


@pytest.mark.parametrize(
    ("call", "error", "apart"),
    [
        pytest.param("fsync,fdatasync", "EIO", 5, id="flushing fails"),
        pytest.param("pwrite64", "EIO", 23, id="writing fails"),
        pytest.param("pwrite64", "ENOSPC", 23, id="no room for a write"),
    ],
)
def test_every_so_many_calls_fail(installed, tmp_path, seed, call, error, apart):
    said_no = 0
    for first in random.Random(seed).sample(range(1, apart + 1), SHORT_RUNS):
        orders = installed.orders(tmp_path / str(first))
        failed = installed.run(orders, f"{call}:error={error}:when={first}+{apart}")
        assert failed, "the disk did fail"
        verdict, history = installed.check(orders)
        assert verdict.acknowledged, "and served between its failures"
        said_no += not_saved(history)
    assert said_no, "somebody was told that the ballot is not saved"


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param("fsync,fdatasync", "EIO", id="flushing fails"),
        pytest.param("pwrite64", "EIO", id="writing fails"),
        pytest.param("pwrite64", "ENOSPC", id="no room for a write"),
        pytest.param("ftruncate", "EIO", id="shortening fails"),
    ],
)
def test_each_single_call_fails(installed, tmp_path, call, error):
    point = 0
    while True:
        point += 1
        orders = installed.orders(tmp_path / str(point))
        if not installed.run(orders, f"{call}:error={error}:when={point}"):
            break
        installed.check(orders)
    assert point > 1, "at least one call was made to fail"


def test_a_slow_disk_costs_one_wait_per_batch(installed, tmp_path):
    orders = installed.orders(tmp_path, count=64, threads=16)
    waits = installed.run(orders, "fsync,fdatasync:delay_exit=100000")
    verdict, history = installed.check(orders)
    assert verdict.sent == 64
    assert not_saved(history) == 0
    assert len(waits) < 32


def test_a_full_disk_is_said_and_survived(installed, tmp_path, writers):
    with small_disk(tmp_path / "disk", DISK_KILOBYTES) as disk:
        orders = installed.orders(disk, journal=str(tmp_path / "journal"), count=600, threads=4)
        ballast = disk / "ballast"
        writer = writers.start(orders)
        wait_until(Path(f"{orders.gate}.reached").exists)
        free = shutil.disk_usage(disk).free
        ballast.write_bytes(bytes(free - ROOM_KILOBYTES * 1024))
        Path(orders.gate).touch()
        wait_until(lambda: not_saved(read_journals([tmp_path / "journal"])) > 20)
        ballast.unlink()
        assert writers.wait(writer) == 0, "the same process goes on when there is room again"
        verdict, _ = installed.check(orders)
    assert verdict.sent == 600
