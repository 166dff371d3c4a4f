"""Names of people in a comment, by surnames, titles and what stands before a name."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, takewhile

from analytics.comments.segmenting import pieces_of
from analytics.comments.word_lists import WordFinder, listed_rows

NAME, SURNAME = "×××", "×"  # what stands in their place
_COUNTS = frozenset("一二两三四五六七八九十百千几数这那每本下半第0123456789")
_COUNTED = frozenset("张張周万萬")  # surnames that count things, or weeks
_BETWEEN = ' 的是为為叫:：-—(（"“「『'  # may stand between "clerk" and a name
_SAME_SURNAME = frozenset("百同改贵")  # 百姓 and the like tell no surname
_AFTER_SURNAME = "的那这女男,，。.!！、 "


@dataclass(frozen=True, slots=True)
class NameSpan:
    """Where a name stands in a text, and what takes its place."""

    start: int
    stop: int
    mask: str


def name_spans(text: str) -> tuple[NameSpan, ...]:
    """Return the names in a text, from left to right, none across another.

    A name is a surname with a title (王科长, 李建国主任, 刘姐), after a word that introduces one
    (工作人员张伟, 名叫李娜, 姓王的), with given names of the list (张伟), or a nickname (小王).
    Word boundaries are those of the segmenter, so that 马上 and 高兴 stay.
    """
    lists = _lists()
    if lists.first.isdisjoint(text):
        return ()
    reader, found, end = _Reader(text, lists), [], 0
    for start, sign in enumerate(text):
        if start >= end and sign in lists.first and (span := reader.name_at(start)):
            found.append(span)
            end = span.stop
    return tuple(found)


def without_surnames(clauses: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return clauses ended before a surname that stands alone, and begun again behind its name.

    The name is as many as two words of one sign: what `name_spans` did not know must not come back
    as a phrase.
    """
    surnames = _lists().sure
    kept: list[tuple[str, ...]] = []
    for clause in clauses:
        begin = 0
        for place, word in enumerate(clause):
            if word in surnames and place >= begin:
                kept.append(clause[begin:place])
                given = takewhile(lambda one: len(one) == 1, clause[place + 1 : place + 3])
                begin = place + 1 + len(tuple(given))
        kept.append(clause[begin:])
    return tuple(clause for clause in kept if clause)


class _Lists:
    """The lists of `names.csv` by what they are for."""

    def __init__(self) -> None:
        rows = listed_rows("names.csv")

        def words(*kinds: str) -> frozenset[str]:
            return frozenset(
                w for row in rows if row["kind"] in kinds for w in row["words"].split()
            )

        def signs(kind: str) -> frozenset[str]:
            return frozenset("".join(words(kind)))

        self.sure = words("surname", "double_surname")  # say nothing else when they stand alone
        self.surnames = self.sure | words("doubtful_surname")
        self.first = frozenset(one[0] for one in self.surnames)
        self.titles = words("title")
        self.longest_title = max(map(len, self.titles))
        self.short_titles = words("short_title")
        self.any_short_titles = frozenset("姐哥姓某") & self.short_titles
        self.introducing = tuple(words("calling", "role"))
        self.nicknamed = words("nickname")
        self.given = signs("given")
        self.beside = self.given | signs("beside")  # given names beside one of `given`
        self.never_given = signs("never_given")
        self.place = signs("place")
        self.ordinary = WordFinder(dict.fromkeys(words("ordinary"), True))


