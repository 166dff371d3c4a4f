"""The work of a phone in real Chromium: nobody sees it, the server believes it."""

import hashlib

import pytest
from sqlalchemy import select

from surveys.db import open_database, reading, transaction
from surveys.models import Ballot, TallyCell
from tests.journeys.browser.conftest import PHONE
from tests.journeys.browser.test_main_job import answer_required, hand_in, rate
from tests.makers import make_round
from tests.server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
WORK = (ROOT / "static" / "phone" / "work.js").read_text(encoding="utf-8")


def test_the_script_hashes_as_everybody_does(browse):
    texts = ["", "abc", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"]
    texts += ["n" * size for size in range(40, 140)]  # one block, two, three, and every brim
    digest = "[...workDigest(text)].map((word) => (word >>> 0).toString(16).padStart(8, '0'))"
    page = browse(**PHONE)
    found = page.evaluate(
        f"(texts) => {{ {WORK}; return texts.map((text) => {digest}.join('')) }}", texts
    )
    assert found == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


@pytest.fixture
def store(server, database_url):
    database = open_database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def address(server, store):
    with transaction(store) as session:
        made = make_round(session, asks_for_work=True)
    return f"{server.url}/a/{made.links['citizens'].code}"


def kept(store):
    with reading(store) as session:
        return {ballot.ratings: ballot for ballot in session.scalars(select(Ballot))}


def test_a_phone_with_scripts_does_its_work_unseen_and_one_without_is_marked(
    browse, store, address
):
    phone = browse(**PHONE)
    phone.goto(address)
    before = phone.inner_text("main")
    phone.wait_for_selector("input[name=work]", state="attached")
    assert phone.inner_text("main") == before
    rate(phone, 1, "ABABA")
    answer_required(phone)
    hand_in(phone)

    plain = browse(**PHONE, java_script_enabled=False)
    plain.goto(address)
    rate(plain, 2, "BABAB")
    answer_required(plain)
    hand_in(plain)

    worked, unworked = (kept(store)[ratings] for ratings in ("01ABABA", "02BABAB"))
    assert "no_proof" not in worked.reasons
    assert "no_proof" in unworked.reasons.split(",")
    assert unworked.validity == "flagged"
    with reading(store) as session:
        assert sum(session.scalars(select(TallyCell.count))) == 2
