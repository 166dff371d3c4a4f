"""What may be known of ballots beside their ratings, as tables: how they came, what was written."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Final

from analytics.faults import N_, FileFault
from analytics.row_faults import empty_cell, no_people, seen_before, shown, unknown_code
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
        elif fault := seen_before(path, row, "ballot", number, facts):
            faults.add(fault)
        elif seconds and not _is_seconds(seconds):
            message = N_("“%(value)s” is not a number of seconds")
            faults.add(FileFault(message, path.name, row, "seconds", value=shown(seconds)))
        elif at and _day_of(at) is None:
            message = N_(
                "“%(value)s” is not a day or a moment, such as 2026-11-22 or 2026-11-22 09:30"
            )
            faults.add(FileFault(message, path.name, row, "at", value=shown(at)))
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
        if fault := unknown_code(path, row, "unit", unit, unit_codes):
            faults.add(fault)
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
        fault = (
            empty_cell(path, row, {"place": place})
            or seen_before(path, row, "place", place, people)
            or (None if _PEOPLE.fullmatch(number) else no_people(path, row, "people", number))
        )
        if fault:
            faults.add(fault)
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
    return FileFault(message, path.name, row, "ballot", ballot=shown(ballot))


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
