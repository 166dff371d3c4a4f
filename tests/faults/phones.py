"""Phones that answer over HTTP: they open the page, send it, and send it again until they know."""

import base64
import http.client
import itertools
import re
import threading
import urllib.parse
from collections import Counter
from dataclasses import dataclass
from typing import Self

from surveys.questionnaire import Channel
from tests.faults.checker import content_of
from tests.faults.journal import Heard, Journal, Sent, Told
from tests.makers import Made

RECEIPT = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
NONCE = re.compile(r'name="nonce" value="([^"]+)"')
NOT_SAVED = ("还没有保存", "not saved yet")
NO_ANSWER = "no answer"
SUBMISSION = slice(4, 20)  # where a nonce carries the submission's id
PATIENCE_SECONDS = 90
PAUSE_SECONDS = 0.02
CUT_OFF = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Filled:
    """A page that was opened and filled in, ready to be sent."""

    sent: Sent
    body: str
    cookie: str


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the page, the cookie that was set."""

    status: int
    page: str
    cookie: str


class Phones:
    """Everybody who answers through one entrance, with one journal."""

    def __init__(self, port: int, made: Made, journal: Journal) -> None:
        self.port = port
        self._journal = journal
        self._group_id = made.links["citizens"].group_id
        self._path = f"/a/{made.links['citizens'].code}"
        self._items = [item.code for item in made.rules.items]
        self._numbers = itertools.count()

    def opened(self) -> Filled:
        """Open the page as a new browser and fill it in; no two fill it in alike."""
        answer = self._request("GET")
        assert answer.status == 200, answer
        nonce = NONCE.search(answer.page)
        assert nonce is not None
        number = next(self._numbers)
        signs = ["ABCDE"[number // 5**place % 5] for place in range(2 * len(self._items))]
        halves = signs[: len(self._items)], signs[len(self._items) :]
        fields = {
            f"{unit:02d}.{item}": sign
            for unit, half in enumerate(halves, start=1)
            for item, sign in zip(self._items, half, strict=True)
        }
        words = f"断了也不丢 {number}"
        fields |= {"nonce": nonce[1], "q.role": "person", "01.comment": words}
        ratings = "".join(f"{unit:02d}{''.join(half)}" for unit, half in enumerate(halves, start=1))
        content = content_of(self._group_id, Channel.OPEN, ratings, {"role": "person"})
        sent = Sent(_submission_id(nonce[1]), content, (f"1 {words}",))
        return Filled(sent, urllib.parse.urlencode(fields), answer.cookie)

    def send(self, filled: Filled) -> Heard:
        """Send a page once; write down what was tried and what was heard."""
        self._journal.write(filled.sent)
        heard = self._heard(filled)
        self._journal.write(heard)
        return heard

    def raw(self, filled: Filled) -> bytes:
        """Return the request that sends a page, byte for byte."""
        body = filled.body.encode()
        lines = [
            f"POST {self._path} HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            f"Cookie: {filled.cookie}",
            "Connection: close",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _heard(self, filled: Filled) -> Heard:
        try:
            answer = self._request("POST", filled.body, filled.cookie)
        except CUT_OFF:
            return Heard(filled.sent.id, Told.UNKNOWN, NO_ANSWER)
        return heard_from(filled.sent.id, answer)

    def _request(self, method: str, body: str = "", cookie: str = "") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        headers |= {"Connection": "close", **({"Cookie": cookie} if cookie else {})}
        try:
            connection.request(method, self._path, body or None, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        given = answer.getheader("Set-Cookie", "").partition(";")[0]
        return Answer(answer.status, page, given)


def heard_from(id_: str, answer: Answer) -> Heard:
    """Return what an answer means to the person who reads it."""
    if answer.status == 200:
        receipt = RECEIPT.search(answer.page)
        assert receipt is not None, answer.page
        return Heard(id_, Told.ACKNOWLEDGED, "200", receipt[0])
    if answer.status >= 500:
        said = any(words in answer.page for words in NOT_SAVED)
        return Heard(id_, Told.UNKNOWN, f"{answer.status}" if said else f"{answer.status} bare")
    return Heard(id_, Told.REFUSED, str(answer.status))


class Crowd:
    """Threads of phones that go on until they are told to stop; each presses until it knows."""

    def __init__(self, phones: Phones, size: int = 8) -> None:
        self._phones = phones
        self._stop = threading.Event()
        self._unsettled: list[Filled] = []
        self.heard: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._run) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def acknowledged(self) -> int:
        """Return how many ballots were acknowledged so far."""
        return self.heard["200"]

    def stop(self) -> None:
        """Let everybody finish what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def settle(self) -> None:
        """Press once more for everybody who does not know yet."""
        for filled in self._unsettled:
            heard = self._phones.send(filled)
            assert heard.told is not Told.UNKNOWN, heard

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                filled = self._phones.opened()
            except (*CUT_OFF, AssertionError):
                self._stop.wait(PAUSE_SECONDS)
                continue
            while self._is_unknown(filled):
                if self._stop.wait(PAUSE_SECONDS):
                    self._unsettled.append(filled)
                    return

    def _is_unknown(self, filled: Filled) -> bool:
        heard = self._phones.send(filled)
        self.heard[heard.word] += 1
        return heard.told is Told.UNKNOWN


def _submission_id(nonce: str) -> str:
    raw = base64.urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4))[SUBMISSION]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
