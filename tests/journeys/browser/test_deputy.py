"""A deputy's form: one card at a time, the list, the keyboard, the last look, another language."""

import pytest

from tests.conftest import ENGINES
from tests.journeys.browser.phone import fields_of, rated

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

both_stores = pytest.mark.parametrize("served", ENGINES, indirect=True, scope="session")


@pytest.fixture
def begun(phone):
    """A deputy of the province on the first of 140 cards."""
    held = phone()
    held.open("province", "npc", held.served.take_code("province"))
    assert not held.page.is_visible(".unit"), "first what is asked and why"
    held.page.click(".after")
    return held


def shown(held):
    """Return the ids of the cards that can be seen."""
    return held.page.evaluate(
        "() => [...document.querySelectorAll('.unit')]"
        ".filter(it => it.getClientRects().length > 0).map(it => it.id)"
    )


def progress(held):
    return held.page.inner_text(".progress .count")


@both_stores
def test_one_card_at_a_time_with_the_next_unrated_one_and_undo(begun):
    page = begun.page
    assert shown(begun) == ["u001"]
    begun.rate(1, "AABBC")
    page.click(".after")
    assert shown(begun) == ["u002"]
    page.click(".after")
    assert shown(begun) == ["u003"]
    begun.rate(3, "BBBBB")
    page.click(".before")
    assert shown(begun) == ["u002"]
    page.click(".next")
    assert shown(begun) == ["u004"], "the next unrated one, not the next one"
    assert "2" in progress(begun)
    assert "140" in progress(begun)

    # Not known as a whole, and that taken back; what was chosen before stays.
    page.click("[id='004.law'] label:has([value=D])")
    page.click("#u004 .whole")
    assert begun.values["004.duties"] == ["N"]
    assert begun.values["004.law"] == ["D"]
    assert "3" in progress(begun)
    page.click("#u004 .whole")
    assert {name for name in begun.values if name.startswith("004")} == {"004.law"}
    page.click("#u004 .whole")
    page.click("[id='004.overall'] label:has([value=A])")
    assert "004.unknown" not in begun.values
    before = begun.values

    # Undo takes back step by step, also what lies on other cards.
    page.click(".after")
    page.click("#u005 .whole")
    page.click(".undo")
    assert begun.values == before
    page.click(".undo")
    assert shown(begun) == ["u004"]
    assert begun.values["004.overall"] == ["N"]
    assert begun.values["004.unknown"] == ["1"]
    for _ in range(5):
        page.click(".undo")
    assert shown(begun) == ["u003"]
    assert begun.values == {**fields_of(1, "AABBC", 3), **only(3, "BBBB")}
    for _ in range(9):
        page.click(".undo")
    assert begun.values == {}
    assert page.is_disabled(".undo")

    begun.fill_all("CBACB")
    begun.hand_in()
    [ballot] = begun.stored
    assert rated(ballot, 3) == dict.fromkeys(range(1, 141), "CBACB")


def only(number, pattern):
    return dict(list(fields_of(number, pattern.ljust(5, "-"), 3).items())[: len(pattern)])


def test_the_list_is_searched_and_jumped_through(begun):
    page = begun.page
    page.click(".arrange")
    assert len(shown(begun)) == 140
    page.fill("#find", "第77局")
    assert shown(begun) == ["u077"]
    assert "1" in page.inner_text("#found")
    page.fill("#find", "第2类")
    assert shown(begun) == [f"u{number:03d}" for number in range(29, 57)]
    page.fill("#find", "没有这个单位")
    assert shown(begun) == []
    page.fill("#find", "")
    page.locator(".classes a").nth(3).click()
    assert begun.focus != "BODY"
    assert page.evaluate("() => document.activeElement.closest('.unit').id") == "u085"
    page.click(".arrange")
    assert shown(begun) == ["u085"], "the place is kept"
    begun.rate(85, "AAAAA")
    page.click(".next")
    assert shown(begun) == ["u086"]


@both_stores
def test_the_keyboard_alone(served, phone):
    held = phone(viewport={"width": 1024, "height": 768}, is_mobile=False, has_touch=False)
    held.open("town", "npc", served.take_code("town"))
    keys = held.page.keyboard
    meant = {number: "ABCDE"[number % 5] * 4 + "N" for number in range(1, 11)}
    digits = {option: str(at) for at, option in enumerate("ABCDE", start=1)} | {"N": "0"}
    held.page.focus("#token")
    for _ in range(60):
        keys.press("Tab")
        if held.page.evaluate("() => Boolean(document.activeElement.closest('#u01'))"):
            break
    for number, pattern in meant.items():
        if number == 4:  # two slips, taken back; the second time from the next card
            keys.press("5")
            keys.press("5")
            keys.press("Control+z")
            keys.press("Control+z")
            assert not [name for name in held.values if name.startswith("04")]
        if number == 6:
            for key in ("5", "5", "5", "5", "5", "Enter", *["Control+z"] * 5):
                keys.press(key)
            assert not [name for name in held.values if name.startswith("06")]
        for option in pattern:
            keys.press(digits[option])
        keys.press("Enter")
        assert {**held.values, **fields_of(number, pattern)} == held.values
    for name in ("to-review", "hand-in"):
        for _ in range(40):
            if held.page.locator(f".{name}:focus").count():
                break
            keys.press("Tab")
        keys.press("Enter")
    held.page.wait_for_selector(".thanks")
    [ballot] = held.stored
    assert rated(ballot) == meant


