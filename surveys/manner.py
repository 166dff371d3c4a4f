"""In which language and in what size of letters a page is written, and how that is asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

# Not "zh_CN": Babel reads that as zh_Hans_CN, for which gettext would not find the folder zh_CN.
DEFAULT_LOCALE = "zh"
# What an address or a cookie says, and the locale that it means.
LOCALES = {"zh": "zh", "zh-TW": "zh_TW", "en": "en"}
LANGUAGES = {"zh": "zh-CN", "zh_TW": "zh-TW", "en": "en"}
NAMES = {"zh": "简体", "zh_TW": "繁體", "en": "English"}
# Sizes of the main text in large-text mode, in pixels; "" is the ordinary size.
SIZES = ("20", "24", "30")
ORDINARY = "normal"
LANGUAGE, SIZE = "lang", "text"  # names of the parameters and of the cookies
KEEP_SECONDS = 365 * 24 * 3600
_LONGEST_HEADER = 500
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
_QUALITY = re.compile(r"\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)
_SUBTAGS = re.compile("[-_]")  # some browsers inside other programs write en_US


@dataclass(frozen=True)
class Manner:
    """One way to write a page."""

    locale: str = DEFAULT_LOCALE
    size: str = ""

    @property
    def language(self) -> str:
        """Return the language as HTML names it."""
        return LANGUAGES[self.locale]

    @property
    def asked(self) -> dict[str, str]:
        """Return the parameters that ask for this manner, whatever cookies and browsers say."""
        code = next(code for code, locale in LOCALES.items() if locale == self.locale)
        return {LANGUAGE: code, SIZE: self.size or ORDINARY}

    @property
    def query(self) -> str:
        """Return what an address needs so that its page is written so; nothing for the default."""
        if self == Manner():
            return ""
        return f"?{urlencode(self.asked)}"


def manner_of(asked: Mapping[str, Any], cookies: Mapping[str, Any], accepted: str) -> Manner:
    """Return what the address asks for, else what was chosen before, else the browser's language.

    `accepted` is the Accept-Language line. What nobody knows is as if it were not said.
    """
    locale = (
        LOCALES.get(str(asked.get(LANGUAGE)))
        or LOCALES.get(str(cookies.get(LANGUAGE)))
        or browser_locale(accepted[:_LONGEST_HEADER])
    )
    size = str(asked.get(SIZE) or cookies.get(SIZE) or "")
    return Manner(locale, size if size in SIZES else "")


@lru_cache(maxsize=256)
def browser_locale(accepted: str) -> str:
    """Return the first language of an Accept-Language line that we speak, else Chinese.

    >>> browser_locale("fr-FR, zh-Hant-HK;q=0.8, en;q=0.7")
    'zh_TW'
    """
    wanted = []
    for place, entry in enumerate(accepted.split(",")):
        tag, _, rest = entry.partition(";")
        quality = _QUALITY.fullmatch(rest)
        wanted.append((-float(quality[1]) if quality else -1.0, place, tag.strip().lower()))
    for quality_, _place, tag in sorted(wanted):
        language, *subtags = _SUBTAGS.split(tag)
        if quality_ and language == "en":
            return "en"
        if quality_ and language == "zh":
            return "zh_TW" if _TRADITIONAL.intersection(subtags[:1]) else "zh"
    return DEFAULT_LOCALE
