"""A deputy's draft goes with the code to any phone, and with the ballot from everywhere."""

import pytest

from tests.conftest import ENGINES
from tests.journeys.browser.phone import NOTHING, answers_of, fields_of, rated

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

both_stores = pytest.mark.parametrize("served", ENGINES, indirect=True, scope="session")
# An in-app browser that refuses to keep anything.
NO_STORES = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
"""
NO_COOKIES = """
Object.defineProperty(Document.prototype, "cookie", { get: () => "", set() {} });
"""


def refuse_cookies(held):
    """Let no cookie of the server through, as a browser does that takes none."""

    def stripped(route):
        answer = route.fetch(max_redirects=0)
        kept = {name: it for name, it in answer.headers.items() if name != "set-cookie"}
        held.page.context.clear_cookies()  # fetching by hand keeps them too
        route.fulfill(response=answer, headers=kept)

    held.page.add_init_script(NO_COOKIES)
    held.page.context.route("**/a/*", stripped)


def wait_until_aside(held):
    held.page.wait_for_function(
        "() => document.querySelector('.aside-said').textContent.includes('暂存')"
    )


@both_stores
def test_a_draft_waits_for_its_code_on_any_phone_and_goes_with_the_ballot(served, phone):
    code = served.take_code("town")
    first = phone()
    first.page.clock.install()
    first.open("town", "npc", code)
    first.page.click(".after")
    first.rate(1, "AABBC")
    first.page.click(".after")
    first.page.click("#u02 .whole")
    first.page.click("#u02 .say > summary")
    first.page.fill("[name='02.comment']", "没有打过交道\n不便评价")
    first.page.clock.fast_forward(5000)
    wait_until_aside(first)
    filled = first.values
    assert filled.keys() >= fields_of(1, "AABBC").keys() | {"02.unknown", "02.comment"}
    assert served.has_draft(code)
    assert first.left_behind() == {**NOTHING, "session": [f"pingyi.token./a/{link(served)}"]}
    first.page.context.close()

    other = phone()
    other.page.goto(served.url)
    other.open("town", "npc", code)
    assert other.values == filled
    assert other.page.is_visible("#u03"), "it goes on where something is open"
    assert other.page.is_visible(".restored")
    for number in range(3, 11):
        other.rate(number, "BBBBB")
        if number < 10:
            other.page.click(".after")
    other.hand_in()
    [ballot] = other.stored
    assert rated(ballot) == {1: "AABBC", 2: "NNNNN", **dict.fromkeys(range(3, 11), "BBBBB")}
    assert answers_of(ballot) == {}
    assert not served.has_draft(code)
    assert other.left_behind() == NOTHING
    other.page.go_back()
    other.page.go_forward()
    assert other.page.input_value("#token") == ""
    assert other.values == {}


def link(served):
    return served.rounds["town"].links["npc"].code


def test_leaving_at_once_puts_aside_what_was_touched_last(served, phone):
    code = served.take_code("town")
    held = phone()
    held.open("town", "npc", code)
    held.page.click(".after")
    held.rate(1, "EDCBA")
    held.page.goto(served.url)
    again = phone()
    for _ in range(20):  # it is sent while the page goes, and nobody waits for the answer
        if served.has_draft(code):
            break
        again.page.wait_for_timeout(50)
    again.open("town", "npc", code)
    assert again.values == fields_of(1, "EDCBA")


def test_an_older_page_that_is_only_put_down_does_not_take_back_what_another_phone_put_aside(
    served, phone
):
    code = served.take_code("town")
    older, newer = phone(), phone()
    older.open("town", "npc", code)
    newer.page.clock.install()
    newer.open("town", "npc", code)
    newer.page.click(".after")
    newer.rate(1, "EDCBA")
    newer.page.clock.fast_forward(5000)
    wait_until_aside(newer)
    older.page.evaluate(
        """() => {
            Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    older.page.wait_for_load_state("networkidle")
    newer.page.reload()
    newer.page.wait_for_selector("#ballot[data-usable=yes]")
    assert newer.values == fields_of(1, "EDCBA")
    assert [it for it in older.requests if it.endswith("/draft")] == []


def test_without_scripts_it_is_put_aside_and_taken_up_by_buttons(served, phone):
    code = served.take_code("town")
    held = phone(java_script_enabled=False)
    held.open("town", "npc")
    held.page.fill("#token", code.lower())
    held.rate(4, "CCCCD")
    held.page.click("button[value=save]")
    held.page.wait_for_selector("#told")
    assert served.has_draft(code)
    held.page.context.close()

    other = phone(java_script_enabled=False)
    other.open("town", "npc")
    other.page.fill("#token", code)
    other.rate(5, "BBBBB")
    other.page.click("button[value=resume]")
    other.page.wait_for_selector("#told")
    for name, [option] in {**fields_of(4, "CCCCD"), **fields_of(5, "BBBBB")}.items():
        assert other.page.is_checked(f"[name='{name}'][value='{option}']")
    other.page.click(".to-review")
    other.page.check("[name=partial]")
    other.page.click(".hand-in")
    other.page.wait_for_selector(".thanks")
    [ballot] = other.stored
    assert rated(ballot) == {4: "CCCCD", 5: "BBBBB"}
    assert not served.has_draft(code)
    # Whoever takes up the phone next and goes back finds neither the code nor an answer.
    other.page.evaluate("history.go(-3)")
    other.page.wait_for_selector("#token")
    assert other.page.input_value("#token") == ""
    assert other.page.locator(".unit :checked").count() == 0


@pytest.mark.parametrize("name", ["citizens", "npc"])
def test_a_browser_that_keeps_nothing_works(served, phone, name):
    held = phone()
    held.page.add_init_script(NO_STORES)
    code = served.take_code("town") if name == "npc" else ""
    held.open("town", name, code)
    if name == "npc":
        held.page.click(".after")
        held.fill_all("BBBBC")
    else:
        held.rate(1, "BBBBC")
        held.answer()
    held.hand_in()
    [ballot] = held.stored
    assert rated(ballot)[1] == "BBBBC"


@both_stores
def test_a_browser_that_refuses_cookies_is_counted_with_the_reason(phone):
    held = phone()
    refuse_cookies(held)
    held.open("town", "citizens")
    held.rate(2, "ABABA")
    held.answer()
    held.hand_in()
    assert held.left_behind()["cookies"] == []
    [ballot] = held.stored
    assert rated(ballot) == {2: "ABABA"}
    assert "no_device" in ballot.reasons.split(",")
    assert ballot.validity == "flagged"


def test_a_citizen_leaves_only_the_mark_behind(phone):
    held = phone()
    held.open("town", "citizens")
    held.rate(3, "ABABA")
    held.answer()
    held.page.wait_for_function("() => Object.keys(localStorage).length === 1")
    held.hand_in()
    assert held.left_behind() == {**NOTHING, "cookies": ["device"]}


def test_what_is_tapped_before_a_slow_answer_about_the_code_does_not_cost_the_draft(served, phone):
    code = served.take_code("town")
    first = phone()
    first.open("town", "npc", code)
    first.page.click(".after")
    first.rate(1, "AABBC")
    first.page.goto(served.url)

    other = phone()
    held_back = []
    other.page.route("**/token", lambda route: held_back.append(route))
    other.page.goto(f"{served.address('town', 'npc')}#{code}")
    other.page.click(".after")
    other.page.click(".after")
    other.rate(2, "DDDDD")
    assert served.has_draft(code)
    held_back[0].continue_()
    other.page.wait_for_selector("#ballot[data-usable=yes]")
    other.page.wait_for_selector(".restored:not([hidden])", state="attached")
    both = {**fields_of(1, "AABBC"), **fields_of(2, "DDDDD")}
    assert other.values == both
    other.page.goto(served.url)
    third = phone()
    third.open("town", "npc", code)
    assert third.values == both
