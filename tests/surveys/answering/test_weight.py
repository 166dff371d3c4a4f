"""How much a phone has to load before its first answer: bytes, counted."""

import pytest
from flask.testing import FlaskClient

from surveys.db import transaction
from tests.makers import make_round
from tests.pages import tree

KB = 1000
PACKED = {"Accept-Encoding": "gzip"}


@pytest.fixture
def made(app):
    with transaction(app.extensions["installation"].database) as session:
        return make_round(session, units=62, classes=5)


def loaded(page):
    """Return the addresses that a browser fetches for a page."""
    pictures = [it.get("src") for it in tree(page).iter("img")]
    scripts = [it.get("src") for it in tree(page).iter("script")]
    sheets = [it.get("href") for it in tree(page).iter("link")]
    return [it for it in (*pictures, *scripts, *sheets) if not it.startswith("data:")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "page_budget"),
    [
        pytest.param("citizens", 14 * KB, id="citizen, 62 units"),
        pytest.param("window", 14 * KB, id="window"),
        pytest.param("npc", 14 * KB, id="deputy, 62 units × 5 items"),
    ],
)
def test_the_first_load_is_light(app, client, made, name, page_budget):
    address = f"/a/{made.links[name].code}"
    assets = loaded(client.get(address))
    blind = FlaskClient(app, app.response_class)  # ours reads every page, and these are packed
    page = len(blind.get(address, headers=PACKED).data)
    answers = [blind.get(asset, headers=PACKED, buffered=True) for asset in assets]
    assert all(answer.headers["Content-Encoding"] == "gzip" for answer in answers)
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)
    assert all(asset.startswith("/assets/") for asset in assets)
    assert len(assets) == 2
    assert page <= page_budget
    assert page + sum(len(answer.data) for answer in answers) <= 30 * KB


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_takes_no_gzip_gets_the_same_words(client, made):
    [sheet, *_] = [it for it in loaded(client.get(f"/a/{made.links['npc'].code}")) if "css" in it]
    plain = client.get(sheet, buffered=True)
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == "Accept-Encoding"
    assert "--accent" in plain.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("asks_for_work", [False, True])
@pytest.mark.parametrize("name", ["citizens", "npc"])
def test_a_page_fetches_the_parts_it_needs_and_no_others(app, client, name, asks_for_work):
    with transaction(app.extensions["installation"].database) as session:
        made = make_round(session, asks_for_work=asks_for_work)
    page = client.get(f"/a/{made.links[name].code}")
    [script] = [it for it in loaded(page) if "js" in it]
    words = client.get(script, buffered=True).text
    assert "function handIn(" in words
    assert ("function prepareWalk(" in words) == (name == "npc")
    assert ("function whenWorked(" in words) == (asks_for_work and name == "citizens")
