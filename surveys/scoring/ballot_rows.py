"""Reads the counted ballots of a round one by one into the arrays that statistics take."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, not_, or_, select
from sqlalchemy.orm import Session

from analytics.rules import RuleSet
from analytics.shapes import NOWHERE, BallotRows, Integers
from analytics.shaping import option_points
from surveys.models import Ballot, Comment, Link, Population
from surveys.questionnaire import ENTERING, Channel
from surveys.tallies import Frame

# Ids are random, so the first so many in their order are a fair sample of all.
MOST_BALLOTS = 1_000_000
ROWS_AT_A_TIME = 5_000
PLACE = "place"


@dataclass(frozen=True)
class Written:
    """A comment about a unit; of a secret ballot nobody knows which it was."""

    ballot: str | None
    group: int
    unit: int
    words: str


@dataclass(frozen=True, eq=False)
class StoredBallots:
    """The counted ballots of a round, what they answered to general questions, and who says so.

    `answers` has a row per ballot and a column per variable of the population table: the number
    of the level, or NOWHERE where the question was not asked or answered otherwise.
    """

    rows: BallotRows
    written: tuple[Written, ...]
    variables: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    people: tuple[Integers, ...]  # of each level of each variable
    place_people: NDArray[np.float64]  # of each place, NaN where nobody said
    answers: Integers
    is_sample: bool


@dataclass(eq=False)
class _Columns:
    """What is gathered ballot by ballot."""

    ids: list[str] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    days: list[float] = field(default_factory=list)
    answers: list[tuple[int, ...]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def stored_ballots(
    session: Session, frame: Frame, rules: RuleSet, most: int = MOST_BALLOTS
) -> StoredBallots:
    """Return the ballots that enter the count, at most so many of them, and their comments.

    A ballot whose text is damaged is left out here; recounts find and name it.
    """
    people = _people(session, frame.round_id)
    place_people = people.pop(PLACE, {})
    numbers = {
        name: {level: number for number, level in enumerate(levels)}
        for name, levels in people.items()
    }
    places, place_of = _places(session, frame.round_id)
    group_of = {group_id: number for number, (group_id, _) in enumerate(frame.groups)}
    columns = _Columns()
    is_sample = False
    found = session.execute(_counted(frame, rules, with_answers=bool(people)).limit(most + 1))
    for row in found.yield_per(ROWS_AT_A_TIME):
        if len(columns.ids) == most:
            is_sample = True
            break
        if len(row.ratings) % frame.shape.width or not row.ratings.isascii():
            continue
        columns.ids.append(row.id)
        columns.groups.append(group_of[row.group_id])
        columns.places.append(place_of.get(row.link_id, NOWHERE))
        columns.seconds.append(np.nan if row.seconds is None else row.seconds)
        columns.days.append(np.nan if row.received_on is None else row.received_on.toordinal())
        columns.answers.append(_levels_of(row.answers if people else None, numbers))
        columns.texts.append(row.ratings)
    written = _written(session, frame)
    return StoredBallots(
        rows=_rows(frame, rules, columns, places, written),
        written=written,
        variables=tuple(people),
        levels=tuple(tuple(levels) for levels in people.values()),
        people=tuple(np.array([*levels.values()], np.int64) for levels in people.values()),
        place_people=np.array([place_people.get(one, np.nan) for one in places], np.float64),
        answers=np.array(columns.answers, np.int64).reshape(len(columns.ids), len(people)),
        is_sample=is_sample,
    )


# --- the parts, in order of use ------------------------------------------------------------------


def _people(session: Session, round_id: int) -> dict[str, dict[str, int]]:
    """Return the population table: people by variable and level, in a fixed order."""
    people: dict[str, dict[str, int]] = {}
    for variable, level, count in session.execute(
        select(Population.variable, Population.level, Population.people)
        .where(Population.round_id == round_id)
        .order_by(Population.variable, Population.level)
    ):
        people.setdefault(variable, {})[level] = count
    return people


def _places(session: Session, round_id: int) -> tuple[tuple[str, ...], dict[int | None, int]]:
    """Return the names of the entrances whose ballots say where they came in, and their numbers."""
    names: dict[str, int] = {}
    numbers: dict[int | None, int] = {}
    for link_id, label, code in session.execute(
        select(Link.id, Link.label, Link.code)
        .where(Link.round_id == round_id, Link.channel != Channel.TOKEN)
        .order_by(Link.id)
    ):
        numbers[link_id] = names.setdefault(label or code, len(names))
    return tuple(names), numbers


def _counted(frame: Frame, rules: RuleSet, *, with_answers: bool) -> Select[Any]:
    closed = {group.code for group in rules.groups if not group.open_channel}
    left_out = [group_id for group_id, code in frame.groups if code in closed]
    columns: list[Any] = [
        Ballot.id,
        Ballot.group_id,
        Ballot.link_id,
        Ballot.seconds,
        Ballot.received_on,
        Ballot.ratings,
    ]
    if with_answers:
        columns.append(Ballot.answers)
    wanted = select(*columns)
    return wanted.where(
        Ballot.round_id == frame.round_id,
        Ballot.validity.in_(ENTERING),
        not_(and_(Ballot.channel == Channel.OPEN, Ballot.group_id.in_(left_out))),
    ).order_by(Ballot.id)


def _levels_of(answers: str | None, numbers: Mapping[str, Mapping[str, int]]) -> tuple[int, ...]:
    if not answers:
        return (NOWHERE,) * len(numbers)
    given = dict(json.loads(answers))
    return tuple(
        levels.get(given.get(variable, ""), NOWHERE)
        if isinstance(given.get(variable), str)
        else NOWHERE
        for variable, levels in numbers.items()
    )


def _rows(
    frame: Frame,
    rules: RuleSet,
    columns: _Columns,
    places: tuple[str, ...],
    written: tuple[Written, ...],
) -> BallotRows:
    ballot_of = {ballot_id: number for number, ballot_id in enumerate(columns.ids)}
    width, digits = frame.shape.width, frame.shape.unit_digits
    signs = np.frombuffer("".join(columns.texts).encode(), np.uint8).reshape(-1, width)
    per_ballot = np.fromiter(map(len, columns.texts), np.int64, len(columns.texts)) // width
    powers = 10 ** np.arange(digits - 1, -1, -1)
    unit_numbers = (signs[:, :digits].astype(np.int64) - ord("0")) @ powers
    codes = [number for number, _ in frame.units]
    place = np.searchsorted(codes, unit_numbers)
    known = np.array([*codes, NOWHERE])[place] == unit_numbers
    levels = np.full(256, NOWHERE, np.int8)
    for number, option in enumerate(rules.options):
        levels[ord(option.code)] = number
    return BallotRows(
        ballots=tuple(columns.ids),
        units=tuple(code for _, code in frame.units),
        groups=tuple(code for _, code in frame.groups),
        places=places,
        group=np.array(columns.groups, np.int64),
        place=np.array(columns.places, np.int64),
        seconds=np.array(columns.seconds, np.float64),
        day=np.array(columns.days, np.float64),
        ballot=np.repeat(np.arange(len(columns.ids)), per_ballot)[known],
        unit=place[known],
        levels=levels[signs[known, digits:]],
        points=option_points(rules),
        weights=np.array([float(item.weight) for item in rules.items]),
        min_items_scored=rules.min_items_scored,
        comments=tuple(
            (NOWHERE if one.ballot is None else ballot_of[one.ballot], one.unit, one.words)
            for one in written
            if one.ballot is None or one.ballot in ballot_of
        ),
    )


def _written(session: Session, frame: Frame) -> tuple[Written, ...]:
    """Return what was written on ballots that enter the count and on secret ones, in any order."""
    unit_of = {number: place for place, (number, _) in enumerate(frame.units)}
    group_of = {group_id: number for number, (group_id, _) in enumerate(frame.groups)}
    found = session.execute(
        select(Comment.ballot_id, Comment.group_id, Comment.unit_number, Comment.words)
        .outerjoin(
            Ballot, and_(Ballot.round_id == Comment.round_id, Ballot.id == Comment.ballot_id)
        )
        .where(
            Comment.round_id == frame.round_id,
            or_(Comment.ballot_id.is_(None), Ballot.validity.in_(ENTERING)),
        )
        .order_by(Comment.id)
    )
    return tuple(
        Written(ballot_id, group_of[group_id], unit_of[unit_number], words)
        for ballot_id, group_id, unit_number, words in found
        if unit_number in unit_of
    )
