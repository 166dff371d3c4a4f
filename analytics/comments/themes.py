"""What comments are about: themes of public service, found by words that anybody may edit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from analytics.comments.word_lists import WordFinder, listed_rows, normalised


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme by its code and its names in the two languages."""

    code: str
    chinese: str
    english: str


@dataclass(frozen=True, slots=True)
class Share:
    """How many comments came from one part: a unit or a group by its number."""

    part: int
    count: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Counts of parts with enough comments; `rest` are the comments of all others together."""

    shown: tuple[Share, ...]  # most first
    rest: int


@dataclass(frozen=True, slots=True)
class ReadComment:
    """What is known of one comment: who it is about, who wrote it, its text and its signs.

    `cluster` is the number that comments with nearly the same text have in common.
    """

    unit: int
    group: int
    text: str
    cluster: int
    praises: bool
    complains: bool
    wishes: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """A comment that stands for others, and how many of them say nearly the same."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class ThemeCount:
    """How many comments touch a theme, what they do, and whom they are about.

    `praise`, `criticism` and `suggestion` count signs, so that a mixed comment counts twice.
    """

    theme: Theme
    count: int
    distinct: int  # comments apart from near duplicates
    praise: int
    criticism: int
    suggestion: int
    units: Shares
    groups: Shares
    quote: Quote | None  # a comment that stands for the theme; None below `least`


def all_themes() -> tuple[Theme, ...]:
    """Return the themes in the order of their list."""
    return tuple(
        Theme(row["code"], row["chinese"], row["english"]) for row in listed_rows("themes.csv")
    )


def themes_of(text: str) -> tuple[str, ...]:
    """Return the codes of the themes of a text in the order of the list."""
    found = {code for _, _, codes in _finder().found_in(normalised(text)) for code in codes}
    return tuple(code for code in _codes() if code in found)


def themes(
    comments: Sequence[ReadComment], of_each: Sequence[Sequence[str]], least: int = 5
) -> tuple[ThemeCount, ...]:
    """Return the themes that comments touch, the most frequent first.

    `of_each` are each comment's theme codes. A unit or group with fewer than `least` comments on
    a theme is not named, and never stands alone in the rest.
    """
    touched: dict[str, list[int]] = {}
    for number, codes in enumerate(of_each):
        for code in codes:
            touched.setdefault(code, []).append(number)
    counts = [
        _count(theme, comments, touched[theme.code], least)
        for theme in all_themes()
        if theme.code in touched
    ]
    return tuple(sorted(counts, key=lambda one: -one.count))


def shares(parts: Iterable[int], least: int) -> Shares:
    """Return how many comments each part has; parts below `least` only together.

    If the rest were a single part, its count would be told after all: then the smallest part
    that has enough joins it.
    """
    counts = sorted(Counter(parts).items(), key=lambda one: (-one[1], one[0]))
    shown = [Share(part, count) for part, count in counts if count >= least]
    if len(counts) - len(shown) == 1 and shown:
        shown.pop()
    rest = sum(count for _, count in counts) - sum(share.count for share in shown)
    return Shares(tuple(shown), rest)


def quotes(comments: Sequence[ReadComment], most: int = 1) -> tuple[Quote, ...]:
    """Return the comments that stand best for all: one a cluster, the largest clusters first.

    Inside a cluster the commonest text speaks, then one of ordinary length. The choice does not
    depend on the order of comments.
    """
    sizes = Counter(one.cluster for one in comments)
    texts = Counter((one.cluster, one.text) for one in comments)
    lengths = sorted(len(one.text) for one in comments)
    ordinary = lengths[len(lengths) // 2] if lengths else 0

    def fitness(said: tuple[int, str]) -> tuple[int, int, int, str]:
        cluster, text = said
        return -sizes[cluster], -texts[said], abs(len(text) - ordinary), text

    chosen: dict[int, str] = {}
    for cluster, text in sorted(texts, key=fitness):
        chosen.setdefault(cluster, text)
    found = [Quote(text, sizes[cluster]) for cluster, text in chosen.items()]
    return tuple(found[:most])


def _count(
    theme: Theme, comments: Sequence[ReadComment], numbers: Sequence[int], least: int
) -> ThemeCount:
    chosen = [comments[n] for n in numbers]
    return ThemeCount(
        theme=theme,
        count=len(chosen),
        distinct=len({one.cluster for one in chosen}),
        praise=sum(one.praises for one in chosen),
        criticism=sum(one.complains for one in chosen),
        suggestion=sum(one.wishes for one in chosen),
        units=shares((one.unit for one in chosen), least),
        groups=shares((one.group for one in chosen), least),
        quote=quotes(chosen)[0] if len(chosen) >= least else None,
    )


@cache
def _codes() -> tuple[str, ...]:
    return tuple(theme.code for theme in all_themes())


@cache
def _finder() -> WordFinder[tuple[str, ...]]:
    """Return what finds theme words; a word may belong to several themes."""
    owners: dict[str, tuple[str, ...]] = {}
    for row in listed_rows("themes.csv"):
        for word in row["words"].split():
            owners[word] = (*owners.get(word, ()), row["code"])
    return WordFinder(owners)
