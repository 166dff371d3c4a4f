"""The parent of long work: takes jobs up one by one, watches their child, and alone writes."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from surveys.db import Database, reading, transaction
from surveys.jobs.files import sweep
from surveys.jobs.kinds import KINDS, kind_of
from surveys.jobs.lease import claim, holder_name, ready_job
from surveys.jobs.watch import Progress, Watch
from surveys.settings import Settings

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
SWEEP_SECONDS = 3600.0
# With Redis set, waiting jobs are for `flask jobs work`; a server takes up what nobody took.
PATIENCE_WITH_REDIS = timedelta(seconds=60)


class Store(Protocol):
    """What a runner needs of an installation."""

    @property
    def settings(self) -> Settings:
        """Return the settings, which a child gets through its environment."""

    @property
    def database(self) -> Database:
        """Return the store that the jobs stand in."""


def utc_now() -> datetime:
    """Read the clock; a runner is a process's own, like a command."""
    return datetime.now(UTC)


def start_runner(installation: Store, clock: Callable[[], datetime] = utc_now) -> "Runner":
    """Start the thread that takes up the jobs of a serving process, and return it."""
    patience = PATIENCE_WITH_REDIS if installation.settings.redis_url else timedelta()
    runner = Runner(installation.settings, installation.database, clock, patience=patience)
    runner.start()
    return runner


class Runner:
    """Takes up jobs one after the other: `run` does one, `start` does all in a thread."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        kinds: Mapping[str, str] = KINDS,
        patience: timedelta = timedelta(),
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._kinds = kinds
        self._patience = patience
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._sweep_at = 0.0

    def start(self) -> None:
        """Take jobs up in a thread of its own."""
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the child at work, put its job back on the list, and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def run(self, job_id: int, on_progress: Progress | None = None) -> bool:
        """Do one job when it is free; tell whether it was."""
        with transaction(self._database) as session:
            claimed = claim(session, job_id, holder_name(), self._clock())
        if claimed is None:
            return False
        kind = kind_of(claimed.kind, self._kinds)
        watch = Watch(
            self._settings,
            self._database,
            self._clock,
            self._stopping,
            claimed,
            kind,
            self._kinds[claimed.kind],
            on_progress,
        )
        watch.run()
        return True

    def run_next(self) -> bool:
        """Do the oldest free job; tell whether there was one."""
        with reading(self._database) as session:
            job_id = ready_job(session, self._clock(), self._patience)
        return job_id is not None and self.run(job_id)

    def _work(self) -> None:
        while not self._stopping.is_set():
            found = False
            try:
                found = self.run_next()
                if time.monotonic() >= self._sweep_at:
                    self._sweep_at = time.monotonic() + SWEEP_SECONDS
                    sweep(self._settings.var, self._database, self._clock())
            except Exception:
                log.exception("jobs could not be taken up")
            if not found:
                self._stopping.wait(POLL_SECONDS)
