"""The product as it is deployed: `flask serve` in a process of its own, on a spare port."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60
ROOT = Path(__file__).parent.parent


@dataclass
class Server:
    """One installation that a test starts, kills and starts again."""

    var: Path
    database_url: str
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)  # beyond the usual, without the prefix
    workers: int = 1
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Return where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PINGYI_")}
        return {
            **kept,
            "PINGYI_VAR": str(self.var),
            "PINGYI_DATABASE_URL": self.database_url,
            "PINGYI_BASE_URL": self.url,
            "LANG": "C.UTF-8",
            **{f"PINGYI_{name}": value for name, value in self.settings.items()},
        }

    @property
    def log(self) -> str:
        """Return everything that its processes wrote."""
        return (self.var / "server.log").read_text(encoding="utf-8")

    @property
    def command(self) -> list[str]:
        """Return what starts it."""
        return [*self._flask(), "serve", "--port", str(self.port), "--workers", str(self.workers)]

    def start(self) -> None:
        """Serve, and wait until it answers."""
        self.port = self.port or free_port()
        self.var.mkdir(parents=True, exist_ok=True)
        log = (self.var / "server.log").open("ab")
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(self.log)
            if self.is_healthy():
                return
            time.sleep(0.05)
        raise AssertionError("the server did not answer in time")

    def is_healthy(self) -> bool:
        """Tell whether /healthz answers 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End all its processes (SIGKILL as a power cut would)."""
        if self.process is None:
            return
        os.killpg(self.process.pid, how)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
        self.process = None

    def flask(self, *arguments: str, expect: int = 0) -> str:
        """Run a flask command on the same installation; return what it printed."""
        done = subprocess.run(
            [*self._flask(), *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == expect, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @staticmethod
    def _flask() -> list[str]:
        return [sys.executable, "-m", "flask", "--app", "app"]


def free_port() -> int:
    """Return a loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
