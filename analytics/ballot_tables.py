"""What may be known of ballots beside their ratings, as tables: how they came, what was written."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Final

from analytics.faults import N_, FileFault
from analytics.shapes import NOWHERE
from analytics.tables import FaultList, read_table

DAY: Final = timedelta(days=1)
_BEGINNING: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - moments of one file share their zone
_MAX_COMMENT: Final = 2000
_PEOPLE: Final = re.compile(r"\d{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BallotFacts:
    """How a ballot came: when, through which place, and for how many seconds its form was open."""

    seconds: float | None
    day: float | None  # days since the beginning of 2000, with its fraction where a time is given
    place: str | None
    channel: str | None


@dataclass(frozen=True, slots=True)
class CommentRow:
    """What was written about a unit; the ballot is NOWHERE where the file does not say."""

    ballot: int
    unit: str
    words: str


def read_ballots(path: Path, names: Mapping[tuple[str, str], int]) -> dict[int, BallotFacts]:
    """Return what a file says of ballots that have ratings, by their numbers.

    Columns: ballot and group, and where there are any, seconds, at (a day or a moment, ISO 8601),
    place and channel.
    """
    faults = FaultList()
    facts: dict[int, BallotFacts] = {}
    optional = ("seconds", "at", "place", "channel")
    for row, (ballot, group, seconds, at, place, channel) in read_table(
        path, faults, ("ballot", "group"), optional
    ):
        number = names.get((group, ballot))
        if number is None:
            faults.add(_unknown(path, row, ballot))
        elif number in facts:
            faults.add(
                FileFault(N_("this stands in an earlier row already"), path.name, row, "ballot")
            )
        elif seconds and not _is_seconds(seconds):
            message = N_("“%(value)s” is not a number of seconds")
            faults.add(FileFault(message, path.name, row, "seconds", value=seconds[:40]))
        elif at and _day_of(at) is None:
            message = N_(
                "“%(value)s” is not a day or a moment, such as 2026-11-22 or 2026-11-22 09:30"
            )
            faults.add(FileFault(message, path.name, row, "at", value=at[:40]))
        else:
            facts[number] = BallotFacts(
                float(seconds) if seconds else None, _day_of(at), place or None, channel or None
            )
    faults.check()
    return facts


def read_comments(
    path: Path, unit_codes: Collection[str], names: Mapping[tuple[str, str], int]
) -> tuple[CommentRow, ...]:
    """Return what was written: columns unit and comment, and where there are any ballot, group."""
    faults = FaultList()
    comments = []
    for row, (unit, words, ballot, group) in read_table(
        path, faults, ("unit", "comment"), ("ballot", "group")
    ):
        number = names.get((group, ballot), NOWHERE)
        if unit not in unit_codes:
            message = N_("“%(code)s” is not known")
            faults.add(FileFault(message, path.name, row, "unit", code=unit[:40]))
        elif ballot and number == NOWHERE:
            faults.add(_unknown(path, row, ballot))
        elif len(words) > _MAX_COMMENT:
            message = N_("at most %(most)d characters are allowed")
            faults.add(FileFault(message, path.name, row, "comment", most=_MAX_COMMENT))
        elif words:
            comments.append(CommentRow(number, unit, words))
    faults.check()
    return tuple(comments)


def read_places(path: Path) -> dict[str, float]:
    """Return how many people live in a place, or may vote there: columns place and people.

    Places without ballots may stand in the file too.
    """
    faults = FaultList()
    people: dict[str, float] = {}
    for row, (place, number) in read_table(path, faults, ("place", "people")):
        if not place:
            faults.add(FileFault(N_("the cell is empty"), path.name, row, "place"))
        elif place in people:
            faults.add(
                FileFault(N_("this stands in an earlier row already"), path.name, row, "place")
            )
        elif not _PEOPLE.fullmatch(number):
            message = N_("“%(value)s” is not a number of people")
            faults.add(FileFault(message, path.name, row, "people", value=number[:40]))
        else:
            people[place] = float(number)
    faults.check()
    return people


def moment_of(day: float) -> str | None:
    """Return a number of days as the moment that a file would give, None where it has none."""
    if not isfinite(day):
        return None
    return (_BEGINNING + day * DAY).isoformat(timespec="seconds")


def _unknown(path: Path, row: int, ballot: str) -> FileFault:
    message = N_("no ballot “%(ballot)s” of this group has ratings")
    return FileFault(message, path.name, row, "ballot", ballot=ballot[:40])


def _is_seconds(text: str) -> bool:
    try:
        return 0 <= float(text) < 1e9
    except ValueError:
        return False


def _day_of(text: str) -> float | None:
    """Return a moment in days, None where there is none or it makes no sense."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return (moment - _BEGINNING) / DAY
