"""How many taps, or keys, it takes to finish: counted while a ballot is really handed in."""

from collections.abc import Callable

from playwright.sync_api import Browser, Locator, Page

from bench.phone_browser import phone

OPTION = "A"
MOST_TABS = 400


class Finger:
    """Touches what is seen, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, place: Locator) -> None:
        """Touch one place."""
        place.tap()
        self.taps += 1

    def rate(self, card: Locator) -> None:
        """Touch an option of each of a card's items."""
        for item in card.locator(".item").all():
            self.tap(item.locator(f"label:has(input[value={OPTION}])"))

    def answer(self) -> None:
        """Touch the first answer of every question that must be answered."""
        for question in self.page.locator("fieldset.question").all():
            is_wanted = not question.locator("legend .hint").count()
            if is_wanted and question.is_visible():
                self.tap(question.locator("label").first)


def taps_of_citizen(of: Browser, url: str) -> int:
    """Rate one unit of the list and hand in."""
    return _handed_in(of, url, _citizen)


def taps_at_window(of: Browser, url: str) -> int:
    """Rate the window's own unit and hand in."""
    return _handed_in(of, url, _at_window)


def taps_card_by_card(of: Browser, url: str) -> int:
    """Rate every unit, one card at a time, and hand in."""
    return _handed_in(of, url, _card_by_card)


def taps_in_list(of: Browser, url: str) -> int:
    """Rate every unit in the list of all cards, and hand in."""
    return _handed_in(of, url, _in_list)


def keys_of_deputy(of: Browser, url: str) -> int:
    """Rate every unit on a desk's keyboard, and hand in; the Tab key counts like the others."""
    with phone(of, is_desk=True) as held:
        page = held.page
        page.goto(url)
        pressed = 0

        def press(key: str) -> None:
            nonlocal pressed
            page.keyboard.press(key)
            pressed += 1

        _tab_to(page, press, ".unit > summary")
        for _card in page.locator(".unit").all():
            for _item in range(page.locator(".unit").first.locator(".item").count()):
                press("1")
            press("Enter")
        _tab_to(page, press, ".question input, .to-review")
        _answer_by_keys(page, press)
        _tab_to(page, press, ".to-review")
        press("Enter")
        _tab_to(page, press, ".hand-in")
        press("Enter")
        page.wait_for_selector(".thanks")
        return pressed


def _answer_by_keys(page: Page, press: Callable[[str], None]) -> None:
    for question in page.locator("fieldset.question").all():
        if question.is_visible() and not question.locator("legend .hint").count():
            _tab_to(page, press, ".question input")
            press("Space")


def _tab_to(page: Page, press: Callable[[str], None], selector: str) -> None:
    """Go on by the Tab key until something is reached."""
    for _step in range(MOST_TABS):
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
        press("Tab")
    raise AssertionError(f"the Tab key does not lead to {selector}")


def _handed_in(of: Browser, url: str, work: Callable[[Finger], None]) -> int:
    with phone(of) as held:
        held.page.goto(url)
        finger = Finger(held.page)
        work(finger)
        finger.tap(held.page.locator(".hand-in"))
        held.page.wait_for_selector(".thanks")
        return finger.taps


def _citizen(finger: Finger) -> None:
    card = finger.page.locator(".unit").first
    finger.tap(card.locator("summary").first)
    finger.rate(card)
    finger.answer()


def _at_window(finger: Finger) -> None:
    finger.rate(finger.page.locator(".unit[open]").first)
    finger.answer()


def _card_by_card(finger: Finger) -> None:
    after = finger.page.locator(".bar .after")
    while after.is_visible():
        finger.tap(after)
        card = finger.page.locator(".unit.here")
        if card.count():
            finger.rate(card)
    finger.answer()
    finger.tap(finger.page.locator(".to-review"))


def _in_list(finger: Finger) -> None:
    finger.tap(finger.page.locator(".bar .after"))
    finger.tap(finger.page.locator(".arrange"))
    for card in finger.page.locator(".unit").all():
        finger.rate(card)
    finger.answer()
    finger.tap(finger.page.locator(".to-review"))
