"""Servers on loopback that live in a folder of their own and stop when the block ends."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import redis

START_SECONDS = 60
POSTGRESQL_USER = "pingyi"


class ServerFailed(Exception):
    """A server of ours did not come up; the text ends with its log."""


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a fresh PostgreSQL and give its SQLAlchemy address."""
    programs = postgresql_programs()
    if programs is None:
        raise ServerFailed("PostgreSQL is not installed")
    owner = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    port = free_port()
    with folder_of(owner) as folder:
        command = postgresql_command(programs, folder, owner, port)
        address = f"postgresql://{POSTGRESQL_USER}@127.0.0.1:{port}/postgres"
        with running(command, folder, owner, lambda: psycopg.connect(address).close()):
            yield address.replace("postgresql:", "postgresql+psycopg:")


def postgresql_command(programs: Path, folder: Path, owner: str | None, port: int) -> list[str]:
    """Make an empty cluster in a folder; return the command that serves it."""
    data = folder / "data"
    subprocess.run(
        [
            *(programs / "initdb", "--pgdata", data, "--username", POSTGRESQL_USER),
            *("--auth", "trust", "--locale", "C.UTF-8", "--encoding", "UTF8", "--no-sync"),
        ],
        cwd=folder,
        user=owner,
        group=owner,
        extra_groups=[] if owner else None,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    # Durability settings stay as in a real installation; only room for parallel tests is added.
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
    }
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), *options]


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a fresh Redis that keeps nothing on disk and give its address."""
    port = free_port()
    with folder_of(None) as folder:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port)]
        command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
        address = f"redis://127.0.0.1:{port}/0"

        def ping() -> None:
            with redis.Redis.from_url(address) as connection:
                connection.ping()

        with running(command, folder, None, ping):
            yield address


def postgresql_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server here, Debian's or one on the PATH."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(debian, key=lambda path: [int(part) for part in path.parts[4].split(".")])
    on_path = shutil.which("initdb")
    if on_path is not None:
        found.insert(0, Path(on_path).resolve())
    return found[-1].parent if found else None


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder_of(owner: str | None) -> Iterator[Path]:
    """Give a temporary folder that belongs to a user, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pingyi-test-"))
    try:
        if owner is not None:
            shutil.chown(folder, owner, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(
    command: Sequence[str], folder: Path, owner: str | None, ping: Callable[[], None]
) -> Iterator[None]:
    """Run a server until the block ends; the block begins when it answers a ping."""
    log = folder / "log"
    with log.open("wb") as output:
        # A session of its own: Ctrl-C in the terminal reaches the tests first, the server last.
        process = subprocess.Popen(
            command,
            cwd=folder,
            user=owner,
            group=owner,
            extra_groups=[] if owner else None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until_answering(process, ping, log)
        yield
    finally:
        stop(process)


def wait_until_answering(
    process: "subprocess.Popen[bytes]", ping: Callable[[], None], log: Path
) -> None:
    """Return when the server answers, or raise with its log."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError, redis.ConnectionError):
            ping()
            return
        time.sleep(0.05)
    raise ServerFailed(f"{process.args!r} did not start:\n{log.read_text(errors='replace')}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a server without waiting for its clients, by force if it does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown; Redis takes it as well
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
