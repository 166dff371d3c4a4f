"""A phone's ballot from the link to the row, the tally and the receipt, over HTTP alone."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from surveys.db import reading, transaction
from surveys.models import Ballot, Comment, Participation, TallyCell, Token
from surveys.tokens import token_digest
from tests.makers import make_round
from tests.pages import form_fields, tree

ITEMS = ("duties", "law", "service", "efficiency", "overall")
PHONES = 15
TAPS = 30


@pytest.fixture
def made(app):
    with transaction(app.extensions["installation"].database) as session:
        return make_round(session)


@pytest.fixture
def session(app):
    with reading(app.extensions["installation"].database) as opened:
        yield opened


def pattern(unit, codes):
    return {f"{unit}.{item}": code for item, code in zip(ITEMS, codes, strict=True)}


def receipt(answer):
    return tree(answer).find(".//dl[@class='receipt']/dd/input").get("value")


def test_a_citizen_answers_tries_again_and_counts_once(client, session, made):
    link = f"/a/{made.links['citizens'].code}"
    page = client.get(link)
    typed = {
        **form_fields(page),
        **pattern("01", "ABCDE"),
        **pattern("04", "ABBNC"),
        "04.comment": "证照办得快",
        "q.role": "person",
        "q.ways": ["window", "net"],
        "q.wish": "少跑一次",
        "q.visits": "3",
        "q.coached": "no",
    }
    first = client.post(link, data=typed)
    again = client.post(link, data=typed)
    assert (first.status_code, again.status_code) == (200, 200)
    assert receipt(first) == receipt(again)
    second = client.post(link, data={**typed, "nonce": form_fields(client.get(link))["nonce"]})
    assert second.status_code == 200
    assert receipt(second) != receipt(first)

    ballots = {ballot.validity: ballot for ballot in session.scalars(select(Ballot))}
    assert set(ballots) == {"flagged", "duplicate"}  # flagged: a test is quicker than a thumb
    counted = ballots["flagged"]
    assert counted.ratings == "01ABCDE04ABBNC"
    assert counted.answers == (
        '{"role": "person", "ways": ["window", "net"], "wish": "少跑一次", "visits": 3,'
        ' "coached": "no"}'
    )
    cells = {
        (cell.unit_number, cell.pattern): cell.count for cell in session.scalars(select(TallyCell))
    }
    assert cells == {(1, "ABCDE"): 1, (4, "ABBNC"): 1}
    comments = session.scalars(select(Comment)).all()
    assert {comment.words for comment in comments} == {"证照办得快"}
    split = session.execute(text("SELECT count(*) FROM rating")).scalar_one()
    assert split >= len(cells)


def test_a_deputy_abstains_on_some_and_the_code_is_spent_by_the_ballot_alone(client, session, made):
    link, token = f"/a/{made.links['npc'].code}", made.tokens["npc"][0]
    page = client.get(link)
    assert client.post(f"{link}/token", data={"token": token}).status_code == 204
    typed = {**form_fields(page), **pattern("02", "AAAAB"), "03.unknown": "1", "token": token}
    told = client.post(link, data=typed)
    assert told.status_code == 422
    row = select(Token.spent_by).where(Token.digest == token_digest(token))
    assert session.execute(row).scalar_one() is None
    session.rollback()
    done = client.post(link, data={**form_fields(told), "partial": "1"})
    assert done.status_code == 200
    assert session.execute(row).scalar_one() is not None
    [ballot] = session.scalars(select(Ballot))
    assert ballot.ratings == "02AAAAB03NNNNN"
    assert client.post(link, data={**form_fields(told), "partial": "1"}).status_code == 200
    assert client.post(f"{link}/token", data={"token": token}).status_code == 409


def test_many_taps_on_one_button_are_one_ballot(app, client, session, made):
    link = f"/a/{made.links['citizens'].code}"
    page = client.get(link)
    typed = {**form_fields(page), **pattern("01", "BBBBA"), "q.role": "firm"}
    device = client.get_cookie("device")

    def tap(_):
        phone = app.test_client()
        phone.set_cookie("device", device.value)
        return phone.post(link, data=typed)

    with ThreadPoolExecutor(TAPS) as crowd:
        answers = list(crowd.map(tap, range(TAPS)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({receipt(answer) for answer in answers}) == 1
    assert len(session.scalars(select(Ballot)).all()) == 1
    assert session.scalars(select(TallyCell.count)).all() == [1]


def test_many_phones_behind_one_address_all_count(app, session, made):
    link = f"/a/{made.links['window'].code}"

    def answer(_):
        phone = app.test_client()
        typed = {**form_fields(phone.get(link)), **pattern("02", "AABBC"), "q.role": "person"}
        return phone.post(link, data=typed).status_code

    with ThreadPoolExecutor(8) as crowd:
        statuses = Counter(crowd.map(answer, range(PHONES)))
    assert statuses == {200: PHONES}
    assert sum(session.scalars(select(TallyCell.count))) == PHONES
    assert sum(session.scalars(select(Participation.count))) == PHONES
