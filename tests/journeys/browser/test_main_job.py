"""The main job through the interface its users have, in real Chromium, from QR code to workbook."""

import csv
import io
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import openpyxl
import png
import pytest
import zxingcpp
from sqlalchemy import text

from analytics.rules import parse_rules, preset
from surveys.db import open_database, reading
from surveys.planning.demonstration import demonstration_plan
from surveys.planning.workbook import build_round_workbook
from tests.journeys.browser.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PASSWORD = "十五个字以上的一句长口令 2026"
ITEMS = [item.code for item in preset("default").items]


def sign_in_first(page, server):
    """Set the first account up by its one-time link."""
    link = server.flask("account", "add", "绩效办").strip().splitlines()[-1]
    page.goto(link)
    for field in page.query_selector_all("input[type=password]"):
        field.fill(PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/console/")
    again = page.goto(link)
    assert again.status == 410, "a set-up link works once"


def import_round(page, server, tmp_path):
    """Import the demonstration round's workbook through the console."""
    path = tmp_path / "round.xlsx"
    path.write_bytes(build_round_workbook(demonstration_plan("2026", "2026年度社会评议")))
    page.goto(f"{server.url}/console/rounds/import")
    page.set_input_files("input[type=file]", path)
    page.click("main form button.button-primary")
    assert "62" in page.inner_text("main")
    page.click("main form button.button-primary")
    page.wait_for_url("**/console/rounds/*")
    return page.url


def make_open_link(page, round_url, group):
    page.goto(f"{round_url}/links")
    form = page.locator(f"form[action='{path_of(round_url)}/links/open']")
    form.evaluate("form => form.closest('details').open = true")
    form.locator("select").first.select_option(label=group)
    form.locator("button.button-primary, button[type=submit], button").last.click()
    page.wait_for_load_state()


def make_codes(page, round_url, group, count, tmp_path):
    """Make one-time codes; return the links of the list that is handed out once."""
    page.goto(f"{round_url}/links")
    form = page.locator(f"form[action='{path_of(round_url)}/links/codes']")
    form.evaluate("form => form.closest('details').open = true")
    form.locator("select").first.select_option(label=group)
    form.locator("input[type=number]").fill(str(count))
    with page.expect_download() as download:
        form.locator("button").last.click()
    path = tmp_path / "codes.csv"
    download.value.save_as(path)
    rows = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    return [cell for row in rows for cell in row if "/a/" in cell]


def path_of(url):
    return "/" + url.split("/", 3)[3]


def take_step(page, round_url, step):
    page.goto(f"{round_url}/{step}")
    page.click("main form button.button-primary")
    page.wait_for_url(round_url)


def decoded_qr(page, picture_url):
    """Fetch a QR picture as the console offers it, and read it as a phone's camera would."""
    answer = page.request.get(picture_url)
    assert answer.headers["content-type"] == "image/png"
    width, height, rows, _ = png.Reader(bytes=answer.body()).asDirect()
    pixels = bytearray()
    for row in rows:
        channels = len(row) // width
        pixels.extend(255 if row[x * channels] else 0 for x in range(width))
    image = memoryview(bytes(pixels)).cast("B", shape=[height, width])
    [found] = zxingcpp.read_barcodes(image)
    return found.text


def rate(page, number, pattern):
    """Open a unit's card and choose an option for each item by touching its words."""
    card = page.locator(f"#u{number:02d}")
    if card.get_attribute("open") is None:
        card.locator("summary").first.click()
    for item, option in zip(ITEMS, pattern, strict=True):
        card.locator(f"label:has(> input[name='{number:02d}.{item}'][value='{option}'])").click()


def hand_in(page):
    page.click("#ballot .hand-in")
    page.wait_for_selector(".thanks")
    return page.input_value(".receipt input")


def answer_required(page):
    """Answer the general questions that must be answered."""
    page.locator("input[name='q.role'], input[name^='q.']").first.check(force=True)


def fill_work_template(content):
    """Fill the 70-point template in as the office would: 90 % of every full mark."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    rows = list(sheet.iter_rows())
    units = [row for row in rows if str(row[0].value or "").startswith("U")]
    [marks] = [
        row
        for row in rows
        if sum(isinstance(cell.value, int | float) for cell in row) == 10 and row not in units
    ]
    columns = [cell.column for cell in marks if isinstance(cell.value, int | float)]
    for row in units:
        for column in columns:
            full = Decimal(str(sheet.cell(marks[0].row, column).value))
            sheet.cell(row[0].row, column).value = float(full * Decimal("0.9"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def independent_social(database_url, unit_code):
    """Compute a unit's official 30 points from the stored ballots alone, apart from analytics."""
    database = open_database(database_url)
    with reading(database) as session:
        rules = parse_rules(session.execute(text("SELECT document FROM rule_set")).scalar())
        cells = session.execute(
            text(
                "SELECT ballot_id, group_code, unit_code, option_code FROM rating"
                " WHERE validity IN ('counted', 'flagged')"
            )
        ).all()
        of_class = dict(
            session.execute(
                text(
                    "SELECT unit.code, unit_class.code FROM unit"
                    " JOIN unit_class ON unit_class.id = unit.class_id"
                )
            ).all()
        )
    database.dispose()
    points = {o.code: Fraction(o.points) for o in rules.options if o.points is not None}
    ballots = {}
    for ballot, group, unit, option in cells:
        if option in points:
            ballots.setdefault((group, unit, ballot), []).append(points[option])
    means = {}
    for (group, unit, _), given in ballots.items():
        if len(given) >= 3:
            means.setdefault((group, unit), []).append(sum(given) / len(given))
    # Every group here is below its floor in every unit, so that no group is padded (rules: the
    # whole group is small); a unit without ballots takes its class's plain mean, or all units'.
    weights = rules.weights_for(of_class[unit_code])
    total = weight_sum = Fraction(0)
    for group, weight in weights.items():
        rated = {u: sum(b) / len(b) for (g, u), b in means.items() if g == group}
        if not rated or not weight:
            continue
        alike = [m for u, m in rated.items() if of_class[u] == of_class[unit_code]]
        pool = alike or list(rated.values())
        mean = rated.get(unit_code, sum(pool) / len(pool))
        total += Fraction(weight) * mean
        weight_sum += Fraction(weight)
    score = 30 * total / weight_sum / 100
    return (Decimal(score.numerator) / Decimal(score.denominator)).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )


