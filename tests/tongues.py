"""What stands in a text that its language does not know: words left over from another one."""

import re
from functools import cache

from opencc import OpenCC

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

    Its own code page has none of the simplified signs; those that it has and that are simplified
    only in some words (后, 里, 发) show when the text is converted once more.
    """
    foreign = [sign for sign in HAN.findall(text) if not sign.encode("big5", "ignore")]
    again = _to_taiwan().convert(text)
    return foreign + [one for one, other in zip(text, again, strict=True) if one != other]


@cache
def _to_taiwan() -> OpenCC:
    return OpenCC("s2tw")
