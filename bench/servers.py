"""The servers that are measured: the product as `flask serve` runs it, and bare ones like it."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import processes
from tests.services.servers import free_port, postgresql

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
TARGET = "app:create_"  # how the factory in a server's command line begins


@dataclass(frozen=True)
class Server:
    """A server that runs: where it listens, and its first process."""

    name: str
    port: int
    pid: int

    @property
    def cpu_ms(self) -> float:
        """Return the CPU time of all its processes."""
        return processes.cpu_ms([self.pid])

    @property
    def pss_mib(self) -> float:
        """Return the memory of all its processes."""
        return sum(processes.pss_mib(one.pid) for one in processes.tree([self.pid]))

    @property
    def worker_pss_mib(self) -> float:
        """Return the memory of its largest process: one that serves."""
        return max(processes.pss_mib(one.pid) for one in processes.tree([self.pid]))


@dataclass(frozen=True)
class PostgreSQL:
    """A PostgreSQL of ours, durable as it is installed, and its first process."""

    address: str
    pid: int

    @property
    def cpu_ms(self) -> float:
        """Return the CPU time of the server and all its backends."""
        return processes.cpu_ms([self.pid])

    def database(self, name: str) -> str:
        """Make an empty database; return its SQLAlchemy address."""
        with psycopg.connect(self.plain, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address.rsplit("/", 1)[0] + f"/{name}"

    @property
    def plain(self) -> str:
        """Return the address as the driver takes it."""
        return self.address.replace("+psycopg", "")


@contextmanager
def postgresql_server() -> Iterator[PostgreSQL]:
    """Run a PostgreSQL of our own until the block ends."""
    with postgresql() as address:
        mine = processes.tree([os.getpid()])
        servers = [one for one in mine if one.name == "postgres" and one.parent == os.getpid()]
        yield PostgreSQL(address, servers[-1].pid)


@contextmanager
def product(name: str, folder: Path, url: str, workers: int = 1) -> Iterator[Server]:
    """Serve the product on a database until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", "app", "serve"]
    command += ["--port", str(port), "--workers", str(workers)]
    with _running(name, command, port, folder, settings(folder, url, port)) as server:
        yield server


@contextmanager
def alike(
    name: str, model: Server, factory: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[Server]:
    """Serve another application with the very command line of a server that runs."""
    port = free_port()
    command = [
        str(port) if part == str(model.port) else factory if part.startswith(TARGET) else part
        for part in processes.command_line(model.pid)
    ]
    with _running(name, command, port, folder, environment) as server:
        yield server


def settings(folder: Path, url: str, port: int) -> dict[str, str]:
    """Return the product's settings for an installation in a folder."""
    return {
        "PINGYI_VAR": str(folder),
        "PINGYI_DATABASE_URL": url,
        "PINGYI_BASE_URL": f"http://127.0.0.1:{port}",
    }


@contextmanager
def _running(
    name: str, command: list[str], port: int, folder: Path, environment: Mapping[str, str]
) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PINGYI_")}
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**kept, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_answering(process, port, log)
        yield Server(name, port, process.pid)
    finally:
        _stop(process)


def _wait_until_answering(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
            return
        except urllib.error.HTTPError:
            return  # it answers, if only to say that there is nothing here
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text(errors='replace')}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
