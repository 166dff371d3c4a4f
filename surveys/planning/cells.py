"""What a cell of a round's workbook may hold: each kind reads one cell or says what is wrong."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from analytics.faults import N_
from surveys.questionnaire import Kind, UnitChoice
from surveys.settings import CITY_CLOCK
from surveys.spreadsheet import Value, number, text
from surveys.traditional import simplified

NAME_CHARS = 120
LINE_CHARS = 200
LONG_CHARS = 2000
COUNT_MAX = 10_000_000
FULL_MARKS_MAX = 1000
MONTHS_MAX = 120
# Words that stand for a value, Chinese first: both are accepted, the workbook's own is written.
YES_NO: Mapping[bool, tuple[str, str]] = {True: ("是", "yes"), False: ("否", "no")}
KINDS: Mapping[StrEnum, tuple[str, str]] = {
    Kind.SINGLE: ("单选", "single"),
    Kind.SEVERAL: ("多选", "several"),
    Kind.TEXT: ("文字", "text"),
    Kind.NUMBER: ("数字", "number"),
}
UNIT_CHOICES: Mapping[StrEnum, tuple[str, str]] = {
    UnitChoice.CHOSEN: ("自选单位", "chosen"),
    UnitChoice.ALL: ("全部单位", "all"),
}

_CODE = re.compile(r"\w[\w.-]{0,39}", re.ASCII)
_QUESTION_CODE = re.compile(r"[A-Za-z_]\w{0,39}", re.ASCII)
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日")
_MOMENTS = tuple(written for day in _DAYS for written in (f"{day} %H:%M", day))
_MIDNIGHT = " 00:00"  # what a cell that is formatted as a date comes with

Read = Callable[[Value], Any]


class CellFault(Exception):
    """What is wrong with one cell; `message` is an English msgid."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


def code(value: Value) -> str:
    """Return a code that stands in addresses and files."""
    words = text(value)
    if not _CODE.fullmatch(words):
        raise CellFault(
            N_("A code has 1 to 40 letters (A–Z), digits, “_”, “-” or “.”, not “%(text)s”."),
            text=words[:40],
        )
    return words


def question_code(value: Value) -> str:
    """Return the code of a question: letters, digits and `_`, no digit first."""
    words = text(value)
    if not _QUESTION_CODE.fullmatch(words):
        raise CellFault(
            N_("A question’s code has letters, digits and “_”, no digit first, not “%(text)s”."),
            text=words[:40],
        )
    return words


def name(value: Value) -> str:
    """Return words of one line."""
    words = " ".join(text(value).split())
    return _short_enough(words, NAME_CHARS)


def line(value: Value) -> str:
    """Return a longer line of words."""
    return _short_enough(" ".join(text(value).split()), LINE_CHARS)


def long(value: Value) -> str:
    """Return words of several lines."""
    return _short_enough(text(value), LONG_CHARS)


def truth(value: Value) -> bool:
    """Return yes or no."""
    if isinstance(value, bool):
        return value
    return bool(_one_of(YES_NO, value))


def kind(value: Value) -> Kind:
    """Return the kind of a question."""
    return Kind(_one_of(KINDS, value))


def unit_choice(value: Value) -> UnitChoice:
    """Return which units a questionnaire asks about."""
    return UnitChoice(_one_of(UNIT_CHOICES, value))


def count(value: Value) -> int:
    """Return a whole number from 0."""
    found = _number(value)
    if found != found.to_integral_value() or not 0 <= found <= COUNT_MAX:
        raise CellFault(N_("A whole number from 0 is expected, not %(text)s."), text=text(value))
    return int(found)


def whole(value: Value) -> int:
    """Return a whole number, which may be negative."""
    found = _number(value)
    if found != found.to_integral_value() or abs(found) > COUNT_MAX:
        raise CellFault(N_("A whole number is expected, not %(text)s."), text=text(value))
    return int(found)


def months(value: Value) -> int:
    """Return a number of months."""
    found = _number(value)
    if found != found.to_integral_value() or not 1 <= found <= MONTHS_MAX:
        raise CellFault(
            N_("A whole number from 1 to %(most)s is expected, not %(text)s."),
            most=MONTHS_MAX,
            text=text(value),
        )
    return int(found)


def marks(value: Value) -> Decimal:
    """Return full marks above 0."""
    found = _number(value)
    if not 0 < found <= FULL_MARKS_MAX:
        raise CellFault(
            N_("A number above 0 and up to %(most)s is expected, not %(text)s."),
            most=FULL_MARKS_MAX,
            text=text(value),
        )
    return found


def weight(value: Value) -> Decimal:
    """Return a weight from 0 to 100."""
    found = _number(value)
    if not 0 <= found <= 100:
        raise CellFault(N_("A weight from 0 to 100 is expected, not %(text)s."), text=text(value))
    return found


def moment(value: Value) -> datetime:
    """Return a moment of the city's clock."""
    words = text(value)
    for written in _MOMENTS:
        try:
            return datetime.strptime(words, written).replace(tzinfo=CITY_CLOCK)
        except ValueError:
            continue
    raise CellFault(
        N_("A date like 2026-11-22 09:00 is expected, not “%(text)s”."), text=words[:40]
    )


def day(value: Value) -> date:
    """Return a day of the city's calendar."""
    words = text(value).removesuffix(_MIDNIGHT)
    for written in _DAYS:
        try:
            return datetime.strptime(words, written).replace(tzinfo=CITY_CLOCK).date()
        except ValueError:
            continue
    raise CellFault(N_("A date like 2026-11-22 is expected, not “%(text)s”."), text=words[:40])


def choices(value: Value) -> tuple[tuple[str, str, str | None], ...]:
    """Return the choices of a question: lines of `code=words` or `code=words|English words`."""
    found = []
    for line in text(value).splitlines():
        if not line.strip():
            continue
        named, _, words = (part.strip() for part in line.partition("="))
        chinese, _, english = (part.strip() for part in words.partition("|"))
        if not _CODE.fullmatch(named) or not chinese:
            raise CellFault(
                N_("Each line names a choice as code=words or code=words|English, not “%(text)s”."),
                text=line[:40],
            )
        found.append((named, _short_enough(chinese, NAME_CHARS), english[:NAME_CHARS] or None))
    codes = [named for named, _, _ in found]
    for index, named in enumerate(codes):
        if named in codes[:index]:
            raise CellFault(N_("The code “%(code)s” stands here twice."), code=named)
    return tuple(found)


def pair(value: Value) -> tuple[str, str]:
    """Return `question=choice` (or `choice=reason`) as its two codes."""
    left, _, right = (part.strip() for part in text(value).partition("="))
    if not left or not right:
        raise CellFault(
            N_("Two codes joined by “=” are expected, not “%(text)s”."), text=text(value)[:40]
        )
    return left, right


def _number(value: Value) -> Decimal:
    found = number(value)
    if found is None:
        raise CellFault(
            N_("A number is expected, but the cell holds the text “%(text)s”."),
            text=text(value)[:40],
        )
    return found


def _short_enough(words: str, most: int) -> str:
    if len(words) > most:
        raise CellFault(N_("At most %(most)s characters are allowed here."), most=most)
    return words


def _one_of(words: Mapping[Any, tuple[str, str]], value: Value) -> Any:
    said = simplified(text(value).casefold())
    for meant, names in words.items():
        if said in {named.casefold() for named in names}:
            return meant
    raise CellFault(
        N_("One of these is expected: %(names)s; not “%(text)s”."),
        names=" / ".join(named for names in words.values() for named in names),
        text=said[:40],
    )
