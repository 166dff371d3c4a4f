"""A Redis of a test's own that writes every command to its disk, killed and started again."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.services.servers import START_SECONDS, ServerFailed, folder_of, free_port

DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
TO_NODE = 10_000  # what a cluster adds to a port for its own talk


@dataclass
class OwnRedis:
    """One server in a folder of its own."""

    folder: Path
    options: tuple[str, ...] = DURABLE
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Return a client of it."""
        return redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Start it, and wait until it has read its file and answers."""
        self.folder.mkdir(exist_ok=True)
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--dir", str(self.folder), *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with suppress(redis.ConnectionError), self.client() as connection:
                connection.ping()
                return
            time.sleep(0.02)
        raise ServerFailed((self.folder / "log").read_text(errors="replace"))

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default as a power cut would."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=20)
            self.process = None


@contextmanager
def own_redis(*options: str) -> Iterator[OwnRedis]:
    """Run one server that is durable unless the options say otherwise."""
    with folder_of(None) as folder:
        server = OwnRedis(folder, (*DURABLE, *options))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def redis_cluster(masters: int = 3) -> Iterator[tuple[str, list[OwnRedis]]]:
    """Run a cluster of masters without replicas; give its address and its servers."""
    with folder_of(None) as folder:
        servers = []
        try:
            for number in range(masters):
                port = _port_with_room()
                own = folder / str(number)
                config = ("--cluster-enabled", "yes", "--cluster-config-file", str(own) + ".nodes")
                config += ("--cluster-require-full-coverage", "no")
                servers.append(OwnRedis(own, (*DURABLE, *config), port))
                servers[-1].start()
            hosts = [f"127.0.0.1:{server.port}" for server in servers]
            create = ["redis-cli", "--cluster", "create", *hosts, "--cluster-yes"]
            subprocess.run(create, check=True, capture_output=True, timeout=60)
            wait_for_cluster(servers)
            yield f"redis+cluster://{','.join(hosts)}", servers
        finally:
            for server in servers:
                server.stop()


def _port_with_room() -> int:
    while (port := free_port()) + TO_NODE > 65_000:
        pass
    return port


def wait_for_cluster(servers: list[OwnRedis]) -> None:
    """Return when every server says that the cluster is whole."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        states = [server.client().cluster("INFO")["cluster_state"] for server in servers]
        if set(states) == {"ok"}:
            return
        time.sleep(0.05)
    raise ServerFailed("the cluster did not come together")
