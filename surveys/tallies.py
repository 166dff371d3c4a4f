"""A round's counts: folded as its ballots came, counted anew, and where the two disagree."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import product

import numpy as np
from sqlalchemy import String, bindparam, case, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from analytics.pieces import Pieces, Shape
from analytics.tally import Cell, Columns, Place, Tally
from surveys.models import (
    Correction,
    Group,
    Link,
    Participation,
    TallyCell,
    TallyCheck,
    Unit,
)
from surveys.questionnaire import ENTERING, Channel, Validity, read_ratings_text
from surveys.rounds import round_of, rule_set

UNKNOWN = "?"

LINE = "\n"

# Group code, channel, validity.
BallotKind = tuple[str, str, str]
# Group id, channel, unit number; then a line per cell: pattern, 1 for flagged or 0, count.
FoldedRow = tuple[int, str, int, str, str, str]


@dataclass(frozen=True)
class Frame:
    """What is needed to read a round's ballots: the widths of their text, and codes for numbers."""

    round_id: int
    shape: Shape
    groups: tuple[tuple[int, str], ...]
    units: tuple[tuple[int, str], ...]

    @property
    def group_codes(self) -> dict[int, str]:
        """Return the codes of the groups by their ids."""
        return dict(self.groups)

    @property
    def unit_codes(self) -> dict[int, str]:
        """Return the codes of the units by their numbers."""
        return dict(self.units)


@dataclass(frozen=True)
class Counted:
    """What ballots come to: their tally, and how many there are of each kind."""

    tally: Tally
    ballots: Mapping[BallotKind, int]

    @property
    def ballot_count(self) -> int:
        """Return the number of all ballots, whatever became of them."""
        return sum(self.ballots.values())


@dataclass(frozen=True, eq=False)
class Counts:
    """The same as plain numbers by key of a kind, for the way between machines; it can be added."""

    pieces: Pieces
    ballots: Mapping[int, int]

    def __add__(self, other: "Counts") -> "Counts":
        ballots = Counter(self.ballots) + Counter(other.ballots)
        return Counts(self.pieces + other.pieces, ballots)


@dataclass(frozen=True)
class Difference:
    """One count in which the store's own counts and the ballots disagree."""

    of: Cell | BallotKind
    folded: int
    recounted: int

    @property
    def place(self) -> tuple[str, ...]:
        """Return the words that say which count it is."""
        if not isinstance(self.of, Cell):
            return self.of
        flagged = (Validity.FLAGGED.value,) if self.of.flagged else ()
        return (self.of.group, self.of.channel, self.of.unit, self.of.pattern, *flagged)


@dataclass(frozen=True)
class Finding:
    """What a recount found: of which tally, how many ballots, and how many counts that differ."""

    tally_sha256: str
    ballots: int
    differences: int


def frame_of(session: Session, round_id: int) -> Frame:
    """Return how the ballots of a round are read."""
    appraised = round_of(session, round_id)
    options = "".join(option.code for option in rule_set(session, round_id).options)
    groups = session.execute(
        select(Group.id, Group.code).where(Group.round_id == round_id).order_by(Group.id)
    )
    units = session.execute(
        select(Unit.number, Unit.code).where(Unit.round_id == round_id).order_by(Unit.number)
    )
    return Frame(
        round_id,
        Shape(appraised.unit_digits, appraised.item_count, options),
        tuple((number, code) for number, code in groups),
        tuple((number, code) for number, code in units),
    )


def tally_of(session: Session, frame: Frame) -> Tally:
    """Return the tally that the writer of ballots has folded."""
    return tally_in(frame, folded_rows(session, frame.round_id))


def folded_rows(session: Session, round_id: int) -> tuple[FoldedRow, ...]:
    """Return a round's folded counts, the patterns of each group, channel and unit as one text."""
    rows = session.execute(_FOLDED, {"round": round_id}).fetchall()
    return tuple(tuple(row) for row in rows)  # type: ignore[misc]


# A round has tens of thousands of cells; fetched one by one they take three times as long.
_FOLDED = (
    select(
        TallyCell.group_id,
        type_coerce(TallyCell.channel, String),
        TallyCell.unit_number,
        func.aggregate_strings(func.replace(TallyCell.pattern, LINE, UNKNOWN), LINE),
        func.aggregate_strings(case((TallyCell.is_flagged, "1"), else_="0"), LINE),
        func.aggregate_strings(cast(TallyCell.count, String), LINE),
    )
    .where(TallyCell.round_id == bindparam("round"), TallyCell.count > 0)
    .group_by(TallyCell.group_id, TallyCell.channel, TallyCell.unit_number)
)


def tally_in(frame: Frame, rows: Sequence[FoldedRow]) -> Tally:
    """Return the tally that folded rows come to."""
    if not rows:
        return Tally.empty()
    groups, units = frame.group_codes, frame.unit_codes
    patterns = LINE.join(row[3] for row in rows).split(LINE)
    flagged, counts = (
        np.fromstring(LINE.join(texts), np.int64, sep=LINE)
        for texts in ((row[4] for row in rows), (row[5] for row in rows))
    )
    row_of = np.repeat(np.arange(len(rows)), [row[4].count(LINE) + 1 for row in rows])
    distinct = {pattern: number for number, pattern in enumerate(dict.fromkeys(patterns))}
    return Tally.of_columns(
        Columns(
            places=tuple(
                Place(groups[group], channel, units[unit], is_flagged)
                for group, channel, unit, *_ in rows
                for is_flagged in (False, True)
            ),
            patterns=tuple(distinct),
            place=2 * row_of + flagged,
            pattern=np.fromiter(map(distinct.__getitem__, patterns), np.int64, len(patterns)),
            count=counts,
        )
    )


