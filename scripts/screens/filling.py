"""What a person does on the phone's pages, done quickly: the states that are worth a look."""

from collections.abc import Sequence

from playwright.sync_api import Page

# Five items of a card, in the order that they stand.
USUAL = ("A", "B", "A", "A", "B")
TICK = """([prefixes, options]) => prefixes.forEach((prefix) => {
  document.querySelectorAll(`#u${prefix} fieldset.item`).forEach((item, index) => {
    const option = options[index] && item.querySelector(`input[value=${options[index]}]`);
    if (option) option.click();
  });
})"""
PREFIXES = "() => [...document.querySelectorAll('details.unit')].map((card) => card.id.slice(1))"


def prefixes_of(page: Page) -> list[str]:
    """Return what the fields of each unit's card begin with."""
    found: list[str] = page.evaluate(PREFIXES)
    return found


def rate(page: Page, prefixes: Sequence[str], options: Sequence[str] = USUAL) -> None:
    """Choose an option for the first items of some cards."""
    page.evaluate(TICK, [list(prefixes), list(options)])


def open_card(page: Page, prefix: str) -> None:
    """Open a card and bring it to the top of the window."""
    page.evaluate(
        """(prefix) => {
          const card = document.getElementById('u' + prefix);
          card.open = true;
          card.scrollIntoView({block: 'start', behavior: 'instant'});
        }""",
        prefix,
    )


def answer_questions(page: Page) -> None:
    """Choose the first answer of every general question that offers some."""
    page.evaluate(
        """() => document.querySelectorAll('fieldset.question').forEach((question) => {
          const radio = question.querySelector('input[type=radio]');
          if (radio) radio.click();
        })"""
    )


def press(page: Page, selector: str) -> None:
    """Press what may lie outside the window, as a script does."""
    page.locator(selector).first.evaluate("it => it.click()")


def hand_in(page: Page) -> None:
    """Hand a citizen's ballot of one unit in, and wait for its receipt."""
    rate(page, prefixes_of(page)[:1])
    answer_questions(page)
    press(page, ".hand-in")
    page.wait_for_selector(".thanks")
