"""Disks that fail, fill up or are slow under the embedded store: no receipt without a row."""

import random
import shutil
from pathlib import Path

import pytest

from surveys.refusals import NotSaved
from tests.faults.disk import small_disk
from tests.faults.journal import read_journals
from tests.faults.writer import wait_until

SHORT_RUNS = 5
DISK_KILOBYTES = 16 * 1024  # the log alone grows to 4 MB before it is used again
ROOM_KILOBYTES = 40


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
def test_every_so_many_calls_fail(copies, tmp_path, seed, call, error, apart):
    said_no = 0
    for first in random.Random(seed).sample(range(1, apart + 1), SHORT_RUNS):
        orders = copies.orders(tmp_path / str(first))
        failed = copies.run(orders, f"{call}:error={error}:when={first}+{apart}")
        assert failed, "the disk did fail"
        verdict, history = copies.check(orders)
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
def test_each_single_call_fails(copies, tmp_path, call, error):
    point = 0
    while True:
        point += 1
        orders = copies.orders(tmp_path / str(point))
        if not copies.run(orders, f"{call}:error={error}:when={point}"):
            break
        copies.check(orders)
    assert point > 1, "at least one call was made to fail"


def test_every_acknowledgement_was_flushed(copies, tmp_path):
    orders = copies.orders(tmp_path)
    flushes = copies.run(orders, "fsync,fdatasync:delay_exit=1")
    verdict, _ = copies.check(orders)
    assert len(flushes) >= verdict.acknowledged > 0, "one after the other, each waits for the disk"


def test_a_slow_disk_costs_one_wait_per_batch(copies, tmp_path):
    orders = copies.orders(tmp_path, count=64, threads=16)
    waits = copies.run(orders, "fsync,fdatasync:delay_exit=100000")
    verdict, history = copies.check(orders)
    assert verdict.sent == 64
    assert not_saved(history) == 0
    assert len(waits) < 32


def test_a_full_disk_is_said_and_survived(copies, tmp_path, writers):
    with small_disk(tmp_path / "disk", DISK_KILOBYTES) as disk:
        orders = copies.orders(disk, journal=str(tmp_path / "journal"), count=600, threads=4)
        ballast = disk / "ballast"
        writer = writers.start(orders)
        wait_until(Path(f"{orders.gate}.reached").exists)
        free = shutil.disk_usage(disk).free
        ballast.write_bytes(bytes(free - ROOM_KILOBYTES * 1024))
        Path(orders.gate).touch()
        wait_until(lambda: not_saved(read_journals([tmp_path / "journal"])) > 20)
        ballast.unlink()
        assert writers.wait(writer) == 0, "the same process goes on when there is room again"
        verdict, _ = copies.check(orders)
    assert verdict.sent == 600
