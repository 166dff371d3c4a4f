"""A served installation on each store, and real Chromium as a desk and as phones."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from surveys.db import open_database, transaction
from surveys.models import RoundState
from tests.conftest import fresh_database
from tests.journeys.browser.phone import Phone, Served
from tests.makers import make_round
from tests.server import Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
]
# An old phone inside WeChat: narrow, touched, an in-app browser's name.
PHONE = {
    "viewport": {"width": 320, "height": 568},
    "is_mobile": True,
    "has_touch": True,
    "user_agent": (
        "Mozilla/5.0 (Linux; Android 9; V1818A) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Version/4.0 Chrome/86.0.4240.99 Mobile Safari/537.36 MicroMessenger/8.0.2"
    ),
}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium once."""
    if CHROMIUM is None:
        pytest.fail("chromium is not installed: run the tests with `make test`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """Serve a fresh installation with the production server."""
    served = Server(tmp_path / "var", database_url)
    served.start()
    yield served
    served.stop()


@pytest.fixture
def browse(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages in browsers of their own; fail on any script error they had."""
    contexts = []
    faults: list[str] = []

    def open_page(**options: Any) -> Page:
        context = chromium.new_context(locale="zh-CN", **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(scope="session", params=["sqlite"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve rounds of several sizes to all tests; ask for both stores by parameters."""
    folder = tmp_path_factory.mktemp("served")
    with fresh_database(request, folder) as url:
        database = open_database(url)
        with transaction(database) as session:
            rounds = {
                "city": make_round(session, units=62, classes=5, code="city", tokens=10),
                "province": make_round(
                    session, units=140, classes=5, code="prov", tokens=30, unit_digits=3
                ),
                "town": make_round(session, units=10, classes=2, code="town", tokens=100),
                "past": make_round(session, RoundState.CLOSED, code="past", tokens=0),
            }
        server = Server(folder / "var", url)
        server.start()
        yield Served(server, database, rounds)
        server.stop()
        database.dispose()


@pytest.fixture
def phone(served: Served, browse: Callable[..., Page]) -> Iterator[Callable[..., Phone]]:
    """Open phones of their own; fail on any dialog, and on any request to another host."""
    faults: list[str] = []

    def open_phone(**options: Any) -> Phone:
        page = browse(**{**PHONE, **options})
        held = Phone(page, served)
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda asked: held.requests.append(asked.url))
        phones.append(held)
        return held

    phones: list[Phone] = []
    yield open_phone
    for held in phones:
        faults += [it for it in held.requests if not it.startswith((served.url, "data:"))]
    assert not faults
