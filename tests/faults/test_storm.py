"""A hundred requests at once to the real server: one ballot sent again and again, or many."""

import http.client
import re
import threading
import urllib.parse
from collections import Counter

import pytest
from sqlalchemy import select

from surveys.db import open_database, reading, transaction
from surveys.models import Ballot, TallyCell
from surveys.questionnaire import Validity
from tests.makers import make_round
from tests.server import Server

PHONES = 100
RECEIPT = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest.fixture
def served(database_url, tmp_path):
    """Serve an open round; yield the server, the made round and the store."""
    database = open_database(database_url)
    with transaction(database) as session:
        made = make_round(session)
    server = Server(tmp_path / "var", database_url)
    server.start()
    yield server, made, database
    server.stop()
    database.dispose()


def request(server, method, path, body="", headers=None):
    """Send one request on a connection of its own; return status, words, cookies."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body, {**kind, **(headers or {})})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), answer.getheader("Set-Cookie", "").split(";")[0]
    connection.close()
    return found


def opened(server, made):
    """Open the page as a new browser; return what it would send, and its cookie."""
    status, page, cookie = request(server, "GET", f"/a/{made.links['citizens'].code}")
    assert status == 200
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)[1]
    chosen = {f"01.{item.code}": "B" for item in made.rules.items}
    body = urllib.parse.urlencode({"nonce": nonce, "q.role": "person", **chosen})
    return body, cookie


def at_once(calls):
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(index, call):
        barrier.wait()
        answers[index] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_page_sent_a_hundred_times_at_once(served):
    server, made, database = served
    body, cookie = opened(server, made)
    path = f"/a/{made.links['citizens'].code}"
    answers = at_once([lambda: request(server, "POST", path, body, {"Cookie": cookie})] * PHONES)
    assert Counter(status for status, _, _ in answers) == {200: PHONES}
    assert len({RECEIPT.search(page)[0] for _, page, _ in answers}) == 1, "the same receipt"
    with reading(database) as session:
        assert len(session.scalars(select(Ballot.id)).all()) == 1
        assert session.scalars(select(TallyCell.count)).all() == [1]


def test_a_hundred_phones_behind_one_address_are_all_counted(served):
    server, made, database = served
    path = f"/a/{made.links['citizens'].code}"
    pages = [opened(server, made) for _ in range(PHONES)]
    answers = at_once(
        [
            lambda body=body, cookie=cookie: request(server, "POST", path, body, {"Cookie": cookie})
            for body, cookie in pages
        ]
    )
    assert Counter(status for status, _, _ in answers) == {200: PHONES}
    assert len({RECEIPT.search(page)[0] for _, page, _ in answers}) == PHONES
    with reading(database) as session:
        kept = Counter(session.scalars(select(Ballot.validity)).all())
        assert session.scalars(select(TallyCell.count)).all()
    assert kept[Validity.DUPLICATE] == 0
    assert kept.total() == PHONES
