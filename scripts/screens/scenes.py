"""Every page a respondent meets, in states worth a look, and the ways to look at it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from playwright.sync_api import Page

from scripts.screens.demonstration import Demonstration
from scripts.screens.filling import (
    answer_questions,
    hand_in,
    open_card,
    prefixes_of,
    press,
    rate,
)

WIDTHS = (320, 360, 390, 768, 1280)
WIDE = 720  # from here on a deputy's form is a list
# One-time codes by their place in the list; the first is the README's.
ASIDE, SPENT, FRESH = 1, 2, 3


@dataclass(frozen=True)
class Way:
    """One way to look at a page."""

    width: int
    size: str = ""
    language: str = "zh"
    is_dark: bool = False

    @property
    def name(self) -> str:
        """Return what its pictures end with."""
        parts = (str(self.width), self.size and "large", self.language, self.is_dark and "dark")
        return "-".join(str(part) for part in parts if part)

    @property
    def query(self) -> str:
        """Return what an address needs to be written so."""
        return f"?lang={self.language}&text={self.size or 'normal'}"


@dataclass(frozen=True)
class Visit:
    """A page that is about to be photographed, and how it is to be written."""

    page: Page
    shown: Demonstration
    way: Way

    def go(self, link: str, token: int | None = None) -> list[str]:
        """Open a link's questionnaire; return its units' prefixes."""
        self.page.goto(self.shown.address(link, token, self.way.query))
        return prefixes_of(self.page)

    def go_to(self, path: str) -> None:
        """Open another page."""
        self.page.goto(f"{self.shown.url}{path}{self.way.query}")


def start(visit: Visit) -> None:
    """Go to where a code is typed."""
    visit.go_to("/")


def citizen(visit: Visit) -> None:
    """Take a first look."""
    visit.go("citizens")


def citizen_card(visit: Visit) -> None:
    """Answer half of a card."""
    card = visit.go("citizens")[2]
    open_card(visit.page, card)
    rate(visit.page, [card], ("A", "B"))
    open_card(visit.page, card)


def citizen_search(visit: Visit) -> None:
    """Find units by a word."""
    visit.go("citizens")
    word = "Bureau" if visit.way.language == "en" else "局"
    visit.page.fill("#find", word)
    visit.page.locator(".search").evaluate("it => it.scrollIntoView({block: 'start'})")


def questions(visit: Visit) -> None:
    """Go to the general questions."""
    visit.go("citizens")
    answer_questions(visit.page)
    press(visit.page, "input[name='q.ways'][value=online]")
    visit.page.locator(".questions").evaluate("it => it.scrollIntoView({block: 'start'})")


def window(visit: Visit) -> None:
    """Stand at a unit's window."""
    visit.go("window")


def errors(visit: Visit) -> None:
    """Hand in too early."""
    card = visit.go("citizens")[2]
    open_card(visit.page, card)
    rate(visit.page, [card], ("A", "B"))
    press(visit.page, ".hand-in")


def deputy(visit: Visit) -> None:
    """Read what is asked of a deputy, before the first card."""
    visit.go("npc", FRESH)
    visit.page.wait_for_selector("#token-said:not([hidden])")


def deputy_card(visit: Visit) -> None:
    """Answer half of a deputy's first card."""
    cards = visit.go("npc", FRESH)
    if visit.way.width < WIDE:
        press(visit.page, ".after")
    rate(visit.page, cards[:1], ("A", "B"))
    visit.page.locator(f"#u{cards[0]}").evaluate("it => it.scrollIntoView({block: 'start'})")


def deputy_list(visit: Visit) -> None:
    """See all cards as a list."""
    cards = visit.go("npc", FRESH)
    if visit.way.width < WIDE:
        press(visit.page, ".after")
        press(visit.page, ".arrange")
    rate(visit.page, cards[:3])
    press(visit.page, ".next")


def deputy_review(visit: Visit) -> None:
    """Look a last time, with units that are not rated."""
    cards = visit.go("npc", FRESH)
    rate(visit.page, cards[:57])
    rate(visit.page, cards[57:58], ("N",) * 5)
    press(visit.page, ".to-review")
    visit.page.wait_for_selector(".reviewing")


def put_aside(visit: Visit) -> None:
    """Put aside without scripts."""
    visit.page.goto(visit.shown.address("npc", query=visit.way.query))
    token = visit.shown.address("npc", ASIDE).partition("#")[2]
    visit.page.fill("#token", token)
    visit.page.locator(".bar button[value=save]").click()


def thanks(visit: Visit) -> None:
    """Hand in."""
    visit.go("citizens")
    hand_in(visit.page)


def thanks_again(visit: Visit) -> None:
    """Hand in twice from one phone."""
    thanks(visit)
    thanks(visit)


def closed(visit: Visit) -> None:
    """Come after the round is over."""
    visit.page.goto(f"{visit.shown.closed_address()}{visit.way.query}")


def unknown(visit: Visit) -> None:
    """Come with a code that nobody knows."""
    visit.go_to("/a/zzzzzzzzz")


def spent(visit: Visit) -> None:
    """Come with a one-time code that was used already."""
    visit.go("npc", SPENT)
    visit.page.wait_for_selector("#token-said:not([hidden])")


def receipt(visit: Visit) -> None:
    """Look a receipt up that nobody has given out."""
    visit.go_to("/receipt")
    visit.page.fill("main input[type=text]", "AAAA-AAAA-AAAA")
    visit.page.locator("main form button[type=submit]").click()


@dataclass(frozen=True)
class Scene:
    """One page in one state; `is_whole` shows it to its end instead of one window of it."""

    name: str
    visit: Callable[[Visit], None]
    is_whole: bool = False
    has_scripts: bool = True


SCENES = (
    Scene("start", start, is_whole=True),
    Scene("citizen", citizen),
    Scene("citizen-card", citizen_card),
    Scene("citizen-search", citizen_search),
    Scene("questions", questions),
    Scene("window", window),
    Scene("errors", errors),
    Scene("deputy", deputy, is_whole=True),
    Scene("deputy-card", deputy_card),
    Scene("deputy-list", deputy_list),
    Scene("deputy-review", deputy_review, is_whole=True),
    Scene("put-aside", put_aside, has_scripts=False),
    Scene("thanks", thanks, is_whole=True),
    Scene("thanks-again", thanks_again, is_whole=True),
    Scene("closed", closed, is_whole=True),
    Scene("unknown", unknown, is_whole=True),
    Scene("spent", spent, is_whole=True),
    Scene("receipt", receipt, is_whole=True),
)
WAYS = (
    *(Way(width, size) for width, size in product(WIDTHS, ("", "24"))),
    Way(390, is_dark=True),
    Way(390, "24", is_dark=True),
    *(Way(390, size, language) for language, size in product(("en", "zh-TW"), ("", "24"))),
)
