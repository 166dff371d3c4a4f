"""Light enough for any network, plain enough for old browsers and for WeChat."""

import re

import pytest

from tests.house.tree import ROOT, text_of
from tests.journeys.browser.conftest import PHONE
from tests.journeys.browser.phone import rated

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 MicroMessenger/8.0.38(0x1800262c) NetType/4G Language/zh_CN"
)
X5 = (
    "Mozilla/5.0 (Linux; Android 8.1; vivo Y85A Build/OPM1) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/78.0.3904.62 XWEB/2691 MMWEBSDK/200901 Mobile Safari/537.36 "
    "MMWEBID/7096 MicroMessenger/7.0.19.1760(0x27001353) Process/toolsmp WeChat/arm64 NetType/3gnet"
)
# What came after Chrome 78 and iOS 12.
YOUNG_SCRIPT = (
    r"\?\.(?!\d)|\?\?|\|\|=|&&=|\.at\(|\breplaceChildren\b|\breplaceAll\(|\bObject\.groupBy\b|"
    r"\bstructuredClone\b|\bfindLast|\bObject\.hasOwn\b|\bPromise\.any\b|\bAbortSignal\.timeout\b|"
    r"\b\d+n\b|#\w+\s*[=(;]\s*this|\bstatic\s*\{"
)
YOUNG_STYLE = (
    r"\binset(?:-\w+)?\s*:|(?:padding|margin)-(?:inline|block)|\bborder-(?:inline|block)|"
    r":is\(|:where\(|@layer|@container|\baspect-ratio\s*:|\b\d(?:s|d|l)vh\b|color-mix\(|"
    r"(?<!-)\bplace-items\b.*grid-template-rows:\s*subgrid|\boklch\("
)


def young(pattern, text):
    """Return what a text uses of a pattern, with remarks and quoted words left out."""
    code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(pattern, re.sub(r'"[^"\n]*"', '""', code))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "static/phone").glob("*.js")), ids=lambda it: it.name
)
def test_scripts_are_plain_enough_for_old_browsers(path):
    assert young(YOUNG_SCRIPT, text_of(path)) == []


@pytest.mark.parametrize("name", ["look.css", "phone.css"])
def test_style_is_plain_enough_for_old_browsers(name):
    assert young(YOUNG_STYLE, text_of(ROOT / "static" / name)) == []


def test_young_words_are_found():
    assert young(YOUNG_SCRIPT, 'a?.b; c ?? d; "e ?? f"; g ? .5 : 1;\n// h?.i') == ["?.", "??"]
    assert young(YOUNG_STYLE, "a { inset: 0; /* inset: */ padding-inline: 1px }") == [
        "inset:",
        "padding-inline",
    ]


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("place", "link", "whole", "page_alone"),
    [
        pytest.param("city", "citizens", 30_000, 14_000, id="citizen, 62 units"),
        pytest.param("city", "window", 30_000, 14_000, id="window"),
        pytest.param("city", "npc", 30_000, 14_000, id="deputy, 62 units × 5 items"),
        pytest.param("province", "npc", 50_000, 30_000, id="deputy, 140 units × 5 items"),
    ],
)
def test_the_first_load_is_light(phone, place, link, whole, page_alone):
    held = phone()
    wire = held.page.context.new_cdp_session(held.page)
    wire.send("Network.enable")
    loaded = {}
    wire.on("Network.responseReceived", lambda it: loaded.setdefault(it["requestId"], [it, 0]))
    wire.on(
        "Network.loadingFinished",
        lambda it: loaded[it["requestId"]].__setitem__(1, it["encodedDataLength"]),
    )
    held.open(place, link)
    held.page.wait_for_load_state("networkidle")
    sent = {
        it["response"]["url"]: size
        for it, size in loaded.values()
        if not it["response"]["url"].startswith("data:")
    }
    assert 1 < len(sent) <= 4
    assert all(size > 0 for size in sent.values())
    assert sum(sent.values()) <= whole, sent
    assert sent[held.served.address(place, link)] <= page_alone


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.parametrize("agent", [X5, IPHONE, PHONE["user_agent"]], ids=["X5", "iPhone", "WeChat"])
def test_in_wechat_it_works_without_anything_kept_or_downloaded(phone, agent):
    held = phone(user_agent=agent, accept_downloads=False)
    downloads = []
    held.page.on("download", lambda it: downloads.append(it))
    held.page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage", "indexedDB"])
          Object.defineProperty(window, name, { get() { throw new Error("refused"); } });
        window.open = () => { throw new Error("no windows"); };"""
    )
    held.open("town", "citizens")
    page = held.page
    told = {
        it.get_attribute("property"): it.get_attribute("content")
        for it in page.locator("meta[property^='og:']").all()
    }
    assert told["og:title"] == "请您评价市级机关部门的工作"
    assert "市绩效办" in told["og:description"]
    assert page.request.get(told["og:image"]).ok
    assert page.locator("[target=_blank], [download]").count() == 0
    held.rate(6, "CBABC")
    held.answer()
    held.hand_in()
    [ballot] = held.stored
    assert rated(ballot) == {6: "CBABC"}
    assert downloads == []
