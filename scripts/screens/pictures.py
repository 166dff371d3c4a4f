"""The README's pictures: phone, console and workbook."""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Locator, Page, Playwright

from scripts.screens.demonstration import ROOT, Demonstration, chromium
from scripts.screens.filling import hand_in, prefixes_of, press, rate

PICTURES = ROOT / "docs" / "pictures"
LARGEST_BYTES = 200_000
VIEWER_MILLISECONDS = 4000
PASSWORD = "a long password for pictures only"  # noqa: S105 - of a store that lives for a minute
# What has to go so that Chromium shows a PDF.
NO_VIEWER = ("--headless", "--disable-extensions", "--hide-scrollbars")
# The workbook's first page in the PDF viewer, without the viewer's own frame.
SHEET: FloatRect = {"x": 6, "y": 4, "width": 1254, "height": 480}


def take_pictures(playwright: Playwright, shown: Demonstration) -> None:
    """Take every picture that the README shows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with chromium(playwright) as browser:
        citizen(browser, shown)
        deputy(browser, shown)
        console(browser, shown)
    workbook(playwright, shown.folder / "official.xlsx")


def citizen(browser: Browser, shown: Demonstration) -> None:
    """Take the citizen's card at a unit's window: as it is, large, dark; then what follows."""
    for name, query, is_dark in (
        ("phone", "", False),
        ("phone-large", "?text=24", False),
        ("dark", "", True),
    ):
        page = phone_page(browser, is_dark)
        page.goto(shown.address("window", query=query))
        items = page.locator("details.unit[open] fieldset.item")
        answer(items, ("A", "B"))
        show(items.nth(0 if query else 1))
        keep(page, name)
    page = phone_page(browser)
    page.goto(shown.address("window"))
    hand_in(page)
    keep(page, "thanks")


def deputy(browser: Browser, shown: Demonstration) -> None:
    """Take the deputy's card in the middle of the form, and the last look before handing in."""
    page = phone_page(browser)
    page.goto(shown.address("npc", token=0))
    prefixes = prefixes_of(page)
    rate(page, prefixes[:30])
    page.locator(f"#u{prefixes[30]} label.whole input").evaluate("box => box.click()")
    rate(page, [prefixes[31]], ("B", "A"))
    press(page, ".after")
    press(page, ".next")
    page.evaluate("() => document.activeElement.blur()")  # a finger leaves no ring
    page.wait_for_timeout(500)
    keep(page, "deputy")
    rate(page, prefixes[31:60])
    press(page, ".to-review")
    page.wait_for_timeout(500)
    keep(page, "deputy-review")


def phone_page(browser: Browser, is_dark: bool = False) -> Page:
    """Return a page of a phone's size in a context of its own."""
    return browser.new_page(
        viewport={"width": 390, "height": 844},
        device_scale_factor=1.5,
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        color_scheme="dark" if is_dark else "light",
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
    scored, opened = (f"{shown.url}/console/rounds/{number}" for number in (2, 3))
    for address, name in (
        (scored, "round"),
        (f"{opened}/links", "links"),
        (f"{opened}/ballots", "ballots"),
        (f"{scored}/results", "results"),
        (f"{scored}/results/U44", "unit"),
        (f"{scored}/evidence", "evidence"),
        (f"{scored}/evidence/U44", "unit-evidence"),
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