def official_table(content):
    """Return unit name → row of the official sheet, by the headings."""
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True).worksheets[0]
    found = {}
    heads = None
    for row in sheet.iter_rows(values_only=True):
        words = [str(cell) if cell is not None else "" for cell in row]
        if "单位" in words:
            heads = words
        elif heads and words[heads.index("单位")].startswith("市"):
            found[words[heads.index("单位")]] = dict(zip(heads, row, strict=True))
    return found


def test_from_the_qr_code_to_the_official_workbook(server, browse, tmp_path, database_url):
    desk = browse(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    sign_in_first(desk, server)
    round_url = import_round(desk, server, tmp_path)
    make_open_link(desk, round_url, "群众")
    codes = make_codes(desk, round_url, "人大代表", 2, tmp_path)
    assert len(codes) == 2
    take_step(desk, round_url, "open")

    # The QR code that the console shows leads a phone to the questionnaire.
    desk.goto(f"{round_url}/links")
    picture = desk.locator("a[download$='.png']").first.get_attribute("href")
    address = decoded_qr(desk, server.url + picture)
    assert address.startswith(f"{server.url}/a/")

    # A citizen answers, and tries again.
    phone = browse(**PHONE)
    phone.goto(address)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    rate(phone, 44, "ABBNC")
    rate(phone, 48, "CCDBA")
    answer_required(phone)
    receipt = hand_in(phone)
    assert len(receipt.replace("-", "").replace(" ", "")) == 12
    phone.goto(address)
    rate(phone, 44, "EEEEE")
    answer_required(phone)
    assert hand_in(phone) != receipt
    assert "以第一份为准" in phone.inner_text("main") or "第一份" in phone.inner_text("main")

    # Another citizen has scripts switched off.
    plain = browse(**PHONE, java_script_enabled=False)
    plain.goto(address)
    plain.click("#u44 summary")
    for item, option in zip(ITEMS, "BBBBB", strict=True):
        plain.check(f"input[name='44.{item}'][value='{option}']", force=True)
    answer_required(plain)
    hand_in(plain)

    # A deputy scans a slip: the code is in the fragment, which no server sees.
    deputy = browse(**PHONE)
    deputy.goto(codes[0])
    deputy.wait_for_function("() => document.querySelector('#token').value.length >= 26")
    assert "#" not in deputy.evaluate("location.href"), "the secret leaves the address bar"
    deputy.click(".after")
    for box in deputy.query_selector_all(".unit input[name$='.unknown']"):
        box.evaluate("box => box.click()")
    deputy.click(".arrange")
    rate(deputy, 44, "AAAAB")
    deputy.click(".to-review")
    hand_in(deputy)
    deputy = browse(**PHONE)
    deputy.goto(codes[0])
    deputy.wait_for_function(
        "() => document.querySelector('#token-said').textContent.length > 0 "
        "&& !document.querySelector('#token-said').hidden"
    )
    assert "已经交过" in deputy.inner_text("#token-said")

    # The office closes, imports the 70 points, scores and downloads the official table.
    take_step(desk, round_url, "close")
    template = desk.request.get(f"{round_url}/work/template.xlsx").body()
    filled = tmp_path / "work.xlsx"
    filled.write_bytes(fill_work_template(template))
    desk.goto(f"{round_url}/work")
    desk.set_input_files("input[type=file]", filled)
    desk.click("main form.upload button.button-primary")
    desk.click("main form.confirm button.button-primary")
    desk.wait_for_url(f"{round_url}/work")
    desk.goto(f"{round_url}/results")
    desk.click("main form button.button-primary")
    desk.wait_for_load_state()
    with desk.expect_download() as download:
        desk.click("a[href*='.xlsx']")
    table = official_table(download.value.path().read_bytes())

    expected = independent_social(database_url, "U44")
    row = table["市政务服务管理办公室"]
    social = next(value for head, value in row.items() if head.startswith("社会评议"))
    work = next(value for head, value in row.items() if head.startswith("工作考评"))
    assert Decimal(str(social)) == expected
    assert Decimal(str(work)) == Decimal("63.00")
    assert Decimal(str(row["总分"])) == expected + Decimal("63.00")
    desk.goto(f"{round_url}/results/U44")
    assert str(expected) in desk.inner_text("main")
    assert "0 " in server.flask("tally", "verify", "2026")

    # Behind the scoring its evidence was worked out; its pages fit a phone too.
    desk.set_viewport_size({"width": 360, "height": 800})
    wait_for_evidence(desk, round_url)
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    explanation = desk.locator("details.how > p").first
    assert not explanation.is_visible()
    desk.emulate_media(media="print")
    assert explanation.is_visible(), "paper cannot be unfolded"
    desk.emulate_media(media="screen")
    desk.click("a[href$='/evidence/U44']")
    assert str(expected) in desk.inner_text("main")
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360


def wait_for_evidence(desk, round_url):
    """Look at the page of the evidence until it is there."""
    for _ in range(120):
        desk.goto(f"{round_url}/evidence")
        if desk.locator("#ranks").count():
            return
        desk.wait_for_timeout(250)
    raise AssertionError(desk.inner_text("main"))
