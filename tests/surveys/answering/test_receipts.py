"""Receipts: what they are cut from, how they are typed, and what looking one up tells and keeps."""

import io
import json
import logging
import re
from base64 import b64decode
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import numpy as np
import png
import pytest
import zxingcpp
from sqlalchemy import event, select, text, update

from surveys import logs
from surveys.answering.nonce import make_nonce, read_nonce
from surveys.answering.receipts import ballot_of_receipt, read_receipt, receipt_of
from surveys.ballots import store
from surveys.db import reading, transaction
from surveys.models import Ballot, Round, RoundState, Token
from surveys.questionnaire import Validity
from surveys.refusals import ReceiptBroken, ReceiptUnknown
from surveys.throttle import RECEIPT_MISSES
from surveys.tokens import spent_mark, token_digest
from tests.makers import NOW, make_round, make_submission
from tests.pages import form_fields, tree, visible_text

ITEMS = ("duties", "law", "service", "efficiency", "overall")
SECRET = b"a key for tests, long enough to be one"
ID = "AbCdEfGh-_0123456789xy"
UNKNOWN = "0123-4567-89AB"
on_one_store = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def made(app):
    with transaction(app.extensions["installation"].database) as session:
        return make_round(session)


def change(app, **changes):
    """Change the only round."""
    with transaction(app.extensions["installation"].database) as session:
        row = session.scalars(select(Round)).one()
        for name, value in changes.items():
            setattr(row, name, value)


def decide(app, validity):
    """Have the only ballot decided about."""
    with transaction(app.extensions["installation"].database) as session:
        session.execute(update(Ballot).values(validity=validity))


def hand_in(client, made, name="citizens", **more):
    """Hand a ballot in; return the receipt that the thanks show."""
    link = f"/a/{made.links[name].code}"
    fields = form_fields(client.get(link))
    fields |= {f"02.{item}": "B" for item in ITEMS} | {"02.comment": "窗口很快", **more}
    if name not in made.tokens:
        fields["q.role"] = "person"
    answer = client.post(link, data=fields)
    assert answer.status_code == 200
    return form_fields(answer, "/receipt")["receipt"]


def secretly(client, made):
    return hand_in(client, made, "npc", token=made.tokens["npc"][0], partial="1")


def look_up(client, receipt, lang="en"):
    client.set_cookie("lang", lang)
    return client.post("/receipt", data={"receipt": receipt})


# --- what a receipt is ---------------------------------------------------------------------------


def test_a_receipt_is_the_beginning_of_the_ballots_id():
    # By hand: A=0, b=27, C=2, d=29, E=4, f=31, G=6, h=33, -=62, _=63, six bits each.
    bits = "".join(f"{number:06b}" for number in (0, 27, 2, 29, 4, 31, 6, 33, 62, 63))
    signs = "".join(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[int(bits[n : n + 5], 2)] for n in range(0, 60, 5)
    )
    assert receipt_of(ID, is_secret=False).replace("-", "") == signs
    assert receipt_of(ID[:10] + "z" * 12, is_secret=False) == receipt_of(ID, is_secret=False)
    assert receipt_of("B" + ID[1:], is_secret=False) != receipt_of(ID, is_secret=False)


def test_the_receipt_of_a_secret_ballot_is_the_beginning_of_its_tokens_mark():
    receipt = receipt_of(ID, is_secret=True)
    number = 0
    for sign in receipt.replace("-", ""):
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(sign)
    assert f"{number:015x}" == spent_mark(ID)[:15]
    assert receipt != receipt_of(ID, is_secret=False)


@pytest.mark.parametrize("is_secret", [True, False])
def test_every_page_has_a_receipt_of_its_own_in_groups_of_four(is_secret):
    ids = [read_nonce(SECRET, make_nonce(SECRET, 7, NOW), 7).submission_id for _ in range(300)]
    made = {receipt_of(one, is_secret) for one in ids}
    assert len(made) == 300
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", it) for it in made)
    assert all(read_receipt(it) == it for it in made)


