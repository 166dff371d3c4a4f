"""What stands in a text that its language does not know: words left over from another one."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from xml.etree.ElementTree import Element

from opencc import OpenCC
from werkzeug.test import TestResponse

from tests.pages import tree

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
# Names that are the same in every language, and what is typed letter by letter.
SAME_IN_EVERY_LANGUAGE = re.compile(
    r"""
      (?<![A-Za-z0-9])(?:
        ASCII | CSV | GB18030 | JSON | MB | PNG | QR | SHA-256 | SVG | UTF-8 | gzip | zip
      | Excel | LibreOffice | PostgreSQL | Redis | WPS
      | flask(?:[ ]--app[ ]app)?(?:[ ](?:--)?[a-z]+)+ | --[a-z]+
      | A–Z | A | M | R
      | 1/0、yes/no | true | false | coached(?=，)
      )(?![A-Za-z0-9])
      | (?<![A-Za-z0-9])\.(?:xlsx|csv(?:\.gz)?)(?![A-Za-z0-9]) | (?<![A-Za-z0-9])/a/
    """,
    re.VERBOSE,
)
LATIN = re.compile(r"[A-Za-z]+")


def latin_words(text: str) -> list[str]:
    """Return the Latin words of a Chinese text that nobody needs to leave as they are."""
    return LATIN.findall(SAME_IN_EVERY_LANGUAGE.sub(" ", text))


def simplified_signs(text: str) -> list[str]:
    """Return the signs of a text that are not written in Taiwan.

    Its own code page has none of the simplified signs. Those that it has and that are simplified
    only in some words (后, 里, 发) show when the text is converted once more, both as it stands and
    by way of simplified signs: either way alone takes some right words (干預, 儲存格裡) for wrong.
    """
    foreign = [sign for sign in HAN.findall(text) if not sign.encode("big5", "ignore")]
    again = _converter("s2tw").convert(text)
    around = _converter("s2tw").convert(_converter("t2s").convert(text))
    signs = zip(text, again, around, strict=True)
    return foreign + [one for one, two, three in signs if one not in {two, three}]


@cache
def _converter(how: str) -> OpenCC:
    return OpenCC(how)


# --- pages ---------------------------------------------------------------------------------------

SPOKEN = {"alt", "title", "aria-label", "aria-description", "placeholder", "label"}
BUTTONS = {"submit", "button", "reset"}
TOLD = {"description", "application-name", "apple-mobile-web-app-title"}
# What scripts read and nobody sees; every other data-* is words that a script shows.
FOR_SCRIPTS = {
    "data-afterwards",
    "data-class",
    "data-copy",
    "data-count",
    "data-counts",
    "data-filter",
    "data-if",
    "data-job",
    "data-once",
    "data-secret",
    "data-share",
    "data-shared",
    "data-show",
    "data-size",
    "data-text",
    "data-unscored",
    "data-work",
    "data-waiting",
}


def said_on(page: Element, language: str) -> Iterator[str]:
    """Yield what is seen or heard of a page; what is marked as of another language is not its."""
    if page.tag in {"script", "style", "code"} or page.get("lang", language) != language:
        return
    if "digest" in page.get("class", "").split():
        return
    for name, value in page.items():
        is_spoken = name in SPOKEN or (name.startswith("data-") and name not in FOR_SCRIPTS)
        is_button = name == "value" and page.tag == "input" and page.get("type") in BUTTONS
        is_told = name == "content" and page.get("name") in TOLD
        if is_spoken or is_button or is_told:
            yield value
    yield page.text or "" if page.tag != "textarea" else ""
    for child in page:
        yield from said_on(child, language)
        yield child.tail or ""


def strange(
    answer: TestResponse, language: str, typed: Iterable[str] = (), codes: str = r"(?!)"
) -> dict[str, list[str]]:
    """Return the texts of a page that hold words of another language, and these words.

    `typed` was typed once and for every language, `codes` is a pattern of what is no words.
    """
    page = tree(answer)
    assert page.get("lang") == language, f"{answer.request.path} is in {page.get('lang')}"
    said = {" ".join(text.split()) for text in said_on(page, language)}
    found = {}
    for text in sorted(said):
        plain = text
        for words in sorted(typed, key=len, reverse=True):
            plain = plain.replace(words, " ")
        if language == "en":
            left = HAN.findall(plain)
        else:
            left = latin_words(re.sub(codes, " ", plain))
            left += simplified_signs(plain) if language == "zh-TW" else []
        if left:
            found[text] = left
    return found
