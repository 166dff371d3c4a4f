"""What a respondent does on a phone, and what is stored of it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page
from sqlalchemy import func, select

from analytics.rules import preset
from surveys.answering.nonce import read_nonce
from surveys.db import Database, reading
from surveys.models import Ballot, Draft
from surveys.tokens import token_digest
from tests.makers import Made
from tests.server import Server

ITEMS = [item.code for item in preset("default").items]


@dataclass
class Served:
    """An installation with a city of 62 units, a province of 140, a town of 10, a closed round."""

    server: Server
    database: Database
    rounds: dict[str, Made]

    @property
    def url(self) -> str:
        """Return where it serves."""
        return self.server.url

    def address(self, place: str, link: str) -> str:
        """Return the address of an entrance."""
        return f"{self.url}/a/{self.rounds[place].links[link].code}"

    def take_code(self, place: str, link: str = "npc") -> str:
        """Return a one-time code that nobody has used."""
        return self.rounds[place].tokens[link].pop()

    def ballots(self, place: str) -> dict[str, Ballot]:
        """Return every ballot of a round by its id."""
        with reading(self.database) as session:
            wanted = select(Ballot).where(Ballot.round_id == self.rounds[place].round.id)
            return {ballot.id: ballot for ballot in session.scalars(wanted)}

    def has_draft(self, code: str) -> bool:
        """Tell whether something is put aside under a code."""
        with reading(self.database) as session:
            kept = select(func.count()).where(Draft.token_digest == token_digest(code))
            return bool(session.scalar(kept))


@dataclass
class Phone:
    """A page on a phone, with the ballots that were there before it."""

    page: Page
    served: Served
    requests: list[str] = field(default_factory=list)
    before: set[str] = field(default_factory=set)
    place: str = "city"

    def open(self, place: str, link: str, code: str = "", query: str = "") -> None:
        """Open an entrance, as a QR code does."""
        self.place = place
        self.before = set(self.served.ballots(place))
        address = self.served.address(place, link) + query
        self.page.goto(f"{address}#{code}" if code else address)
        if code:
            self.page.wait_for_selector("#ballot[data-usable=yes]")

    @property
    def stored(self) -> list[Ballot]:
        """Return the ballots that came since the entrance was opened."""
        found = self.served.ballots(self.place)
        return [ballot for key, ballot in found.items() if key not in self.before]

    @property
    def nonce(self) -> str:
        """Return the page's own number."""
        return self.page.locator("#ballot [name=nonce]").input_value()

    @property
    def said(self) -> str:
        """Return the line above the button."""
        return self.page.inner_text(".bar .count")

    @property
    def receipt(self) -> str:
        """Return the receipt that is shown."""
        return self.page.input_value(".receipt input")

    @property
    def values(self) -> dict[str, list[str]]:
        """Return what is filled in, by field, without what belongs to the page alone."""
        return self.page.evaluate(
            """() => {
                const found = {};
                for (const [name, value] of new FormData(document.querySelector("#ballot")))
                  if (value && !["nonce", "token", "work"].includes(name))
                    (found[name] = found[name] || []).push(value);
                return found;
            }"""
        )

    @property
    def focus(self) -> str:
        """Return what has the focus: the name of a field, else its id or class."""
        return self.page.evaluate(
            "() => { const it = document.activeElement;"
            " return it.name || it.id || it.className || it.tagName; }"
        )

    def unit(self, number: int) -> Locator:
        """Return the card of a unit."""
        digits = self.served.rounds[self.place].round.unit_digits
        return self.page.locator(f"#u{number:0{digits}d}")

    def rate(self, number: int, pattern: str) -> None:
        """Open a unit's card and touch a word for each item."""
        card = self.unit(number)
        if card.get_attribute("open") is None:
            card.locator("summary").first.click()
        for item, option in zip(ITEMS, pattern, strict=True):
            card.locator(f".item[id$='.{item}'] label:has(> [value='{option}'])").click()

    def answer(self, code: str = "role", choice: str = "person") -> None:
        """Answer a general question."""
        self.page.check(f"[name='q.{code}'][value='{choice}']")

    def fill_all(self, pattern: str = "BBBBB") -> None:
        """Rate every unit at once, as if every word had been touched."""
        self.page.evaluate(
            """pattern => document.querySelectorAll(".unit").forEach(unit =>
                unit.querySelectorAll(".item").forEach((item, index) =>
                  item.querySelector(`[value="${pattern[index]}"]`).click()))""",
            pattern,
        )

    def hand_in(self) -> str:
        """Hand in; return the receipt."""
        if self.page.locator(".to-review").is_visible():
            self.page.click(".to-review")
        self.page.click(".hand-in")
        self.page.wait_for_selector(".thanks")
        return self.receipt

    def left_behind(self) -> dict[str, Any]:
        """Return everything that a browser keeps for this site."""
        kept: dict[str, Any] = self.page.evaluate(
            """async () => ({
                local: Object.keys(localStorage).sort(), session: Object.keys(sessionStorage),
                databases: (await indexedDB.databases()).map(it => it.name),
                caches: window.caches ? await caches.keys() : [],
                workers: navigator.serviceWorker
                  ? (await navigator.serviceWorker.getRegistrations()).length : 0,
                state: history.state, hash: location.hash,
            })"""
        )
        kept["cookies"] = sorted(it["name"] for it in self.page.context.cookies())
        return kept


NOTHING = {
    "local": [],
    "session": [],
    "databases": [],
    "caches": [],
    "workers": 0,
    "state": None,
    "hash": "",
    "cookies": [],
}


def submission_id(phone: Phone, link: str) -> str:
    """Read from a page's number under which id its ballot is to be stored."""
    secret = (phone.served.server.var / "secret.key").read_bytes().strip()
    return read_nonce(
        secret, phone.nonce, phone.served.rounds[phone.place].links[link].id
    ).submission_id


def rated(ballot: Ballot, digits: int = 2) -> dict[int, str]:
    """Return unit number → pattern of a stored ballot."""
    size = digits + len(ITEMS)
    assert re.fullmatch(f"(?:.{{{size}}})*", ballot.ratings)
    parts = [ballot.ratings[at : at + size] for at in range(0, len(ballot.ratings), size)]
    return {int(part[:digits]): part[digits:] for part in parts}


def answers_of(ballot: Ballot) -> dict[str, Any]:
    """Return the general answers of a stored ballot."""
    return dict(json.loads(ballot.answers)) if ballot.answers else {}


def fields_of(number: int, pattern: str, digits: int = 2) -> dict[str, list[str]]:
    """Return the fields that a rated unit fills."""
    return {
        f"{number:0{digits}d}.{item}": [option] for item, option in zip(ITEMS, pattern, strict=True)
    }


def texts(places: Iterable[Locator]) -> list[str]:
    """Return what several places say."""
    return [place.inner_text() for place in places]