class _Reader:
    """Looks for names in one text."""

    def __init__(self, text: str, lists: _Lists) -> None:
        self._text = text
        self._lists = lists
        pieces = pieces_of(text)
        self._edges = [0, *accumulate(map(len, pieces))]
        self._is_edge = frozenset(self._edges)
        self._hidden = {
            place
            for start, word, _ in lists.ordinary.found_in(text)
            for place in range(start, start + len(word))
        }

    def name_at(self, start: int) -> NameSpan | None:
        """Return the name that begins here, if one does."""
        if start in self._hidden:
            return None
        for size in (2, 1):
            after = min(start + size, len(self._text))
            if self._text[start:after] in self._lists.surnames:
                for look in (self._called, self._titled, self._introduced, self._alone):
                    if span := look(start, after):
                        return span
        return None

    def _called(self, start: int, after: int) -> NameSpan | None:
        """Return the surname of 姓李的, or of a nickname like 小王 and 老李."""
        text, before = self._text, self._text[start - 1 : start]
        if before == "姓" and text[start - 2 : start - 1] not in _SAME_SURNAME:
            told = after == len(text) or text[after] in _AFTER_SURNAME
            return NameSpan(start, after, SURNAME) if told else None
        if before in {"小", "老", "阿"} and text[start:after] in self._lists.nicknamed:
            alone = start - 1 in self._is_edge and after in self._is_edge
            counted = text[start - 2 : start - 1] in _COUNTS
            if alone and not counted and text[after : after + 1] not in self._lists.place | {"家"}:
                return NameSpan(start, after, SURNAME)
        return None

    def _titled(self, start: int, after: int) -> NameSpan | None:
        """Return the name before a title."""
        if start not in self._is_edge or (self._is_counted(start) and self._text[start] != "张"):
            return None
        for end in range(after, min(after + 3, len(self._text))):
            if end > after and not self._may_be_given(start, after, end):
                return None
            if self._has_title(start, end, short=end == after):
                return NameSpan(start, end, SURNAME)
        return None

    def _introduced(self, start: int, after: int) -> NameSpan | None:
        """Return the name behind 工作人员, 名叫 and the like."""
        if start not in self._is_edge or not self._is_introduced(start):
            return None
        if end := self._given_end(start, after, is_introduced=True):
            return NameSpan(start, end, NAME)
        if self._is_sure(start, after) and after in self._is_edge:
            return NameSpan(start, after, SURNAME)
        return None

    def _alone(self, start: int, after: int) -> NameSpan | None:
        """Return a name that nothing but its own signs tells: those of the list of given names."""
        if start not in self._is_edge or self._is_counted(start):
            return None
        end = self._given_end(start, after, is_introduced=False)
        if not end or (end - after < 2 and not self._is_sure(start, after)):
            return None
        is_place = self._text[end : end + 1] in self._lists.place
        return None if is_place else NameSpan(start, end, NAME)

    def _is_sure(self, start: int, after: int) -> bool:
        return self._text[start:after] in self._lists.sure

    def _is_counted(self, start: int) -> bool:
        return self._text[start] in _COUNTED and self._text[start - 1 : start] in _COUNTS

    def _has_title(self, start: int, end: int, *, short: bool) -> bool:
        """Return whether a title begins here, and ends where a word does."""
        text, lists = self._text, self._lists
        if end - start > 1 and end not in self._is_edge and not short:
            return False
        for size in range(min(lists.longest_title, len(text) - end), 1, -1):
            if text[end : end + size] in lists.titles and end + size in self._is_edge:
                return True
        shorts = lists.short_titles if self._is_sure(start, end) else lists.any_short_titles
        return short and text[end] in shorts and end + 1 in self._is_edge

    def _may_be_given(self, start: int, after: int, end: int) -> bool:
        """Return whether signs before a title may be a given name."""
        signs = set(self._text[after:end])
        if self._is_sure(start, after) and after in self._is_edge:
            return "".join(signs).isalpha() and signs.isdisjoint(self._lists.never_given)
        return signs <= self._lists.beside and not signs.isdisjoint(self._lists.given)

    def _is_introduced(self, start: int) -> bool:
        before = self._text[max(start - 8, 0) : start]
        for _ in range(3):
            if before.endswith(self._lists.introducing):
                return not before.endswith("叫") or start - 1 in self._is_edge
            if not before or before[-1] not in _BETWEEN:
                return False
            before = before[:-1]
        return False

    def _given_end(self, start: int, after: int, *, is_introduced: bool) -> int:
        """Return where the given name ends, or 0: it ends where a word does, at most two signs."""
        is_sure = self._is_sure(start, after)
        if after not in self._is_edge:
            end = self._next_edge(after)
            listed = self._are_given(after, end) and (is_sure or end - after == 2)
            return self._extended(after, end) if listed else 0
        if after == len(self._text):
            return 0
        end = self._next_edge(after)
        beyond = self._next_edge(end) if end < len(self._text) else end
        for stop in (beyond, end):
            if self._are_given(after, stop):
                return stop
        sign = self._text[after]
        loose = is_introduced and is_sure and end == after + 1 and sign.isalpha()
        if loose and sign not in self._lists.never_given:
            return self._extended(after, end)
        return 0

    def _extended(self, after: int, end: int) -> int:
        """Return the end of a given name of one sign, with the next where that fits."""
        if end - after == 1 and end < len(self._text):
            beyond = self._next_edge(end)
            if beyond == end + 1 and self._text[end] in self._lists.beside:
                return beyond
        return end

    def _are_given(self, after: int, end: int) -> bool:
        signs = set(self._text[after:end])
        listed = signs <= self._lists.beside and not signs.isdisjoint(self._lists.given)
        return listed and end - after <= 2

    def _next_edge(self, place: int) -> int:
        return self._edges[bisect_right(self._edges, place)]


@cache
def _lists() -> _Lists:
    return _Lists()
