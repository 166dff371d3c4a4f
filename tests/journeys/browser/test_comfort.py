"""Large letters, easy targets, reading aloud: measured as a browser lays the pages out."""

import itertools

import pytest

from tests.journeys.browser.phone import rated
from tests.journeys.browser.test_drafts import refuse_cookies

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

LANGUAGES, SIZES = ("zh", "zh-TW", "en"), ("normal", "20", "24", "30")
# Everything that can be pressed, with what is smaller than a side; links in running text excepted.
# A radio button or a box to tick is as large as the words that belong to it.
TARGETS = """least => {
  const small = [];
  const seen = it => it.getClientRects().length && getComputedStyle(it).visibility === "visible"
    && !it.closest("[inert], .visually-hidden") && !it.matches(".skip");
  const inText = it => it.matches("a") && getComputedStyle(it).display === "inline"
    && it.closest("p, li") && it.closest("p, li").textContent.trim() !== it.textContent.trim();
  for (const it of document.querySelectorAll(
      "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    const place = it.matches("[type=radio], [type=checkbox]") ? it.closest("label") : it;
    if (!seen(place) || inText(it)) continue;
    const { width, height } = place.getBoundingClientRect();
    if (width < least - 0.01 || height < least - 0.01)
      small.push(`${it.tagName}.${it.className} ${it.textContent.trim().slice(0, 12)}`
        + ` ${width.toFixed(1)}x${height.toFixed(1)}`);
  }
  return small;
}"""
# Text smaller than 18 px, lines set tighter than 1.3, paragraphs closer than 1.3 lines.
LETTERS = """() => {
  const wrong = [];
  const main = document.querySelector("main");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const it = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !it.getClientRects().length) continue;
    if (it.closest(".visually-hidden, .skip, script, style, [aria-hidden=true]")) continue;
    const style = getComputedStyle(it);
    const size = parseFloat(style.fontSize), line = parseFloat(style.lineHeight);
    const said = it.tagName + "." + it.className + " " + it.textContent.trim().slice(0, 12);
    if (size < 18) wrong.push(said + " " + size + "px");
    const isShort = it.closest(".levels, .button"); // words on a button, not lines to read
    if (!isShort && line / size < 1.2999) wrong.push(`${said} ${line / size}`);
  }
  for (const it of main.querySelectorAll("p + p")) {
    const before = it.previousElementSibling;
    if (!it.getClientRects().length || !before.getClientRects().length) continue;
    if (it.closest("form") || it.matches(".mark, .aside")) continue;
    const line = parseFloat(getComputedStyle(before).lineHeight);
    const gap = it.getBoundingClientRect().top - before.getBoundingClientRect().bottom;
    if (gap < 1.3 * line - 0.5) wrong.push(`${it.textContent.slice(0, 12)} gap ${gap / line}`);
  }
  return wrong;
}"""
WIDTH = "() => document.documentElement.scrollWidth"


def press(held, selector):
    """Press what may be anywhere: this walk is about what is there, not about scrolling to it."""
    held.page.locator(selector).first.evaluate("it => it.click()")


def unfold(held, selector):
    for details in held.page.locator(selector).all():
        details.evaluate("it => { it.open = true; }")


def pages_of(held, query):
    """Walk through every kind of page in one language and size; say where one stands."""
    page, served = held.page, held.served
    for name, address in {
        "start": served.url + "/",
        "window": served.address("town", "window"),
        "closed": served.address("past", "citizens"),
        "unknown": served.url + "/a/nobody",
        "receipt": served.url + "/receipt",
    }.items():
        page.goto(address + query)
        yield name
    held.open("town", "citizens", query=query)
    unfold(held, "details")
    yield "citizen"
    press(held, "[name='01.duties']")
    press(held, ".hand-in")
    page.wait_for_selector("#errors")
    yield "what is missing"
    press(held, "[name='q.role']")
    press(held, "[name='01.unknown']")
    press(held, ".hand-in")
    page.wait_for_selector(".thanks")
    yield "thanks"
    held.open("town", "citizens", query=query)
    press(held, "[name='q.role']")
    press(held, "[name='01.unknown']")
    press(held, ".hand-in")
    page.wait_for_selector(".thanks .notice")
    yield "thanks, though it does not count"
    press(held, ".thanks form button[type=submit]")
    page.wait_for_url("**/receipt*")
    yield "a receipt, found"
    held.open("town", "npc", served.take_code("town"), query)
    unfold(held, "main > details")
    yield "deputy: why"
    press(held, ".after")
    yield "deputy: a card"
    press(held, "[name='01.unknown']")
    press(held, ".arrange")
    yield "deputy: the list"
    press(held, ".to-review")
    yield "deputy: the last look"