@pytest.mark.parametrize("scripts", [True, False])
def test_the_last_look_lists_what_is_missing_and_leads_there(served, phone, scripts):
    held = phone(java_script_enabled=scripts)
    page = held.page
    code = served.take_code("town")
    held.open("town", "npc", code if scripts else "")
    if scripts:
        page.click(".after")
        page.click(".arrange")
    else:
        page.fill("#token", code)
    for number in (1, 2, 4):
        held.rate(number, "BBBBA")
    page.check("[name='03.unknown']")
    page.click(".to-review")
    page.wait_for_selector("#review")
    rows = [row.split() for row in page.locator("#review tbody").inner_text().splitlines()]
    assert [row[1:] for row in rows] == [["3", "1", "1"], ["0", "0", "5"]]
    links = page.locator(".missing-units a")
    assert links.all_inner_texts() == ["市第5局", *(f"市第{n}局" for n in range(6, 11))]
    if scripts:
        assert held.focus == "review-title"
        links.nth(2).click()
        assert page.evaluate("() => document.activeElement.closest('.unit').id") == "u07"
        assert not page.is_visible("#review")
        held.rate(7, "CCCCC")
        page.click(".to-review")
        assert links.count() == 5
        page.click(".back")
        assert not page.is_visible("#review")
        page.click(".to-review")
    else:
        links.nth(2).click()
        assert page.url.endswith("#u07")
        held.rate(7, "CCCCC")

    # Without "I abstain" nothing goes; with it what is rated goes as it is.
    page.click(".hand-in")
    page.wait_for_selector("#errors")
    assert held.stored == []
    page.check("[name=partial]")
    page.click(".hand-in")
    page.wait_for_selector(".thanks")
    [ballot] = held.stored
    expected = {1: "BBBBA", 2: "BBBBA", 3: "NNNNN", 4: "BBBBA", 7: "CCCCC"}
    assert rated(ballot) == expected


def test_a_unit_rated_in_part_is_shown_before_the_last_look(begun):
    page = begun.page
    page.click("[id='001.law'] label:has([value=D])")
    page.click(".after")
    page.click(".to-review")
    assert page.locator("#errors:focus").count() == 1
    assert not page.is_visible("#review")
    assert shown(begun) == ["u001"]
    assert page.locator("#errors li").count() == 4
    page.locator("#errors a").nth(1).click()
    assert begun.focus == "001.service"


def test_the_own_unit_is_left_out(served, phone):
    held = phone()
    held.open("town", "cppcc", served.take_code("town", "cppcc"))
    page = held.page
    assert "您所在的单位不在其中" in page.inner_text(".lead")
    page.click(".after")
    assert shown(held) == ["u02"]
    held.fill_all("BBBBB")
    held.hand_in()
    [ballot] = held.stored
    assert sorted(rated(ballot)) == list(range(2, 11))


def test_another_language_in_the_middle_keeps_everything_and_the_place(begun):
    page = begun.page
    begun.rate(1, "AABBC")
    for _ in range(2):
        page.click(".after")
    page.click("#u003 .say > summary")
    page.fill("[name='003.comment']", "办事人员很热心")
    begun.rate(3, "NBNBN")
    filled, nonce = begun.values, begun.nonce
    token = page.input_value("#token")
    page.click(".tool[lang=en]")
    page.wait_for_selector("html[lang=en]")
    assert shown(begun) == ["u003"]
    assert (begun.values, begun.nonce, page.input_value("#token")) == (filled, nonce, token)
    assert "Rated 2 of 140" in progress(begun)
    page.click(".before")
    assert shown(begun) == ["u002"]
    begun.fill_all("BBBBB")
    page.click(".to-review")
    page.click(".tool[lang=zh]")
    page.wait_for_selector("html[lang='zh-CN']")
    assert len(begun.values) == 140 * 5 + 1
    begun.hand_in()
    [ballot] = begun.stored
    assert rated(ballot, 3) == dict.fromkeys(range(1, 141), "BBBBB")
    assert "收到" in page.inner_text("h1")