def ballots_of(session: Session, round_id: int) -> dict[BallotKind, int]:
    """Return how many ballots of each kind were folded, without looking at a ballot."""
    counts: Counter[BallotKind] = Counter()
    for group, channel, validity, count in _participation(session, round_id):
        counts[group, channel.value, validity.value] += count
    return {kind: count for kind, count in counts.items() if count}


def _participation(session: Session, round_id: int) -> Iterator[tuple[str, Channel, Validity, int]]:
    arrived = session.execute(
        select(Group.code, Link.channel, Participation.validity, func.sum(Participation.count))
        .join(Link, Link.id == Participation.link_id)
        .join(Group, Group.id == Link.group_id)
        .where(Participation.round_id == round_id)
        .group_by(Group.code, Link.channel, Participation.validity)
    )
    decided = session.execute(
        select(Group.code, Correction.channel, Correction.validity, Correction.count)
        .join(Group, Group.id == Correction.group_id)
        .where(Correction.round_id == round_id)
    )
    for group, channel, validity, count in (*arrived, *decided):
        yield group, channel, validity, int(count)


def folded(session: Session, frame: Frame) -> Counted:
    """Return the counts that were folded as the ballots came."""
    return Counted(tally_of(session, frame), ballots_of(session, frame.round_id))


def kinds_of(frame: Frame) -> list[BallotKind]:
    """Return the kinds of ballots by key; the first one is for what is none of them."""
    codes = [code for _, code in frame.groups]
    kinds = product(codes, [c.value for c in Channel], [v.value for v in Validity])
    return [(UNKNOWN, UNKNOWN, UNKNOWN), *kinds]


def counted_of(frame: Frame, counts: Counts) -> Counted:
    """Return what pieces and ballots counted by key say."""
    kinds = kinds_of(frame)
    cells = [*_cells(frame, kinds, counts.pieces), *_odd_cells(frame, kinds, counts.pieces)]
    ballots = {kinds[key]: count for key, count in counts.ballots.items() if count}
    return Counted(Tally(cells), ballots)


def _cells(frame: Frame, kinds: Sequence[BallotKind], pieces: Pieces) -> Iterator[tuple[Cell, int]]:
    digits = frame.shape.unit_digits
    codes = {f"{number:0{digits}d}": code for number, code in frame.units}
    entering = [_enters(kind) for kind in kinds]
    for key, piece, count in pieces.counts():
        if entering[key]:
            group, channel, validity = kinds[key]
            unit = codes.get(piece[:digits])
            pattern = piece if unit is None else piece[digits:]
            yield (
                Cell(group, channel, unit or UNKNOWN, pattern, validity == Validity.FLAGGED),
                count,
            )


def _odd_cells(
    frame: Frame, kinds: Sequence[BallotKind], pieces: Pieces
) -> Iterator[tuple[Cell, int]]:
    """Return the cells of damaged pieces, which stay as they are, so that they show up."""
    units = frame.unit_codes
    for (key, piece), count in pieces.odd.items():
        if not _enters(kinds[key]):
            continue
        group, channel, validity = kinds[key]
        unit, pattern = UNKNOWN, piece.decode(errors="backslashreplace")
        with suppress(ValueError, KeyError):
            (rating,) = read_ratings_text(pattern, frame.shape.unit_digits, frame.shape.item_count)
            unit, pattern = units[rating.unit_number], rating.pattern
        yield Cell(group, channel, unit, pattern, validity == Validity.FLAGGED), count


def _enters(kind: BallotKind) -> bool:
    """Tell whether ballots of a kind enter the count; those of no known kind must show up."""
    return kind[2] in ENTERING or kind[2] == UNKNOWN


def differences(before: Counted, again: Counted) -> tuple[Difference, ...]:
    """Return every count in which the folded counts and a recount disagree, in order."""
    cells = {cell for cell, _ in before.tally.items() ^ again.tally.items()}
    kinds = {kind for kind, _ in before.ballots.items() ^ again.ballots.items()}
    return (
        *(
            Difference(kind, before.ballots.get(kind, 0), again.ballots.get(kind, 0))
            for kind in sorted(kinds)
        ),
        *(
            Difference(cell, before.tally.get(cell, 0), again.tally.get(cell, 0))
            for cell in sorted(cells)
        ),
    )


def record_check(
    session: Session, round_id: int, found: Finding, now: datetime, actor: str
) -> None:
    """Keep what a recount found, in the caller's transaction."""
    session.merge(
        TallyCheck(
            round_id=round_id,
            tally_sha256=found.tally_sha256,
            checked_at=now,
            ballots=found.ballots,
            differences=found.differences,
            actor=actor,
        )
    )


def latest_check(session: Session, round_id: int, tally_sha256: str) -> TallyCheck | None:
    """Return the newest recount that was compared with the tally of this digest."""
    return session.scalars(
        select(TallyCheck)
        .where(TallyCheck.round_id == round_id, TallyCheck.tally_sha256 == tally_sha256)
        .order_by(TallyCheck.checked_at.desc())
        .limit(1)
    ).one_or_none()
