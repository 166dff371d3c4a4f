"""Seeded ballots by the million: made as arrays, written in the store's fastest way, folded too."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from analytics.rules import RuleSet
from surveys.models import Ballot, Link, Participation, RoundState, TallyCell, Unit
from surveys.questionnaire import Channel, Validity
from surveys.refusals import LoadedBefore, NotDemonstration, NothingToLoad
from surveys.rounds import round_of, rule_set
from surveys.settings import CITY_CLOCK

Signs = NDArray[np.uint8]

LARGEST_BATCH = 100_000
ROWS_AT_ONCE = 1_000
FEWEST_BATCHES = 20  # so that a small load has several days and links too
DAYS = 14
FLAGGED_SHARE = 0.03
OPEN_CHANNELS = (Channel.OPEN, Channel.WINDOW)
# In the order of their bytes: ids that grow are appended to the table instead of spread over it.
ID_SIGNS = np.frombuffer(
    b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz", np.uint8
)
ID_LENGTH, GROWING_SIGNS = 22, 6
COLUMNS = "id, ratings, round_id, group_id, channel, link_id, received_on, validity, reasons"


@dataclass(frozen=True)
class Door:
    """A link that ballots come through."""

    link_id: int
    group_id: int
    channel: Channel


@dataclass(frozen=True)
class Ground:
    """What a round gives to those who make ballots for it."""

    round_id: int
    unit_digits: int
    unit_numbers: tuple[int, ...]
    option_codes: tuple[str, ...]
    item_count: int
    doors: tuple[Door, ...]


@dataclass(frozen=True)
class Batch:
    """Ballots of one door, day and validity: ids (n, 22) and ratings (n, width) as signs.

    `units` (n, k) are positions in the ground's units, `choices` (n, k, items) those of options.
    """

    door: Door
    day: str
    validity: Validity
    ids: Signs
    ratings: Signs
    units: NDArray[np.int64]
    choices: NDArray[np.int64]


def ground_of(session: Session, round_id: int) -> Ground:
    """Return the ground of an open demonstration round, or refuse."""
    found = round_of(session, round_id)
    if not found.is_demonstration or found.state is not RoundState.OPEN:
        raise NotDemonstration(code=found.code)
    links = select(Link.id, Link.group_id, Link.channel).where(
        Link.round_id == round_id, Link.is_active, Link.channel.in_(OPEN_CHANNELS)
    )
    numbers = select(Unit.number).where(Unit.round_id == round_id).order_by(Unit.number)
    doors = tuple(Door(*row) for row in session.execute(links.order_by(Link.id)))
    if not doors:
        raise NothingToLoad(code=found.code)
    rules: RuleSet = rule_set(session, round_id)
    return Ground(
        round_id,
        found.unit_digits,
        tuple(session.scalars(numbers)),
        tuple(option.code for option in rules.options),
        found.item_count,
        doors,
    )


def batches(
    ground: Ground, ballots: int, units_per_ballot: int, seed: int, now: datetime
) -> Iterator[tuple[Batch, ...]]:
    """Make ballots; each step is what one transaction stores. The same seed gives the same."""
    step = max(1, min(LARGEST_BATCH, ballots // FEWEST_BATCHES))
    today = now.astimezone(CITY_CLOCK).date()
    for number, start in enumerate(range(0, ballots, step)):
        rng = np.random.default_rng((seed, ground.round_id, number))
        size = min(step, ballots - start)
        ids = _ids(rng, start, size, ballots)
        units, choices = _choices(rng, ground, size, units_per_ballot)
        ratings = _ratings(ground, units, choices)
        door = ground.doors[number % len(ground.doors)]
        day = (today - timedelta(days=number % DAYS)).isoformat()
        cut = size - int(size * FLAGGED_SHARE)
        yield tuple(
            Batch(door, day, validity, ids[part], ratings[part], units[part], choices[part])
            for validity, part in (
                (Validity.COUNTED, slice(cut)),
                (Validity.FLAGGED, slice(cut, size)),
            )
            if len(ids[part])
        )


def write(session: Session, ground: Ground, made: tuple[Batch, ...], is_first: bool) -> None:
    """Store batches with their tally and participation, in the caller's transaction."""
    first = _text(made[0].ids[:1])
    if is_first and session.get(Ballot, (ground.round_id, first)) is not None:
        raise LoadedBefore
    connection = session.connection()
    for batch in made:
        _WRITERS[connection.dialect.name](connection, ground, batch)
    fold(session, ground, made)


def fold(session: Session, ground: Ground, made: tuple[Batch, ...]) -> None:
    """Count batches into the tally and the participation, as the writer of ballots does."""
    connection = session.connection()
    _add(connection, TallyCell, [row for batch in made for row in _cells(ground, batch)])
    _add(connection, Participation, [_participation(ground, batch) for batch in made])


# --- making them ---------------------------------------------------------------------------------


