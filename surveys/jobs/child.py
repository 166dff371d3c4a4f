"""The child process of one job: it reads the store, writes files, and never changes a row."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analytics.faults import Fault
from surveys.db import Database, open_database, reading
from surveys.jobs.files import UPLOAD
from surveys.jobs.kinds import Task, kind_of
from surveys.jobs.problems import problem_of
from surveys.jobs.rows import job_of
from surveys.refusals import Refusal
from surveys.settings import read_settings

POLITENESS = 10
TELL_SECONDS = 0.5


def main(job_id: int, reference: str, folder: Path, pipe: int) -> None:
    """Do the work of a job; write progress and the outcome as JSON lines into the pipe."""
    # Phones come first, and reports take what is left.
    os.nice(POLITENESS)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    settings = read_settings()
    # Both engines are the reading one: nothing that runs here can write.
    database = _read_only(open_database(settings.database_url))
    with reading(database) as session:
        job = job_of(session, job_id)
    task = Task(
        job_id=job_id,
        round_id=job.round_id,
        arguments=json.loads(job.arguments),
        database=database,
        settings=settings,
        folder=folder,
        upload=folder.parent / UPLOAD,
        tell=_telling(pipe),
    )
    try:
        outcome: dict[str, Any] = {"result": kind_of(job.kind, {job.kind: reference}).work(task)}
    except (Refusal, Fault) as expected:
        problem, faults = problem_of(expected)
        outcome = {"problem": problem, "faults": faults}
    _say(pipe, outcome)
    database.dispose()


def _read_only(database: Database) -> Database:
    return Database(database.reader, database.reader)


def _telling(pipe: int) -> Callable[[int, int | None], None]:
    """Return a function that may be called as often as one likes, and speaks now and then."""
    said_at = 0.0

    def tell(done: int, total: int | None) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= TELL_SECONDS or done == total:
            _say(pipe, {"done": done, "total": total})
            said_at = time.monotonic()

    return tell


def _say(pipe: int, message: dict[str, Any]) -> None:
    rest = memoryview(json.dumps(message, ensure_ascii=False).encode() + b"\n")
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _die_with_parent() -> None:
    """End this process and its own children as soon as the parent is gone, however it went."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
