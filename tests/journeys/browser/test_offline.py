"""A bad network: what was handed in is told as saved only when it is, and is counted once."""

import pytest

from surveys.questionnaire import Validity
from tests.conftest import ENGINES
from tests.journeys.browser.phone import fields_of, rated, submission_id

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

both_stores = pytest.mark.parametrize("served", ENGINES, indirect=True, scope="session")
A_WHILE = 60_000  # milliseconds, more than any pause before it is sent again


@pytest.fixture
def citizen(phone):
    """A citizen who has rated a unit, on a phone whose clock can be put forward."""
    held = phone()
    held.page.clock.install()
    held.open("city", "citizens")
    held.rate(7, "ABCDE")
    held.answer()
    return held


@pytest.fixture
def deputy(phone):
    """A deputy who has rated all ten units."""
    held = phone()
    held.page.clock.install()
    held.open("town", "npc", held.served.take_code("town"))
    held.page.click(".after")
    held.fill_all("ABBCN")
    return held


def wait_until_said(held, words):
    held.page.wait_for_function(
        "words => document.querySelector('.bar .count').textContent.includes(words)", arg=words
    )


@both_stores
def test_offline_in_the_middle_it_waits_and_is_sent_by_itself(citizen):
    page = citizen.page
    expected, filled = submission_id(citizen, "citizens"), citizen.values
    page.context.set_offline(True)
    page.click(".hand-in")
    wait_until_said(citizen, "没有网络")
    assert "还没有保存" in citizen.said
    assert citizen.values == filled
    assert citizen.stored == []
    for _ in range(3):
        page.clock.fast_forward(A_WHILE)
        wait_until_said(citizen, "没有网络")
    page.context.set_offline(False)
    page.wait_for_selector(".thanks")
    [ballot] = citizen.stored
    assert (ballot.id, rated(ballot)) == (expected, {7: "ABCDE"})


@both_stores
@pytest.mark.parametrize("who", ["citizen", "deputy"])
def test_a_lost_answer_is_asked_for_again_and_the_ballot_is_kept_once(served, who, request):
    held = request.getfixturevalue(who)  # on the phones of `served`
    page = held.page
    answers = []

    def lose_the_first(route):
        if route.request.method != "POST" or "/draft" in route.request.url:
            route.continue_()
            return
        answer = route.fetch()
        answers.append(answer.text())
        if len(answers) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    page.route("**/a/*", lose_the_first)
    if who == "deputy":
        page.click(".to-review")
    page.click(".hand-in")
    wait_until_said(held, "网络")
    assert len(held.stored) == 1, "it had arrived"
    page.clock.fast_forward(A_WHILE)
    page.wait_for_selector(".thanks")
    assert len(answers) == 2
    assert all(held.receipt in answer for answer in answers)
    assert len(held.stored) == 1


def test_who_goes_back_to_change_something_is_not_sent_meanwhile(served, deputy):
    page = deputy.page
    page.click(".to-review")
    page.context.set_offline(True)
    page.click(".hand-in")
    wait_until_said(deputy, "没有网络")
    page.click(".back")
    deputy.rate(1, "EEEEE")
    page.context.set_offline(False)
    page.clock.fast_forward(A_WHILE)
    page.wait_for_timeout(300)
    assert page.is_visible("#u01"), "the form is still there"
    assert deputy.stored == []
    deputy.rate(1, "DDDDD")
    deputy.hand_in()
    [ballot] = deputy.stored
    assert rated(ballot)[1] == "DDDDD"


def test_a_server_that_says_no_once_is_asked_again(citizen):
    page = citizen.page
    filled, tries = citizen.values, []

    def refuse_the_first(route):
        tries.append(route.request.post_data)
        if len(tries) == 1:
            page_of_ours = "<main id=main><div class='card quiet'><h1>太忙</h1></div></main>"
            route.fulfill(status=503, content_type="text/html; charset=utf-8", body=page_of_ours)
        else:
            route.continue_()

    page.route("**/a/*", refuse_the_first)
    page.click(".hand-in")
    wait_until_said(citizen, "太忙")
    assert citizen.values == filled
    page.clock.fast_forward(A_WHILE)
    page.wait_for_selector(".thanks")
    assert tries[0] == tries[1]
    assert len(citizen.stored) == 1


def test_a_page_of_somebody_else_is_not_taken_for_an_answer(citizen):
    # A hotel's or a carrier's own page, which asks to sign in and says 200.
    page = citizen.page
    page.route("**/a/*", lambda route: route.fulfill(body="<p>请先登录无线网络", status=200))
    page.click(".hand-in")
    wait_until_said(citizen, "网络")
    assert citizen.stored == []
    page.unroute("**/a/*")
    page.clock.fast_forward(A_WHILE)
    page.wait_for_selector(".thanks")
    assert len(citizen.stored) == 1