def _ids(rng: np.random.Generator, start: int, size: int, ballots: int) -> Signs:
    """Return ids of 22 signs that grow from ballot to ballot and end like those of phones."""
    positions = (start + np.arange(size, dtype=np.int64)) * (64**GROWING_SIGNS // ballots)
    growing = [(positions >> (6 * place)) & 63 for place in reversed(range(GROWING_SIGNS))]
    drawn = rng.integers(0, 64, (size, ID_LENGTH - GROWING_SIGNS - 1))
    last = np.frombuffer(b"AQgw", np.uint8)[rng.integers(0, 4, (size, 1))]
    return np.hstack([ID_SIGNS[np.stack(growing, axis=1)], ID_SIGNS[drawn], last])


def _choices(
    rng: np.random.Generator, ground: Ground, size: int, units_per_ballot: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which units are rated, in order, and how: an opinion per unit, and doubts per item."""
    all_units = len(ground.unit_numbers)
    rated = min(units_per_ballot, all_units)
    first = rng.integers(0, all_units, (size, 1)) if rated < all_units else np.zeros((size, 1), int)
    units = np.sort((first + np.arange(rated)) % all_units, axis=1)
    options = len(ground.option_codes)
    shares = np.cumsum(np.resize([0.30, 0.34, 0.20, 0.08, 0.04, 0.04], options))
    table = np.searchsorted(shares / shares[-1], (np.arange(256) + 0.5) / 256)
    opinions = table[rng.integers(0, 256, (size, rated), np.uint8)]
    doubts = np.repeat([-1, 0, 1], [24, 208, 24])
    drawn = doubts[rng.integers(0, 256, (size, rated, ground.item_count), np.uint8)]
    return units, np.clip(opinions[:, :, None] + drawn, 0, options - 1)


def _ratings(ground: Ground, units: NDArray[np.int64], choices: NDArray[np.int64]) -> Signs:
    """Return the fixed-width texts of ballots: number and option codes, unit by unit."""
    numbers = np.array(
        [list(f"{number:0{ground.unit_digits}d}".encode()) for number in ground.unit_numbers],
        np.uint8,
    )
    codes = np.frombuffer("".join(ground.option_codes).encode("ascii"), np.uint8)
    return np.concatenate([numbers[units], codes[choices]], axis=2).reshape(len(units), -1)


# --- writing them --------------------------------------------------------------------------------


def _insert(connection: Connection, ground: Ground, batch: Batch) -> None:
    """Insert into SQLite, many rows per statement: its checks are prepared once for all of them."""
    shared = ", ".join(
        f"'{word}'" if isinstance(word, str) else f"{word}" for word in _shared(ground, batch)
    )
    statement = (
        f"INSERT INTO ballot ({COLUMNS}) SELECT substr(value, 1, {ID_LENGTH}),"  # noqa: S608
        f" substr(value, {ID_LENGTH + 1}), {shared} FROM json_each(?)"  # only words of ours
    )
    quote = np.full((len(batch.ids), 1), ord('"'), np.uint8)
    comma = np.full((len(batch.ids), 1), ord(","), np.uint8)
    rows = np.hstack([quote, batch.ids, batch.ratings, quote, comma])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        listed = _text(rows[start : start + ROWS_AT_ONCE]).rstrip(",")
        connection.exec_driver_sql(statement, (f"[{listed}]",))


def _copy(connection: Connection, ground: Ground, batch: Batch) -> None:
    """Copy into PostgreSQL: the whole batch as one block of text."""
    tab = np.full((len(batch.ids), 1), ord("\t"), np.uint8)
    words = "".join(f"\t{word}" for word in _shared(ground, batch)) + "\n"
    tail = np.tile(np.frombuffer(words.encode(), np.uint8), (len(batch.ids), 1))
    block = np.hstack([batch.ids, tab, batch.ratings, tail]).tobytes()
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY ballot ({COLUMNS}) FROM STDIN") as copy:
        copy.write(block)
    cursor.close()


_WRITERS: dict[str, Callable[[Connection, Ground, Batch], None]] = {
    "sqlite": _insert,
    "postgresql": _copy,
}


def _shared(ground: Ground, batch: Batch) -> tuple[str | int, ...]:
    reasons = "speed" if batch.validity is Validity.FLAGGED else ""
    door = batch.door
    places = (ground.round_id, door.group_id, door.channel.value, door.link_id)
    return (*places, batch.day, batch.validity.value, reasons)


def _cells(ground: Ground, batch: Batch) -> Iterator[dict[str, Any]]:
    """Return what a batch adds to the tally: how often each unit got each pattern."""
    options = len(ground.option_codes)
    places = options ** np.arange(ground.item_count)[::-1]
    patterns = options**ground.item_count
    numbers = batch.units * patterns + batch.choices @ places
    counts = np.bincount(numbers.ravel(), minlength=1)
    for number in np.flatnonzero(counts):
        unit, pattern = divmod(int(number), patterns)
        yield {
            "round_id": ground.round_id,
            "group_id": batch.door.group_id,
            "channel": batch.door.channel,
            "unit_number": ground.unit_numbers[unit],
            "pattern": "".join(
                ground.option_codes[pattern // int(place) % options] for place in places
            ),
            "is_flagged": batch.validity is Validity.FLAGGED,
            "count": int(counts[number]),
        }


def _participation(ground: Ground, batch: Batch) -> dict[str, Any]:
    return {
        "round_id": ground.round_id,
        "link_id": batch.door.link_id,
        "day": datetime.fromisoformat(batch.day).date(),
        "validity": batch.validity,
        "count": len(batch.ids),
    }


def _add(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> None:
    """Add counts to the rows of these keys, making those that are missing."""
    table: Table = model.__table__
    is_postgresql = connection.dialect.name == "postgresql"
    statement = postgresql.insert(table) if is_postgresql else sqlite.insert(table)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={"count": table.c.count + statement.excluded["count"]},
        ),
        rows,
    )


def _text(signs: Signs) -> str:
    return signs.tobytes().decode("ascii")
