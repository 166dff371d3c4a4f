"""Takes the README's pictures from a fresh demonstration: phone, console and workbook."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Locator, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LARGEST_BYTES = 200_000
START_SECONDS = 300
VIEWER_MILLISECONDS = 4000
PASSWORD = "a long password for pictures only"  # noqa: S105 - of a store that lives for a minute
SERVE = (sys.executable, "-m", "flask", "--app", "app", "serve", "--demo", "--port")
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
# What has to go so that Chromium shows a PDF.
NO_VIEWER = ("--headless", "--disable-extensions", "--hide-scrollbars")
# The workbook's first page in the PDF viewer, without the viewer's own frame.
SHEET: FloatRect = {"x": 6, "y": 4, "width": 1254, "height": 480}


@dataclass(frozen=True)
class Demonstration:
    """A running demonstration: where it is, and what it left on the disk."""

    url: str
    folder: Path
    setup_url: str

    def address(self, name: str, token: int | None = None) -> str:
        """Return the address of one of its links, with one of its codes."""
        link = json.loads((self.folder / "links.json").read_text(encoding="utf-8"))[name]
        code = f"#{link['tokens'][token]}" if token is not None else ""
        return f"{self.url}/a/{link['code']}{code}"


def main() -> None:
    """Take every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with demonstration() as shown, sync_playwright() as playwright:
        with chromium(playwright) as browser:
            phone(browser, shown)
            deputy(browser, shown)
            console(browser, shown)
        workbook(playwright, shown.folder / "official.xlsx")


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


def phone(browser: Browser, shown: Demonstration) -> None:
    """Take the citizen's page at a unit's window, half answered."""
    page = phone_page(browser)
    page.goto(shown.address("window"))
    items = page.locator("details.unit[open] fieldset.item")
    answer(items, ("A", "B"))
    show(items.nth(1))
    keep(page, "phone")


def deputy(browser: Browser, shown: Demonstration) -> None:
    """Take the deputy's page with its progress."""
    page = phone_page(browser)
    page.goto(shown.address("npc", token=0))
    cards = page.locator("details.unit")
    for number in range(30):
        answer(cards.nth(number).locator("fieldset.item"), ("A", "B", "A", "A", "B"))
    cards.nth(30).locator("label.whole input").evaluate("box => box.click()")
    items = cards.nth(31).locator("fieldset.item")
    cards.nth(31).evaluate("card => { card.open = true }")
    answer(items, ("B", "A"))
    show(items.nth(1))
    keep(page, "deputy")


def phone_page(browser: Browser) -> Page:
    """Return a page of a phone's size."""
    return browser.new_page(
        viewport={"width": 390, "height": 844},
        device_scale_factor=1.5,
        is_mobile=True,
        has_touch=True,
    )


def answer(items: Locator, options: tuple[str, ...]) -> None:
    """Choose an option for each of the first items."""
    for number, option in enumerate(options):
        items.nth(number).locator(f"input[value={option}]").evaluate("option => option.click()")


def show(place: Locator) -> None:
    """Bring a place to the middle of the window."""
    place.evaluate("place => place.scrollIntoView({block: 'center', behavior: 'instant'})")
    place.page.wait_for_timeout(500)


def console(browser: Browser, shown: Demonstration) -> None:
    """Set the first account up; take the scored round's pages and the open round's links."""
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.goto(shown.setup_url)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(f"{shown.url}/console/")
    scored, opened = (f"{shown.url}/console/rounds/{number}" for number in (1, 2))
    for address, name in (
        (scored, "round"),
        (f"{opened}/links", "links"),
        (f"{opened}/ballots", "ballots"),
        (f"{scored}/results", "results"),
        (f"{scored}/results/U44", "unit"),
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        keep(page, name)


def workbook(playwright: Playwright, path: Path) -> None:
    """Take the first page of the official workbook, where LibreOffice can print it."""
    office = shutil.which("soffice")
    if office is None:
        sys.stderr.write("workbook.png stays as it is: it needs soffice\n")
        return
    profile = f"-env:UserInstallation=file://{path.parent}/office"
    subprocess.run(  # noqa: S603 - our own command
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", path.parent, path],
        check=True,
        capture_output=True,
        timeout=180,
    )
    with chromium(playwright, without=NO_VIEWER) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"{path.with_suffix('.pdf').as_uri()}#toolbar=0&navpanes=0&view=FitH")
        page.wait_for_timeout(VIEWER_MILLISECONDS)
        keep(page, "workbook", SHEET)


def keep(page: Page, name: str, clip: FloatRect | None = None) -> None:
    """Keep what the window shows; stop when the picture is too large for a README."""
    path = PICTURES / f"{name}.png"
    page.mouse.move(0, 0)
    page.screenshot(path=path, clip=clip)
    size = path.stat().st_size
    sys.stdout.write(f"{path.relative_to(ROOT)}  {size // 1000} kB\n")
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path.name} is larger than {LARGEST_BYTES // 1000} kB")


if __name__ == "__main__":
    main()
