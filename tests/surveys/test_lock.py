"""The lock beside a SQLite file: one server, whatever became of the one before."""

import os
import signal
import subprocess
import sys

import pytest

from surveys import lock

HOLD = """
import sys, time
from pathlib import Path
from surveys import lock
print(lock.take(Path(sys.argv[1])), flush=True)
time.sleep(60)
"""
START_ANOTHER = """
import os, subprocess, sys
from pathlib import Path
from surveys import lock
lock.take(Path(sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]], close_fds=False)
os._exit(0) if sys.argv[3] == "leave" else child.wait()
"""


@pytest.fixture
def store(tmp_path):
    return tmp_path / "pingyi.db"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    monkeypatch.setenv(lock.VARIABLE, "")


def holding(store, *program):
    process = subprocess.Popen(
        [sys.executable, "-c", *(program or (HOLD,)), str(store)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return process, process.stdout.readline().strip()


def end(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_with_one_sentence_naming_the_first(store):
    process, answer = holding(store)
    try:
        assert answer == "True"
        assert lock.holder(store) == process.pid
        with pytest.raises(lock.StoreServed) as refused:
            lock.take(store, patience=0.2)
        assert str(process.pid) in str(refused.value)
        assert "SQLite 只能有一个" in str(refused.value)
        assert "served already" in str(refused.value)
    finally:
        end(process)


def test_a_killed_server_leaves_no_lock_behind(store):
    process, _ = holding(store)
    end(process)
    assert lock.holder(store) is None
    assert lock.take(store)
    os.close(int(os.environ[lock.VARIABLE]))


def test_the_same_file_by_another_name_is_the_same_file(store, tmp_path):
    (tmp_path / "else").symlink_to(tmp_path, target_is_directory=True)
    named = {
        lock.store_file(f"sqlite:///{folder}/pingyi.db") for folder in (tmp_path, tmp_path / "else")
    }
    assert named == {store}


def test_what_a_server_starts_shares_its_hold(store):
    """The hold goes on with a worker whose first process was killed, until that ends too."""
    process = subprocess.Popen(
        [sys.executable, "-c", START_ANOTHER, str(store), HOLD, "leave"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline().strip() == "False", "not a new hold"
    process.wait()
    assert lock.holder(store) == process.pid
    with pytest.raises(lock.StoreServed):
        lock.take(store, patience=0.1)
    end(process)
    assert lock.take(store)
    os.close(int(os.environ[lock.VARIABLE]))


@pytest.mark.parametrize("number", ["999", "0", "x", ""])
def test_a_number_that_is_no_hold_of_this_file_is_worth_nothing(store, monkeypatch, number):
    monkeypatch.setenv(lock.VARIABLE, number)
    assert lock.take(store)
    os.close(int(os.environ[lock.VARIABLE]))


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://host/name", "sqlite://", "sqlite:///:memory:"]
)
def test_only_a_file_has_a_lock(url):
    assert lock.store_file(url) is None