@pytest.mark.parametrize(("language", "size"), list(itertools.product(LANGUAGES, SIZES)))
def test_everything_is_large_enough_and_nothing_sticks_out(phone, language, size):
    held = phone()
    faults = {}
    for name in pages_of(held, f"?lang={language}&text={size}"):
        page = held.page
        assert page.get_attribute("html", "data-text") == (None if size == "normal" else size)
        found = page.evaluate(TARGETS, 44 if size == "normal" else 60)
        if size != "normal":
            found += page.evaluate(LETTERS)
        if page.evaluate(WIDTH) > 320:
            found.append(f"{page.evaluate(WIDTH)} px wide")
        if found:
            faults[name] = sorted(set(found))[:12]
    assert faults == {}


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("cookies", [True, False])
def test_large_letters_are_remembered_on_the_next_page(phone, scripts, cookies):
    held = phone(java_script_enabled=scripts)
    if not cookies:
        refuse_cookies(held)
    held.open("town", "citizens")
    held.rate(2, "ABABA")
    page = held.page
    assert page.is_visible(".enlarge"), "the switch is on the first screen"
    page.click(".enlarge")
    page.wait_for_selector("html[data-text='20']")
    page.click(".larger")
    page.wait_for_selector("html[data-text='24']")
    assert page.is_checked("[name='02.duties'][value=A]"), "what is filled in stays"
    held.answer()
    held.hand_in()
    assert page.get_attribute("html", "data-text") == "24"
    [ballot] = held.stored
    assert rated(ballot) == {2: "ABABA"}
    if cookies:
        page.goto(held.served.address("town", "window"))
        assert page.get_attribute("html", "data-text") == "24"
        page.click(".ordinary")
        page.wait_for_selector("html:not([data-text])")
        page.goto(held.served.address("town", "citizens"))
        assert page.get_attribute("html", "data-text") is None


def test_reading_aloud_is_offered_only_where_the_phone_can_speak(phone):
    mute = phone()
    mute.page.add_init_script(
        "delete window.speechSynthesis; delete Window.prototype.speechSynthesis"
    )
    mute.open("town", "citizens")
    assert not mute.page.is_visible("[data-speak]")

    held = phone()
    held.page.add_init_script(
        """window.spoken = [];
        window.SpeechSynthesisUtterance = function (text) { this.text = text; };
        Object.defineProperty(window, "speechSynthesis", { value: {
          speak: it => spoken.push(it), cancel: () => spoken.push("quiet") } });"""
    )
    held.open("town", "npc", held.served.take_code("town"))
    held.page.click(".after")
    button = held.page.locator("[data-speak]")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    said = held.page.evaluate("() => spoken.filter(it => it.text).map(it => [it.lang, it.text])")
    assert said[0] == ["zh-CN", "市第1局"]
    assert len(said) == 6
    assert said[1][1].endswith("非常不满意，不了解")
    button.click()
    assert held.page.evaluate("() => spoken[spoken.length - 1]") == "quiet"
    assert button.get_attribute("aria-pressed") is None
    button.click()
    held.page.evaluate("() => spoken.filter(it => it.onend).pop().onend()")
    assert button.get_attribute("aria-pressed") is None, "it rests at the end"


def test_nothing_ends_by_itself(phone):
    held = phone()
    held.page.clock.install()
    held.open("town", "npc", held.served.take_code("town"))
    held.page.click(".after")
    held.rate(1, "ABCDE")
    held.page.clock.fast_forward("10:00:00")
    assert held.page.is_visible("#u01")
    held.fill_all("BBBBB")
    held.hand_in()
    assert len(held.stored) == 1
