"""A receipt on a phone: kept from the thanks, found again by its picture, in no address."""

from urllib.parse import urldefrag

import png
import pytest
import zxingcpp

from surveys.db import open_database, transaction
from tests.journeys.browser.conftest import PHONE
from tests.makers import make_round

ITEMS = ("duties", "law", "service", "efficiency", "overall")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def link(server, database_url):
    database = open_database(database_url)
    with transaction(database) as session:
        code = make_round(session).links["citizens"].code
    database.dispose()
    return f"{server.url}/a/{code}"


def read_screen(page):
    """Return what another phone's camera reads from the screen."""
    width, height, rows, info = png.Reader(bytes=page.screenshot(full_page=True)).read()
    planes = info["planes"]
    grey = bytes(value for row in rows for value in list(row)[::planes])
    [found] = zxingcpp.read_barcodes(memoryview(grey).cast("B", shape=[height, width]))
    return found.text


def hand_in(page, link):
    page.goto(link)
    page.click("#u02 summary")
    for item in ITEMS:
        page.check(f"input[name='02.{item}'][value='B']", force=True)
    page.check("input[name='q.role'][value='person']", force=True)
    page.click("#ballot .bar button")
    page.wait_for_selector(".thanks")
    return page.input_value(".receipt input")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_receipt_is_kept_and_found_again_by_its_picture(server, browse, link, scheme):
    phone = browse(**PHONE, color_scheme=scheme)
    receipt = hand_in(phone, link)
    phone.click("form[action='/receipt'] button")
    phone.wait_for_selector("img")
    assert phone.inner_text(".receipt dd") == receipt
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    address = read_screen(phone)
    assert address == f"{server.url}/receipt#{receipt}"

    other = browse(**PHONE)
    asked = []
    other.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    other.goto(f"{server.url}/")
    other.goto(address)
    other.wait_for_selector("img")
    assert other.inner_text(".receipt dd") == receipt
    assert other.url == f"{server.url}/receipt"
    assert f"POST {server.url}/receipt" in asked
    assert not any(receipt in urldefrag(it).url for it in asked)
    # Back: to where one came from or to the empty form, and not here again.
    other.go_back()
    other.wait_for_timeout(300)
    assert other.locator("img").count() == 0


def test_a_second_picture_scanned_into_the_open_page_is_looked_up_too(server, browse):
    phone = browse(**PHONE)
    phone.goto(f"{server.url}/receipt")
    phone.evaluate("location.hash = '0123-4567-89AB'")
    phone.wait_for_selector(".error")
    assert phone.input_value("#receipt") == "0123-4567-89AB"
    phone.go_back()
    phone.wait_for_timeout(500)
    assert phone.locator("#look-up").count() == 1
    assert phone.locator(".error").count() == 0


def test_without_scripts_a_receipt_is_typed(server, browse, link):
    plain = browse(**PHONE, java_script_enabled=False)
    receipt = hand_in(plain, link)
    plain.goto(f"{server.url}/receipt")
    plain.fill("#receipt", receipt.lower().replace("-", " "))
    plain.click("#look-up button")
    assert plain.inner_text(".receipt dd") == receipt