@pytest.mark.parametrize(
    "typed",
    [
        "01AB-CDEF-GHJK",
        "01abcdefghjk",
        " 01ab cdef ghjk ",
        "OiAB-CDEF-GHJK",
        "０１ＡＢ-ＣＤＥＦ-ＧＨＪＫ",
        "https://host.example/receipt#01AB-CDEF-GHJK",
    ],
)
def test_a_receipt_is_read_however_it_was_typed(typed):
    assert read_receipt(typed) == "01AB-CDEF-GHJK"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "01AB-CDEF-GHJ",
        "01AB-CDEF-GHJKM",
        "U1AB-CDEF-GHJK",
        "评议评议评议评议评议评议",
        "\x00" * 12,
    ],
)
def test_what_is_no_receipt(typed):
    with pytest.raises(ReceiptBroken):
        read_receipt(typed)


# --- what is told --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validity", "line", "is_good"),
    [
        (Validity.COUNTED, "Received and counted", True),
        (Validity.FLAGGED, "Received and counted, looked at once more", True),
        (Validity.HELD, "Received, set aside for now", False),
        (Validity.EXCLUDED, "Received, not counted after examination", False),
    ],
)
def test_what_was_decided_about_a_ballot(app, client, made, validity, line, is_good):
    receipt = hand_in(client, made)
    decide(app, validity)
    page = look_up(client, receipt.lower().replace("-", " "))
    assert page.status_code == 200
    assert tree(page).find(".//h1").text == line
    assert (tree(page).find(".//p[@class='tick']") is not None) is is_good
    assert ("The office can tell you more" in visible_text(page)) is (validity == "excluded")
    assert tree(page).find(".//dl[@class='receipt']/dd").text == receipt


def test_of_two_ballots_of_one_browser_the_second_is_told_not_to_count(client, made):
    first, second = hand_in(client, made), hand_in(client, made)
    assert "looked at once more" in visible_text(look_up(client, first))
    page = visible_text(look_up(client, second))
    assert "Received, not counted" in page
    assert "that first one counts" in page


def test_a_secret_ballot_is_told_to_be_in_the_count_and_no_more(app, client, made):
    receipt = secretly(client, made)
    before = look_up(client, receipt)
    assert tree(before).find(".//h1").text == "Received and in the count"
    assert "nobody can look up what was decided about a single one" in visible_text(before)
    decide(app, Validity.EXCLUDED)
    after = look_up(client, receipt)
    assert after.text == before.text


def test_the_row_of_a_secret_ballot_is_nobodys_receipt(app, client, made):
    secretly(client, made)
    with reading(app.extensions["installation"].database) as session:
        row = session.scalars(select(Ballot.id)).one()
    assert look_up(client, receipt_of(row, is_secret=False)).status_code == 404


TOMORROW = datetime.now(UTC) + timedelta(days=1)
YESTERDAY = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        pytest.param({}, "The appraisal is still open.", "accepted until", id="open"),
        pytest.param({"closes_at": TOMORROW}, "accepted until", "closed", id="open until"),
        pytest.param({"closes_at": YESTERDAY}, "was closed at 2026-11-20 17:30", "open", id="over"),
        pytest.param(
            {"state": RoundState.CLOSED, "closes_at": TOMORROW},
            "The appraisal is closed.",
            "closed at",
            id="closed before its time",
        ),
        pytest.param(
            {"state": RoundState.SCORED, "closes_at": YESTERDAY, "results_on": date(2026, 12, 31)},
            "not published yet. The results are to be published on 2026-12-31.",
            "have been published",
            id="scored",
        ),
        pytest.param(
            {"state": RoundState.PUBLISHED, "results_on": date(2026, 12, 31)},
            "The results have been published.",
            "are to be",
            id="published",
        ),
        pytest.param(
            {"state": RoundState.REHEARSAL, "results_on": date(2026, 12, 31)},
            "its ballots are removed before the appraisal opens",
            "are to be",
            id="rehearsal",
        ),
    ],
)
def test_how_far_the_round_is(app, client, made, changes, said, unsaid):
    receipt = hand_in(client, made)
    change(app, **changes)
    page = visible_text(look_up(client, receipt))
    assert said in page
    assert unsaid not in page
    assert "Appraisal 2026" in page


