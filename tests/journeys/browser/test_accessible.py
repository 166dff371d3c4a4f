"""What a screen reader meets, and what axe finds: nothing, on every page and in every dress."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.journeys.browser.test_comfort import pages_of, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of the units of a class one is enough: they are all alike.
RUN = """async options => {
  const found = await axe.run({exclude: [[".unit ~ .unit"]]}, options);
  const said = it => `${it.target} ${it.failureSummary.split("\\n").slice(1, 3)}`;
  return found.violations.map(it => it.id + ": " + it.nodes.slice(0, 3).map(said).join("; "));
}"""


def found_by_axe(page, **more):
    """Return what axe finds, each with the first places."""
    page.evaluate("script => { if (!window.axe) (0, eval)(script); }", AXE_SCRIPT)
    kinds = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    return page.evaluate(RUN, {**kinds, **more})


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", ["normal", "24"])
def test_axe_finds_nothing(phone, language, size):
    # Without motion, so that no colour is on its way; tall, so that nothing sticks over anything.
    tall = {"width": 320, "height": 5000}
    held = phone(bypass_csp=True, reduced_motion="reduce", viewport=tall)
    faults = {}
    for name in pages_of(held, f"?lang={language}&text={size}"):
        found = found_by_axe(held.page)
        if language == "zh":  # words have no part in what follows
            held.page.emulate_media(color_scheme="dark")
            colours = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
            found += ["dark " + it for it in found_by_axe(held.page, **colours)]
            held.page.emulate_media(color_scheme="light")
        if found:
            faults[name] = found
    assert faults == {}


def told_of(page, role):
    """Return the names that the browser itself tells of everything with a role."""
    wire = page.context.new_cdp_session(page)
    nodes = wire.send("Accessibility.getFullAXTree")["nodes"]
    found = [it["name"]["value"] for it in nodes if it.get("role", {}).get("value") == role]
    return [name.replace(" ", "") for name in found]  # a space where a word may be broken


def test_what_a_screen_reader_is_told_of_a_card(phone):
    held = phone()
    held.open("town", "npc", held.served.take_code("town"))
    page = held.page
    press(held, ".after")
    card = page.locator("#u01")
    legends = [it.inner_text() for it in card.locator("legend").all()]
    assert legends == ["职能履行", "依法行政", "服务创新", "办事效能", "总体满意"]
    for legend in legends:
        assert card.get_by_role("group", name=legend, exact=True).count() == 1
    group = page.get_by_role("group", name=card.locator("legend").first.inner_text())
    names = [it.inner_text() for it in card.locator(".item").first.locator("label").all()]
    assert names == ["非常满意", "满意", "基本满意", "不满意", "非常不满意", "不了解"]
    assert told_of(page, "radio")[:6] == names
    group.get_by_role("radio", name="满意", exact=True).check(force=True)
    assert 'radio "满意" [checked]' in card.aria_snapshot()
    assert "还差" in card.locator("summary .state").inner_text()
    bar = page.get_by_role("progressbar")
    assert bar.get_attribute("value") == "0"
    assert page.get_by_label(page.inner_text(".progress .count")).count() == 1
    held.rate(1, "ABCDE")
    assert bar.get_attribute("value") == "1"
    assert "已评" in card.locator("summary").first.inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_a_screen_reader_is_told_of_what_is_missing(phone, scripts):
    held = phone(java_script_enabled=scripts)
    held.open("town", "citizens")
    page = held.page
    page.click("#u02 > summary")
    page.click("[id='02.duties'] label:has([value=A])")
    page.click(".hand-in")
    page.wait_for_selector("#errors")
    alert = page.get_by_role("alert")
    assert alert.get_by_role("heading").count() == 1
    assert alert.get_by_role("link").count() == (4 if scripts else 5)
    wrong = page.locator("[id='02.law']")
    said = wrong.get_attribute("aria-describedby")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert page.locator(f"[id='{said}']").inner_text() in alert.inner_text()


def test_the_head_of_a_page_tells_what_it_is(phone):
    held = phone()
    held.open("town", "citizens")
    page = held.page
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("banner").count() == 1
    tools = page.get_by_role("group", name="字号和语言")
    assert tools.count() == 1, page.locator(".tools").aria_snapshot()
    page.keyboard.press("Tab")
    assert page.locator(".skip:focus").count() == 1, "the first stop leads past the head"
