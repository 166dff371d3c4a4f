"""Whether a comment praises, complains or wishes, by rules and words that anybody may edit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np

from analytics.comments.word_lists import WordFinder, listed_rows, normalised, spelled_out
from analytics.shapes import Floats, Integers

NEAR = 3  # as many other signs may stand between a negation and what it negates


class Tone(StrEnum):
    """What a comment does, by the signs found in it."""

    PRAISE = "praise"
    CRITICISM = "criticism"
    SUGGESTION = "suggestion"
    MIXED = "mixed"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Reading:
    """The tone of a comment, the signs it rests on, and the words that decided.

    A complaint with a wish is criticism; praise with a complaint or a wish is mixed.
    """

    tone: Tone
    praises: bool
    complains: bool
    wishes: bool
    because: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class RatingCheck:
    """How tones agree with the points that the same ballots gave, where these are known."""

    counts: Integers  # (5, 3) tones in the order of Tone; low, middling and high points
    against: tuple[int, ...]  # comments that only praise with low points, or criticise with high
    agreement: float | None  # share of praise and criticism, outside the middle, on the same side


def tone_of(text: str) -> Reading:
    """Return the tone of a comment with the words that decided."""
    reader = _Reader()
    for line in text.splitlines():
        for sentence in _SENTENCE.split(normalised(line)):
            reader.read_sentence(sentence)
    return reader.reading()


def rating_check(
    tones: Sequence[Tone], points: Floats, low: float = 60, high: float = 80
) -> RatingCheck:
    """Return how tones agree with points of 0 to 100: low is below `low`, high from `high` on.

    `points` (one for each comment, NaN where not known) are never used to find a tone.
    """
    if len(tones) != len(points):
        raise ValueError("each comment needs its points, or NaN")
    order = list(Tone)
    row = np.array([order.index(tone) for tone in tones], np.int64)
    column = np.where(points < low, 0, np.where(points >= high, 2, 1))
    known = ~np.isnan(points)
    counts = np.zeros((len(order), 3), np.int64)
    np.add.at(counts, (row[known], column[known]), 1)
    praise, criticism = order.index(Tone.PRAISE), order.index(Tone.CRITICISM)
    against = ((row == praise) & (column == 0)) | ((row == criticism) & (column == 2))
    same = int(counts[praise, 2] + counts[criticism, 0])
    sides = same + int((against & known).sum())
    return RatingCheck(
        counts=counts,
        against=tuple(np.flatnonzero(against & known).tolist()),
        agreement=same / sides if sides else None,
    )


_SENTENCE = re.compile(r"[。!?;…~]+")
_CLAUSE = re.compile(r"[,: ()]+")
_QUOTES = "“”\"'「」‘’"
_TAKES_OVER = ("不", "没", "缺", "欠", "有待", "待", "需", "太少", "差")
_LEADS = ("进一步", "继续", "今后", "同时", "切实", "还", "也", "再", "更", "并", "能", "以后")
_GONE = ("没有了", "不见了", "没了", "变了")


@dataclass(slots=True)
class _Sign:
    """A sign of praise, complaint, nuisance or wish: its word and where it stands in its clause."""

    kind: str
    word: str
    start: int
    end: int


@cache
def _finder() -> WordFinder[str]:
    return WordFinder(
        {
            word: row["kind"]
            for row in listed_rows("tone.csv")
            for listed in row["words"].split()
            for word in spelled_out(listed)
        }
    )


class _Reader:
    """Reads a comment sentence by sentence, clause by clause, word by word."""

    def __init__(self) -> None:
        self._signs: list[_Sign] = []
        self._turning = ""  # a contrast after praise that nothing has answered yet
        self._polite = self._courtesy = self._nothing = ""

    def read_sentence(self, sentence: str) -> None:
        """Add the signs of a sentence; irony turns its praise round."""
        first = len(self._signs)
        wished, irony = False, ""
        for clause in filter(None, _CLAUSE.split(sentence)):
            reader = _ClauseReader(clause)
            signs = reader.signs()
            irony = irony or reader.irony
            if reader.contrast and any(s.kind == "praise" for s in self._signs):
                self._turning, wished = reader.contrast, False
            kept = [s for s in signs if not (wished and s.kind == "praise")]
            if reader.past:
                kept = _after_the_past(clause, kept)
            if kept and (not reader.contrast or any(s.start > reader.turn for s in kept)):
                self._turning = ""
            wished = wished or any(s.kind == "wish" for s in kept)
            self._polite = self._polite or reader.polite
            self._courtesy = self._courtesy or reader.courtesy
            self._nothing = self._nothing or reader.nothing
            self._signs += kept
        if irony:
            turned = [s for s in self._signs[first:] if s.kind == "praise"]
            for sign in turned:
                sign.kind = "complaint"
            if not turned:
                self._signs.append(_Sign("complaint", irony, 0, 0))

    def reading(self) -> Reading:
        """Return what the signs of all sentences amount to."""
        signs = {kind: self._words(kind) for kind in ("praise", "complaint", "wish", "nuisance")}
        if self._turning:
            signs["complaint"].append(self._turning)
        if not signs["praise"]:
            signs["complaint"] += signs["nuisance"]
        if not any(signs.values()):
            self._add_manners(signs)
        praise, complaint, wish = signs["praise"], signs["complaint"], signs["wish"]
        tone = _TONES[bool(praise), bool(complaint), bool(wish)]
        because = tuple(dict.fromkeys(praise + complaint + wish))
        return Reading(tone, bool(praise), bool(complaint), bool(wish), because)

    def _add_manners(self, signs: dict[str, list[str]]) -> None:
        """Let polite phrases count where a comment says nothing else."""
        if self._polite:
            signs["wish"] = [self._polite]
        elif self._courtesy and not self._nothing:
            signs["praise"] = [self._courtesy]

    def _words(self, kind: str) -> list[str]:
        return [sign.word for sign in self._signs if sign.kind == kind]


_TONES = {
    (False, False, False): Tone.NEITHER,
    (True, False, False): Tone.PRAISE,
    (False, True, False): Tone.CRITICISM,
    (False, True, True): Tone.CRITICISM,
    (False, False, True): Tone.SUGGESTION,
    (True, True, False): Tone.MIXED,
    (True, False, True): Tone.MIXED,
    (True, True, True): Tone.MIXED,
}


def _after_the_past(clause: str, signs: list[_Sign]) -> list[_Sign]:
    """Return what a clause about former times says of today: a complaint that is gone praises."""
    gone = next((word for word in _GONE if word in clause), "")
    if gone and any(s.kind in {"complaint", "nuisance"} for s in signs):
        return [_Sign("praise", gone, len(clause), len(clause))]
    return [s for s in signs if s.kind == "wish"]


class _ClauseReader:
    """Reads one clause: negations, wishes and contrasts act on what stands near them."""

    def __init__(self, clause: str) -> None:
        self._clause = clause
        self._signs: list[_Sign] = []
        self._negation = ("", -1)  # the word and up to where it reaches
        self._wish_begins = len(clause) + 1
        self.irony = self.contrast = self.past = ""
        self.polite = self.courtesy = self.nothing = ""
        self.turn = -1

    def signs(self) -> list[_Sign]:
        """Return the signs of the clause that count."""
        for start, word, kind in _finder().found_in(self._clause):
            _ACTS[kind](self, start, word, kind)
        self._let_complaints_take_over()
        return self._counted()

    def _counted(self) -> list[_Sign]:
        """Return the signs without what is merely wished."""
        return [s for s in self._signs if s.kind == "wish" or s.start < self._wish_begins]

    def add_sign(self, start: int, word: str, kind: str) -> None:
        """Add praise or a complaint, turned round where a negation reaches it."""
        end = start + len(word)
        negation, reach = self._negation
        if kind == "praise" and self._is_quoted(start, end):
            kind = "complaint"
        elif negation and start <= reach:
            kind = "complaint" if kind == "praise" else "praise"
            word = f"{negation}…{word}"
            self._negation = (negation, end + 1)  # as in "no delays, no excuses"
        self._signs.append(_Sign(kind, word, start, end))

    def add_wish(self, start: int, word: str, _kind: str) -> None:
        """Add a wish, unless it is said that there is none."""
        negation, reach = self._negation
        if not (negation and start <= reach):
            self._signs.append(_Sign("wish", word, start, start + len(word)))
            self._wish_begins = min(self._wish_begins, start)

    def add_opening(self, start: int, word: str, kind: str) -> None:
        """Add a wish where a clause begins with what should be done."""
        done = kind != "plea" and "了" in self._clause
        if self._leads_up_to(start) and not done:
            self.add_wish(start, word, kind)
        elif kind == "effort":
            self.add_sign(start, word, "praise")

    def add_negation(self, start: int, word: str, _kind: str) -> None:
        """Let a negation reach the next few signs."""
        self._negation = (word, start + len(word) + NEAR)

    def add_intensifier(self, _start: int, word: str, _kind: str) -> None:
        """Let an intensifier take no room between a negation and its word."""
        negation, reach = self._negation
        self._negation = (negation, reach + len(word))

    def note(self, start: int, word: str, kind: str) -> None:
        """Keep a word that acts on the whole clause or beyond it."""
        setattr(self, kind, word)
        if kind == "contrast":
            self._signs = self._counted()
            self.turn = start
            self._negation = ("", -1)
            self._wish_begins = len(self._clause) + 1

    def pass_over(self, start: int, word: str, kind: str) -> None:
        """Let a word stand that says nothing here, though a part of it might."""

    def _leads_up_to(self, start: int) -> bool:
        lead = self._clause[:start]
        for word in _LEADS:
            lead = lead.replace(word, "")
        return not lead or any(s.kind == "wish" and s.end == start for s in self._signs)

    def _is_quoted(self, start: int, end: int) -> bool:
        around = self._clause[max(start - 1, 0) : start], self._clause[end : end + 1]
        return all(sign and sign in _QUOTES for sign in around)

    def _let_complaints_take_over(self) -> None:
        """Drop praise that touches a complaint of want, as in "warmth lacking"."""
        if len(self._signs) < 2:
            return
        edges = {
            edge
            for s in self._signs
            if s.kind == "complaint" and s.word.startswith(_TAKES_OVER)
            for edge in (s.start, s.end)
        }
        self._signs = [s for s in self._signs if s.kind != "praise" or not {s.start, s.end} & edges]


_ACTS = {
    "praise": _ClauseReader.add_sign,
    "complaint": _ClauseReader.add_sign,
    "nuisance": _ClauseReader.add_sign,
    "wish": _ClauseReader.add_wish,
    "opening": _ClauseReader.add_opening,
    "plea": _ClauseReader.add_opening,
    "effort": _ClauseReader.add_opening,
    "negation": _ClauseReader.add_negation,
    "intensifier": _ClauseReader.add_intensifier,
    "irony": _ClauseReader.note,
    "contrast": _ClauseReader.note,
    "past": _ClauseReader.note,
    "polite": _ClauseReader.note,
    "courtesy": _ClauseReader.note,
    "nothing": _ClauseReader.note,
    "neutral": _ClauseReader.pass_over,
}