def test_days_are_written_as_the_language_writes_them(app, client, made):
    link = f"/a/{made.links['citizens'].code}"
    fields = form_fields(client.get(link))
    fields |= {f"02.{item}": "B" for item in ITEMS} | {"q.role": "person"}
    client.post(link, data=fields)
    assert "2027" not in visible_text(client.post(link, data=fields)), (
        "the page of a retry is ready"
    )
    change(app, results_on=date(2027, 1, 5))
    for lang, written in (("zh", "2027年1月5日"), ("en", "2027-01-05")):
        client.set_cookie("lang", lang)
        thanks = client.post(link, data=fields)
        assert written in visible_text(thanks)
        way = "/receipt?lang=en&text=normal" if lang == "en" else "/receipt"
        assert written in visible_text(look_up(client, form_fields(thanks, way)["receipt"], lang))


def test_neither_content_nor_unit_nor_group_nor_moment_is_told(app, client, made):
    for receipt in (hand_in(client, made, "window"), secretly(client, made)):
        page = look_up(client, receipt)
        words = visible_text(page)
        for kept in ("窗口很快", "市第2局", "Bureau", "Citizens", "deputies", "BBBBB", "speed"):
            assert kept not in page.text
        assert re.findall(r"\d{4}-\d\d-\d\d|\d\d:\d\d", words.replace(receipt, "")) == []


def test_a_rehearsals_receipt_is_unknown_once_its_ballots_are_gone(app, client, made):
    change(app, state=RoundState.REHEARSAL)
    known = [hand_in(client, made), secretly(client, made)]
    assert [look_up(client, it).status_code for it in known] == [200, 200]
    with transaction(app.extensions["installation"].database) as session:
        session.execute(text("DELETE FROM ballot"))
        session.execute(update(Token).values(spent_by=None))
    for receipt in known:
        page = look_up(client, receipt)
        assert page.status_code == 404
        assert "Ballots of a rehearsal are removed" in visible_text(page)


def test_an_unknown_receipt_stays_in_the_field(client, made):
    page = look_up(client, " 0123 4567-89ab ")
    assert page.status_code == 404
    assert form_fields(page) == {"receipt": "0123 4567-89ab"}
    assert "try again in a few minutes" in visible_text(page)
    [field] = [it for it in tree(page).iter("input") if it.get("name") == "receipt"]
    assert field.get("aria-invalid") == "true"


@on_one_store
@pytest.mark.parametrize("typed", ["", "short", '"><script>', "x" * 5000, "\x00\u202e"])
def test_what_cannot_be_a_receipt_is_told_and_costs_nothing(app, client, made, typed):
    asked = []
    reader = app.extensions["installation"].database.reader
    event.listen(reader, "before_cursor_execute", lambda *told: asked.append(told[2]))
    page = look_up(client, typed)
    assert page.status_code == 422
    assert asked == []
    assert len(form_fields(page)["receipt"]) <= 200


@on_one_store
def test_guessing_has_a_budget_per_address(client, made):
    receipt = hand_in(client, made)
    assert RECEIPT_MISSES.amount >= 500, "a hall of people may sit behind one address"
    for _ in range(RECEIPT_MISSES.amount):
        assert client.post("/receipt", data={"receipt": UNKNOWN}).status_code == 404
    assert client.post("/receipt", data={"receipt": receipt}).status_code == 429
    other = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.post("/receipt", data={"receipt": receipt}, environ_base=other).status_code == 200


@on_one_store
def test_looking_up_what_is_there_costs_nothing_of_the_budget(client, made):
    receipt = hand_in(client, made)
    statuses = {look_up(client, receipt).status_code for _ in range(RECEIPT_MISSES.amount + 1)}
    assert statuses == {200}


# --- where the receipt goes ----------------------------------------------------------------------


def picture_of(page):
    [picture] = tree(page).iter("img")
    kind, _, content = picture.get("src").partition(",")
    assert kind == "data:image/png;base64"
    assert picture.get("alt")
    width, height, rows, _ = png.Reader(bytes=b64decode(content)).read()
    return np.array([list(row) for row in rows], dtype=np.uint8).reshape(height, width) * 255


def test_the_picture_leads_back_to_the_receipt_behind_the_fragment(client, made):
    receipt = hand_in(client, made)
    [code] = zxingcpp.read_barcodes(picture_of(look_up(client, receipt)))
    assert code.text == f"http://localhost/receipt#{receipt}"
    assert urlsplit(code.text).path == "/receipt"


