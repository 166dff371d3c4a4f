"""Hand-made word lists beside this module, and finding their words in a text."""

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Generic, TypeVar

FOLDER = Path(__file__).with_name("words")
COUNTED = (*"两二三四五六七八九十几半23456789", "好几", "十几", "几十", "多少", "10")
Label = TypeVar("Label")


class WordFinder(Generic[Label]):
    """Finds listed words in a text, the longest first, from left to right, each sign once.

    So a longer word keeps the shorter ones inside it from being found.
    """

    def __init__(self, labels: Mapping[str, Label]) -> None:
        self._labels = dict(labels)
        sizes: dict[str, set[int]] = {}
        for word in self._labels:
            sizes.setdefault(word[0], set()).add(len(word))
        self._sizes = {first: sorted(found, reverse=True) for first, found in sizes.items()}

    def found_in(self, text: str) -> Iterator[tuple[int, str, Label]]:
        """Yield where each word stands, the word, and what the list says of it."""
        sizes, labels, begin = self._sizes, self._labels, 0
        for place, first in enumerate(text):
            if first in sizes and place >= begin:
                for size in sizes[first]:
                    word = text[place : place + size]
                    if word in labels:
                        yield place, word, labels[word]
                        begin = place + size
                        break


def normalised(text: str) -> str:
    """Return a text in one form of its signs: NFKC, small letters, single blanks."""
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split()).lower()


def listed_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a list by their headings."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def listed_words(name: str) -> frozenset[str]:
    """Return the words of a plain list, which stand apart by blanks or lines."""
    return frozenset((FOLDER / name).read_text(encoding="utf-8").split())


def spelled_out(word: str) -> list[str]:
    """Return a listed word; its # stands for any small number."""
    return [word.replace("#", number) for number in COUNTED] if "#" in word else [word]
