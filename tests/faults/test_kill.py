"""A server that is killed in the middle of a burst: what was acknowledged is there, and once."""

import http.cookiejar
import random
import re
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from sqlalchemy import select

from surveys.db import open_database, reading, transaction
from surveys.models import Ballot, TallyCell
from tests.makers import make_round
from tests.server import Server

CYCLES = 3
PHONES = 8
ACKNOWLEDGED = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


class Phone(threading.Thread):
    """Answers again and again with fresh cookies; keeps a journal of what it was told."""

    def __init__(self, url: str, items: list[str], stop: threading.Event) -> None:
        super().__init__()
        self.url, self.items, self.stop = url, items, stop
        self.acknowledged: list[bytes] = []
        self.unknown: list[bytes] = []

    def run(self) -> None:
        while not self.stop.is_set():
            body = self.filled_in()
            if body is not None:
                (self.acknowledged if self.send(body) else self.unknown).append(body)

    def filled_in(self) -> bytes | None:
        try:
            with urllib.request.urlopen(self.url, timeout=10) as page:
                nonce = re.search(r'name="nonce" value="([^"]+)"', page.read().decode())
        except OSError:
            return None
        assert nonce is not None
        chosen = {f"01.{item}": random.choice("ABCDE") for item in self.items}
        return urllib.parse.urlencode(
            {"nonce": nonce[1], **chosen, "q.role": "person", "01.comment": "杀进程也不丢"}
        ).encode()

    def send(self, body: bytes) -> bool:
        opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        try:
            with opener.open(self.url, body, timeout=10) as answer:
                page = answer.read().decode()
        except OSError:
            return False
        assert ACKNOWLEDGED.search(page), page
        return True


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_and_nothing_is_kept_twice(database_url, tmp_path):
    database = open_database(database_url)
    with transaction(database) as session:
        made = make_round(session)
    items = [item.code for item in made.rules.items]
    server = Server(tmp_path / "var", database_url)
    acknowledged: list[bytes] = []
    unknown: list[bytes] = []
    for _ in range(CYCLES):
        server.start()
        stop = threading.Event()
        address = f"{server.url}/a/{made.links['citizens'].code}"
        phones = [Phone(address, items, stop) for _ in range(PHONES)]
        for phone in phones:
            phone.start()
        while sum(len(phone.acknowledged) for phone in phones) < 60:
            assert all(phone.is_alive() for phone in phones)
            time.sleep(0.05)
        server.stop(signal.SIGKILL)
        stop.set()
        for phone in phones:
            phone.join()
            acknowledged += phone.acknowledged
            unknown += phone.unknown
    server.start()
    address = f"{server.url}/a/{made.links['citizens'].code}"
    again = Phone(address, items, threading.Event())
    assert all(again.send(body) for body in (*unknown, *acknowledged[::10])), "every retry is told"
    server.stop()
    with reading(database) as session:
        ballots = session.scalars(select(Ballot.ratings)).all()
        counted = sum(session.scalars(select(TallyCell.count)).all())
    database.dispose()
    sent = [*acknowledged, *unknown]
    assert len(ballots) == len(sent), "each exactly once, whether its answer arrived or not"
    assert counted == len(sent), "and each is in the tally"
    patterns = sorted(f"01{_pattern(body, items)}" for body in sent)
    assert sorted(ballots) == patterns, "as they were sent"


def _pattern(body: bytes, items: list[str]) -> str:
    fields = urllib.parse.parse_qs(body.decode())
    return "".join(fields[f"01.{item}"][0] for item in items)