@on_one_store
def test_no_address_of_ours_holds_a_receipt(client, made):
    receipt = hand_in(client, made)
    for page in (look_up(client, receipt), look_up(client, UNKNOWN)):
        for element in tree(page).iter():
            addresses = [element.get(name, "") for name in ("href", "action")]
            assert not any(UNKNOWN in it or receipt in it for it in addresses)
        assert "no-store" in page.headers["Cache-Control"]
        assert "Location" not in page.headers
    # Who puts it into the address all the same is shown the empty form.
    asked = client.get(f"/receipt?receipt={receipt}")
    assert form_fields(asked) == {"receipt": ""}


@on_one_store
def test_no_log_line_holds_a_receipt(client, made):
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.formatter(as_json=True))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        receipt = hand_in(client, made)
        logging.getLogger("surveys").info("this line is seen")
        for asked in (receipt, UNKNOWN, "broken"):
            look_up(client, asked)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    events = [json.loads(line)["event"] for line in lines.getvalue().splitlines()]
    assert "this line is seen" in events
    assert not any(it in lines.getvalue() for it in (receipt, UNKNOWN))


# --- how it is found -----------------------------------------------------------------------------


@pytest.fixture
def many(database):
    """Two rounds with ballots of both kinds; returns the submission of one of each."""
    with transaction(database) as session:
        first, second = make_round(session), make_round(session, code="2027", tokens=60)
        ids = [read_nonce(SECRET, make_nonce(SECRET, 7, NOW), 7).submission_id for _ in range(120)]
        for made, some in ((first, ids[:30]), (second, ids[30:60])):
            store(session, [make_submission(made, submission_id=it) for it in some], NOW)
        codes = second.tokens["npc"]
        tokens = zip(ids[60:], codes, strict=True)
        secret = [
            make_submission(second, "npc", submission_id=it, token_digest=token_digest(code))
            for it, code in tokens
        ]
        store(session, secret, NOW)
    return ids


def test_each_receipt_finds_its_own_ballot(database, many):
    with reading(database) as session:
        for place, submission_id in enumerate(many):
            is_secret = place >= 60
            found = ballot_of_receipt(session, receipt_of(submission_id, is_secret), NOW)
            assert found.validity == (None if is_secret else Validity.COUNTED)
            with pytest.raises(ReceiptUnknown):
                ballot_of_receipt(session, receipt_of(submission_id, not is_secret), NOW)


@pytest.mark.parametrize("edge", ["----------", "__________", "zzzzzzzzzz", "AAAAAAAAAA"])
def test_ids_at_the_edges_of_the_alphabet_are_found(database, edge):
    with transaction(database) as session:
        made = make_round(session)
        ids = [edge + "-" * 12, edge + "z" * 12, edge + "_" * 12]
        store(session, [make_submission(made, submission_id=ids[0])], NOW)
    for one in ids:  # the beginning is what counts
        with reading(database) as session:
            assert ballot_of_receipt(session, receipt_of(one, is_secret=False), NOW)


def plans(database, receipt):
    """Return how the store would carry the look-ups of an unknown receipt out."""
    seen, found = [], []
    engine = database.reader

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with reading(database) as session, pytest.raises(ReceiptUnknown):
        ballot_of_receipt(session, receipt, NOW)
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        if not database.is_sqlite:
            # What it knows of the tables must not hang on whether it looked at them meanwhile.
            connection.exec_driver_sql("ANALYZE")
            connection.exec_driver_sql("SET enable_seqscan = off")
        ask = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        for statement, parameters in seen:
            rows = connection.exec_driver_sql(ask + statement, parameters)
            found.append("\n".join(str(row[-1]) for row in rows))
    return found


def test_both_stores_find_a_receipt_by_an_index(database, many):
    of_ballots, of_tokens = plans(database, UNKNOWN)
    if database.is_sqlite:
        assert "SEARCH ballot USING PRIMARY KEY (round_id=? AND id>? AND id<?)" in of_ballots
        assert "ix_token_spent_by (spent_by>? AND spent_by<?)" in of_tokens
        assert "SCAN ballot" not in of_ballots
    else:
        condition = 'Index Cond: ("left"((id)::text, 10) = '
        assert of_ballots.count(condition) == 8, of_ballots
        assert "ix_token_receipt" in of_tokens
        assert "Seq Scan on ballot" not in of_ballots
