"""A fresh demonstration, served for as long as it is looked at, and the Chromium that looks."""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300
SERVE = (sys.executable, "-m", "flask", "--app", "app", "serve", "--demo", "--port")
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


@dataclass(frozen=True)
class Demonstration:
    """A running demonstration: where it is, and what it left on the disk."""

    url: str
    folder: Path
    setup_url: str

    def address(self, name: str, token: int | None = None, query: str = "") -> str:
        """Return the address of one of its links, with one of its codes."""
        link = json.loads((self.folder / "links.json").read_text(encoding="utf-8"))[name]
        code = f"#{link['tokens'][token]}" if token is not None else ""
        return f"{self.url}/a/{link['code']}{query}{code}"

    def closed_address(self) -> str:
        """Return the address of an open link whose round is scored already."""
        store = self.folder.parent / "pingyi.db"
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as connection:
            code = connection.execute(
                "SELECT code FROM link WHERE round_id = 1 AND channel = 'open'"
            ).fetchone()[0]
        return f"{self.url}/a/{code}"


@contextmanager
def demonstration() -> Iterator[Demonstration]:
    """Build and serve a demonstration in a folder of its own; end it and delete the folder."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        url, log = f"http://127.0.0.1:{port}", Path(folder) / "serve.log"
        environ = {**os.environ, "PINGYI_VAR": folder, "PINGYI_BASE_URL": url, "LANG": "C.UTF-8"}
        with log.open("wb") as output:
            server = subprocess.Popen(  # noqa: S603 - our own command
                [*SERVE, port],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=output,
            )
        try:
            wait_until_serving(url, server)
            printed = re.search(rf"{url}/console/setup/\S+", log.read_text(encoding="utf-8"))
            if printed is None:
                raise SystemExit("the demonstration printed no set-up link")
            yield Demonstration(url, Path(folder) / "demo", printed.group())
        finally:
            server.terminate()
            server.wait(20)


def wait_until_serving(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Return when the health page answers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=2):  # noqa: S310
            return
        time.sleep(0.5)
    raise SystemExit("the demonstration did not start")


@contextmanager
def chromium(playwright: Playwright, without: tuple[str, ...] = ()) -> Iterator[Browser]:
    """Start the system's Chromium, without some of Playwright's own arguments."""
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        ignore_default_args=list(without),
        args=["--headless=new", *CHROMIUM[1:]] if without else list(CHROMIUM),
    )
    yield browser
    browser.close()
