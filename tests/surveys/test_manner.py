"""The language and the size of a page: address, then what was chosen, then the browser."""

import time

import pytest
from werkzeug.datastructures import MultiDict

from surveys.manner import LANGUAGES, LOCALES, NAMES, Manner, browser_locale, manner_of


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        pytest.param("", "zh", id="a browser that says nothing"),
        pytest.param("zh-CN,zh;q=0.9,en;q=0.8", "zh", id="the mainland"),
        pytest.param("zh-SG", "zh", id="Singapore writes simplified"),
        pytest.param("zh-Hans-HK", "zh", id="simplified in Hong Kong"),
        pytest.param("zh-TW,zh;q=0.9", "zh_TW", id="Taiwan"),
        pytest.param("zh-HK", "zh_TW", id="Hong Kong"),
        pytest.param("zh-MO", "zh_TW", id="Macau"),
        pytest.param("zh-Hant", "zh_TW", id="the script alone"),
        pytest.param("ZH-hant-cn", "zh_TW", id="letter case does not matter"),
        pytest.param("zh-TWX", "zh", id="a longer subtag is another one"),
        pytest.param("zh_TW", "zh_TW", id="written with a low line"),
        pytest.param("en-GB,en;q=0.9", "en", id="Britain"),
        pytest.param("en_US", "en", id="English with a low line"),
        pytest.param("enm", "zh", id="Middle English is not English"),
        pytest.param("zha, en;q=0.1", "en", id="nor another tongue Chinese"),
        pytest.param("fr-FR,fr;q=0.9", "zh", id="French, which we do not speak"),
        pytest.param("fr, en;q=0.5", "en", id="English as the second choice"),
        pytest.param("fr-FR, zh-Hant-HK;q=0.8, en;q=0.7", "zh_TW", id="the better of two"),
        pytest.param("en;q=0.1, zh-TW;q=0.2", "zh_TW", id="qualities beat the order"),
        pytest.param("en;q=0.5, zh-TW;q=0.5", "en", id="the order among equals"),
        pytest.param("en;Q=0.1, zh-TW;q=0.2", "zh_TW", id="Q is q"),
        pytest.param("en ; q=0.1 , zh-TW ; q=0.2", "zh_TW", id="with gaps"),
        pytest.param("en;q=0, zh-TW;q=0.1", "zh_TW", id="what is not wanted"),
        pytest.param("en;q=0.000", "zh", id="only what is not wanted"),
        pytest.param("*", "zh", id="anything"),
        pytest.param("en;q=nan, zh-TW;q=0.9", "en", id="no number is as if it were not said"),
        pytest.param("zh-TW, en;q=1.9", "zh_TW", id="nor is more than all"),
        pytest.param("zh-TW, en;q=٠.٩", "zh_TW", id="nor are foreign figures"),
        pytest.param(",;,;q=,;;=,q=1;en", "zh", id="garbage"),
        pytest.param("\x00\xff\udc80, en", "en", id="signs that nobody types"),
    ],
)
def test_a_browser_says_what_it_reads(accepted, locale):
    assert browser_locale(accepted) == locale
    assert manner_of({}, {}, accepted).locale == locale


@pytest.mark.parametrize(
    "accepted",
    [
        pytest.param("x" * 10_000, id="one long word"),
        pytest.param("," * 10_000, id="nothing many times"),
        pytest.param("fr;q=0.9," * 1_200, id="many languages"),
        pytest.param("en;" + "q=" * 5_000, id="many qualities"),
        pytest.param("zh" + "-" * 10_000, id="many subtags"),
    ],
)
def test_a_hostile_line_costs_nothing(accepted):
    began_at = time.perf_counter()
    assert manner_of({}, {}, accepted).locale in LANGUAGES
    assert time.perf_counter() - began_at < 0.05


def test_what_stands_beyond_the_longest_line_is_not_read():
    assert manner_of({}, {}, "fr," * 1_000 + "en").locale == "zh"


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "locale"),
    [
        pytest.param("en", "zh-TW", "zh", "en", id="the address is first"),
        pytest.param("zh", "en", "en", "zh", id="also for the default"),
        pytest.param(None, "zh-TW", "en", "zh_TW", id="then what was chosen"),
        pytest.param(None, "zh", "en", "zh", id="also the default"),
        pytest.param(None, None, "zh-TW", "zh_TW", id="then the browser"),
        pytest.param(None, None, "", "zh", id="else Chinese"),
        pytest.param("xx", "en", "zh-TW", "en", id="an unknown address is not one"),
        pytest.param("xx", "yy", "zh-TW", "zh_TW", id="nor an unknown cookie"),
        pytest.param("zh_TW", None, "en", "en", id="our name of a locale is nobody's"),
        pytest.param("EN", None, "", "zh", id="nor other letters"),
        pytest.param("", "", "en", "en", id="empty is not said"),
        pytest.param("None", None, "", "zh", id="nor is None"),
    ],
)
def test_address_then_choice_then_browser(asked, cookie, accepted, locale):
    said = {} if asked is None else {"lang": asked}
    kept = {} if cookie is None else {"lang": cookie}
    assert manner_of(said, kept, accepted).locale == locale


@pytest.mark.parametrize(
    ("asked", "cookie", "size"),
    [
        ("24", "30", "24"),
        (None, "30", "30"),
        (None, None, ""),
        ("normal", "30", ""),
        ("999", None, ""),
        ("999", "30", ""),
        ("<b>", None, ""),
    ],
)
def test_the_size_goes_the_same_way(asked, cookie, size):
    said = {} if asked is None else {"text": asked}
    kept = {} if cookie is None else {"text": cookie}
    assert manner_of(said, kept, "").size == size


@pytest.mark.parametrize(
    ("pairs", "locale"),
    [
        ([("lang", "en"), ("lang", "zh-TW")], "en"),
        ([("lang", "xx"), ("lang", "en")], "zh"),
        ([("lang", "zh-TW"), ("lang", "x" * 10_000)], "zh_TW"),
    ],
)
def test_of_a_repeated_parameter_the_first_counts(pairs, locale):
    assert manner_of(MultiDict(pairs), {}, "").locale == locale


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("size", ["", "20", "24", "30"])
def test_an_address_that_asks_for_a_manner_gets_it(locale, size):
    wanted = Manner(locale, size)
    other = {"lang": "en", "text": "20"}
    assert manner_of(wanted.asked, other, "zh-TW") == wanted


def test_the_default_needs_no_address():
    assert Manner().query == ""
    assert Manner("en").query == "?lang=en&text=normal"
    assert LOCALES.keys() == {"zh", "zh-TW", "en"}
    assert set(LOCALES.values()) == LANGUAGES.keys() == NAMES.keys()
