"""A citizen on an old phone, with scripts and without: from the link to the receipt, once."""

import pytest

from surveys.questionnaire import Validity
from tests.conftest import ENGINES
from tests.journeys.browser.phone import ITEMS, answers_of, fields_of, rated, submission_id

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

both_stores = pytest.mark.parametrize("served", ENGINES, indirect=True, scope="session")
both_ways = pytest.mark.parametrize(
    "scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")]
)
WISH = "办事大厅的号叫得太快\n老人跟不上"


@both_stores
@both_ways
def test_what_is_missing_is_said_and_nothing_is_lost(phone, scripts):
    citizen = phone(java_script_enabled=scripts)
    citizen.open("city", "citizens")
    page = citizen.page
    expected = submission_id(citizen, "citizens")
    citizen.rate(3, "AABNE")
    citizen.rate(40, "CDCDC")
    page.fill("[name='q.wish']", WISH)
    citizen.page.click(".hand-in")
    page.wait_for_selector("#errors")

    assert citizen.stored == []
    summary = page.locator("#errors")
    assert page.title().startswith("有待补充")
    assert page.locator("#errors:focus").count() == 1, "the summary takes the focus"
    assert submission_id(citizen, "citizens") == expected
    for number, pattern in ((3, "AABNE"), (40, "CDCDC")):
        for name, [option] in fields_of(number, pattern).items():
            assert page.is_checked(f"[name='{name}'][value='{option}']")
    assert page.input_value("[name='q.wish']") == WISH
    summary.locator("a").click()
    if scripts:
        assert citizen.focus == "q.role"
    else:
        assert page.url.endswith("#q.role"), "a browser goes there by itself"
        page.keyboard.press("Tab")
        assert page.locator("[name='q.role']:focus").count() == 1

    citizen.answer()
    assert citizen.hand_in()
    [ballot] = citizen.stored
    assert ballot.id == expected
    assert rated(ballot) == {3: "AABNE", 40: "CDCDC"}
    assert answers_of(ballot) == {"role": "person", "wish": WISH}


@both_ways
def test_an_unfinished_unit_is_named_and_the_link_leads_to_its_first_open_answer(phone, scripts):
    citizen = phone(java_script_enabled=scripts)
    citizen.open("city", "citizens")
    page = citizen.page
    citizen.answer()
    page.click("#u05 > summary")
    page.click("[id='05.duties'] label:has([value=A])")
    page.click(".hand-in")
    page.wait_for_selector("#errors")
    assert page.locator("#errors li").count() == 4
    assert page.get_attribute("#u05", "open") is not None
    page.click("#errors li:nth-child(2) a")
    if scripts:
        assert citizen.focus == "05.service"
    for item in ("law", "service", "efficiency", "overall"):
        page.click(f"[id='05.{item}'] label:has([value=B])")
    assert page.locator(".item.field-wrong").count() == (0 if scripts else 4)
    citizen.hand_in()
    [ballot] = citizen.stored
    assert rated(ballot) == {5: "ABBBB"}


@both_ways
def test_a_window_asks_for_its_own_unit_first(phone, scripts):
    citizen = phone(java_script_enabled=scripts)
    citizen.open("city", "window")
    page = citizen.page
    assert "市第2局" in page.inner_text("h1")
    assert page.locator(".unit:visible").count() == 1
    citizen.rate(2, "BBBBC")
    page.fill("[name='02.comment']", "谢谢三号窗口")
    citizen.answer()
    citizen.hand_in()
    [ballot] = citizen.stored
    assert rated(ballot) == {2: "BBBBC"}
    assert ballot.validity in (Validity.COUNTED, Validity.FLAGGED)


@both_ways
def test_the_keyboard_alone(phone, scripts):
    """From the window's address to the receipt with Tab, Space, arrows and Enter."""
    citizen = phone(java_script_enabled=scripts)
    citizen.open("city", "window")
    page, keys = citizen.page, citizen.page.keyboard

    def tab_to(place):
        for _ in range(120):
            if page.locator(f"{place}:focus").count():
                return
            keys.press("Tab")
        raise AssertionError(f"no way to {place}")

    for item, option in zip(ITEMS, "ABBNC", strict=True):
        tab_to(f"[name='02.{item}'][value='A']")
        keys.press("Space")
        for _ in range("ABCDEN".index(option)):
            keys.press("ArrowRight")
        assert page.is_checked(f"[name='02.{item}'][value='{option}']")
    tab_to("[name='q.role'][value='person']")
    keys.press("Space")
    tab_to(".hand-in")
    keys.press("Enter")
    page.wait_for_selector(".thanks")
    [ballot] = citizen.stored
    assert rated(ballot) == {2: "ABBNC"}
    tab_to(".receipt input")
    tab_to(".thanks form button")
    keys.press("Enter")
    page.wait_for_selector(".thanks img")
    assert page.inner_text(".receipt dd") in page.content()
