"""A PostgreSQL of a test's own, to be killed and started again on the same data."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.services.servers import (
    POSTGRESQL_USER,
    folder_of,
    free_port,
    postgresql_command,
    postgresql_programs,
    stop,
    wait_until_answering,
)

STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "killed": signal.SIGKILL}
PATIENCE_SECONDS = 30


class Cluster:
    """One PostgreSQL server: its folder, its process."""

    def __init__(self, folder: Path, owner: str | None) -> None:
        programs = postgresql_programs()
        assert programs is not None
        self._folder, self._owner, self._port = folder, owner, free_port()
        self._command = postgresql_command(programs, folder, owner, self._port)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its SQLAlchemy address."""
        return f"postgresql+psycopg://{POSTGRESQL_USER}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                user=self._owner,
                group=self._owner,
                extra_groups=[] if self._owner else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until_answering(self._process, lambda: self._connect().close(), log)

    def end(self, how: str) -> None:
        """End it as an administrator or a power cut would; return when no process of it is left."""
        assert self._process is not None
        self._process.send_signal(STOPS[how])
        self._process.wait(timeout=PATIENCE_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._has_processes():
            assert time.monotonic() < deadline, "processes are left"
            time.sleep(0.01)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator, outside any transaction."""
        with self._connect() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Stop it for good."""
        if self._process is not None:
            stop(self._process)

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        address = self.url.replace("+psycopg", "")
        return psycopg.connect(address, autocommit=True, connect_timeout=5)

    def _has_processes(self) -> bool:
        """Tell whether anything works in its folder; a killed parent leaves its children."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").readlink().is_relative_to(self._folder):
                    return True
        return False


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL for the block."""
    owner = "postgres" if os.geteuid() == 0 else None
    with folder_of(owner) as folder:
        made = Cluster(folder, owner)
        try:
            made.start()
            yield made
        finally:
            made.close()
