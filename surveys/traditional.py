"""Writes in traditional characters what the office typed in simplified ones, and reads both."""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def traditional(words: str) -> str:
    """Return words in the traditional characters of Taiwan, each word as it was chosen.

    A name stays a name: with the expressions of Taiwan a service window (窗口) would become one on
    a screen (視窗), and those who are appraised (对象) objects of a program (物件).
    """
    return _converted("s2tw", words)


@lru_cache(maxsize=4096)
def simplified(words: str) -> str:
    """Return words in simplified characters, to compare what is typed in either."""
    return _converted("t2s", words)


def _converted(how: str, words: str) -> str:
    return words if words.isascii() else str(_converter(how).convert(words))


@lru_cache(maxsize=2)
def _converter(how: str) -> Any:
    # Loaded by the first page that needs it: most servers never do.
    from opencc import OpenCC

    return OpenCC(how)
