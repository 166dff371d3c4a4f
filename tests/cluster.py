"""A Dask cluster of real processes on loopback, and counting that is slow enough to be broken."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from surveys.recount import Partition, count
from surveys.tallies import Counts

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 60


@dataclass
class Cluster:
    """A scheduler and its workers."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


def slowly(partition: Partition) -> Counts:
    """Count a partition, taking its time."""
    time.sleep(0.2)
    return count(partition)


@contextmanager
def dask_cluster(folder: Path, workers: int, **environ: str) -> Iterator[Cluster]:
    """Start a cluster whose workers have these settings; end all of its processes afterwards."""
    env = {**os.environ, **environ, "PYTHONPATH": str(ROOT)}
    file = folder / "scheduler.json"
    started = [_start(env, "scheduler", "--host", "127.0.0.1", "--port", "0", file=file)]
    try:
        _wait(lambda: file.exists() and file.stat().st_size)
        started += [
            _start(env, "worker", "--nthreads", "1", "--no-nanny", file=file)
            for _ in range(workers)
        ]
        address = _address(file)
        _wait(lambda: _workers(address) == workers)
        yield Cluster(address, started[0], started[1:])
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _start(env: dict[str, str], what: str, *options: str, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dask", what, *options, "--no-dashboard"]
    with (file.parent / "dask.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--scheduler-file", str(file)],
            env=env,
            cwd=file.parent,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _address(file: Path) -> str:
    import json

    return str(json.loads(file.read_text())["address"])


def _workers(address: str) -> int:
    import distributed

    with distributed.Client(address, timeout=PATIENCE_SECONDS, set_as_default=False) as client:
        return len(client.scheduler_info(n_workers=-1)["workers"])


def _wait(condition) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.1)