def test_a_slow_network_only_takes_longer(citizen):
    page = citizen.page
    wire = page.context.new_cdp_session(page)
    wire.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 400,
            "downloadThroughput": 20_000,
            "uploadThroughput": 5_000,
        },
    )
    page.click(".hand-in")
    assert page.is_disabled(".hand-in"), "pressed twice it is sent once"
    page.wait_for_selector(".thanks")
    assert len(citizen.stored) == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_tap_is_one_ballot(phone, scripts):
    held = phone(java_script_enabled=scripts)
    held.open("city", "citizens")
    held.rate(9, "BBBBB")
    held.answer()
    held.page.locator(".hand-in").dblclick(no_wait_after=True)
    held.page.wait_for_selector(".thanks")
    [ballot] = held.stored
    assert rated(ballot) == {9: "BBBBB"}
    assert ballot.validity != Validity.DUPLICATE


@both_stores
def test_of_two_tabs_the_first_counts_and_the_second_is_told(phone):
    first = phone()
    first.open("city", "citizens")
    second = type(first)(first.page.context.new_page(), first.served)
    second.open("city", "citizens")
    for tab, pattern in ((first, "ABCDE"), (second, "EEEEE")):
        tab.rate(8, pattern)
        tab.answer()
    first.hand_in()
    assert first.page.locator(".thanks .notice").count() == 0
    second.hand_in()
    assert "第一份" in second.page.inner_text(".thanks")
    duplicates = {rated(it)[8]: it.validity == Validity.DUPLICATE for it in first.stored}
    assert duplicates == {"ABCDE": False, "EEEEE": True}


def test_a_second_tab_that_goes_on_with_the_first_is_the_same_ballot(citizen):
    citizen.page.clock.fast_forward(1000)
    second = type(citizen)(citizen.page.context.new_page(), citizen.served)
    second.open("city", "citizens")
    assert second.nonce == citizen.nonce
    receipt = citizen.hand_in()
    second.rate(8, "EEEEE")
    assert second.hand_in() == receipt
    assert "之后的改动没有采用" in second.page.inner_text(".thanks")
    [ballot] = citizen.stored
    assert rated(ballot) == {7: "ABCDE"}


def test_a_reload_in_the_middle_loses_nothing(citizen):
    page = citizen.page
    page.fill("[name='q.wish']", "少跑一次")
    page.clock.fast_forward(1000)
    filled, nonce = citizen.values, citizen.nonce
    assert "已暂存在本机" in citizen.said
    page.reload()
    assert citizen.values == filled
    assert citizen.nonce == nonce
    assert page.is_visible(".restored")
    assert page.get_attribute("#u07", "open") is not None
    page.click(".afresh")
    page.wait_for_selector(".restored", state="hidden")
    assert citizen.values == {}
    assert citizen.nonce != nonce
    page.reload()
    assert citizen.values == {}


def test_a_reload_after_a_lost_answer_sends_the_same_ballot(citizen):
    page = citizen.page

    def lose(route):
        if route.request.method == "POST":
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/a/*", lose)
    page.click(".hand-in")
    wait_until_said(citizen, "网络")
    [ballot] = citizen.stored
    page.unroute("**/a/*")
    page.reload()
    assert {**citizen.values, **fields_of(7, "ABCDE")} == citizen.values
    citizen.hand_in()
    assert page.locator(".thanks .notice").count() == 0, "it is the same ballot, not a second one"
    assert [it.id for it in citizen.stored] == [ballot.id]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_way_back_from_the_thanks_shows_nothing_that_counts_twice(phone, scripts):
    held = phone(java_script_enabled=scripts)
    held.page.goto(held.served.url)
    held.open("city", "citizens")
    held.rate(11, "CCCCC")
    held.answer()
    held.hand_in()
    held.page.go_back()
    if scripts:  # the thanks stand in the place of the form
        assert held.page.url == held.served.url + "/"
        held.page.go_forward()
    assert held.page.locator("#ballot").count() == 1
    held.rate(11, "AAAAA")
    held.answer()
    held.hand_in()
    assert "第一份" in held.page.inner_text(".thanks")
    counted = [it for it in held.stored if it.validity != Validity.DUPLICATE]
    assert [rated(it) for it in counted] == [{11: "CCCCC"}]


def test_who_goes_on_typing_after_a_failure_is_not_interrupted(citizen):
    page = citizen.page
    page.context.set_offline(True)
    page.click(".hand-in")
    wait_until_said(citizen, "没有网络")
    page.route("**/a/*", lambda route: route.continue_())
    tried = []
    page.on("request", lambda request: tried.append(request.method))
    for words in ("窗口", "窗口排队", "窗口排队太久"):
        page.fill("[name='07.comment']", words)
        page.clock.fast_forward(9_000)
    assert tried == []
    page.clock.fast_forward(A_WHILE)
    wait_until_said(citizen, "没有网络")
    assert tried == ["POST"]
