"""Chromium as a cheap phone: small, touched, slowed down, on a mobile network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

SLOWER = 4  # how many times a cheap phone's processor is behind this one
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
)
PATIENCE_MS = 120_000


@dataclass(frozen=True)
class Network:
    """A network as Chromium emulates it: bits per second each way, and a journey there and back."""

    name: str
    down: int
    up: int
    latency_ms: int


# As Chromium's own developer tools name and set them.
NETWORKS = (
    Network("slow 3G", 400_000, 400_000, 2000),
    Network("slow 4G", 1_440_000, 675_000, 562),
)


@dataclass
class Phone:
    """One page in a context of its own, with a line into the browser."""

    page: Page
    line: CDPSession

    def slow_down(self, times: float = SLOWER) -> None:
        """Let the processor be so many times slower."""
        self.line.send("Emulation.setCPUThrottlingRate", {"rate": times})

    def join(self, network: Network) -> None:
        """Be on a mobile network from now on."""
        self.line.send("Network.enable")
        self.line.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": network.latency_ms,
                "downloadThroughput": network.down / 8,
                "uploadThroughput": network.up / 8,
            },
        )

    def run(self, script: str, *given: Any) -> Any:
        """Run a function in the page and return what it returns."""
        return self.page.evaluate(script, list(given))


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the system's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=list(ARGUMENTS),
        )
        yield started
        started.close()


@contextmanager
def phone(of: Browser, script: Path | None = None, is_desk: bool = False) -> Iterator[Phone]:
    """Open an empty page of a phone's size (or a desk's), with a script that runs before all."""
    context = _desk(of) if is_desk else _small(of)
    context.set_default_timeout(PATIENCE_MS)
    if script is not None:
        context.add_init_script(path=script)
    page = context.new_page()
    yield Phone(page, context.new_cdp_session(page))
    context.close()


def _small(of: Browser) -> BrowserContext:
    return of.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
    )


def _desk(of: Browser) -> BrowserContext:
    return of.new_context(viewport={"width": 1280, "height": 860}, locale="zh-CN")
