"""Writes in traditional characters what the office typed in simplified ones."""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def traditional(words: str) -> str:
    """Return words in traditional characters with the expressions usual in Taiwan."""
    return str(_converter().convert(words))


@lru_cache(maxsize=1)
def _converter() -> Any:
    # Loaded by the first page that needs it: most servers never do.
    from opencc import OpenCC

    return OpenCC("s2twp")
