"""Decides anew whether stored ballots enter the count: their share is moved, never recounted."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from surveys import audit
from surveys.models import Ballot, Correction, Participation, Round, RoundState, TallyCell
from surveys.questionnaire import ENTERING, UnitRating, Validity, read_ratings_text
from surveys.refusals import (
    BallotDamaged,
    BallotIsSecond,
    BallotUnknown,
    CountsBroken,
    RoundUnknown,
    WrongState,
)

AT_ONCE = 500
# What a person may decide; which ballot of a browser is the second one is not a matter of opinion.
DECIDABLE = frozenset({Validity.COUNTED, Validity.FLAGGED, Validity.HELD, Validity.EXCLUDED})
# Once results are published nothing behind them moves.
OPEN_TO_DECISIONS = frozenset(
    {RoundState.REHEARSAL, RoundState.OPEN, RoundState.CLOSED, RoundState.SCORED}
)

Key = tuple[Any, ...]


def change_validity(
    session: Session,
    round_id: int,
    ballot_ids: Iterable[str],
    validity: Validity,
    reason: str,
    now: datetime,
    actor: str,
) -> int:
    """Decide about ballots in the caller's transaction; return how many were decided otherwise.

    All or none: an unknown ballot refuses them all. What is decided so already stays untouched,
    so that the same list can be given again.
    """
    if validity not in DECIDABLE:
        raise ValueError(f"nobody decides that a ballot is {validity}")
    appraised = _held_round(session, round_id)
    connection = session.connection()
    wanted = sorted(set(ballot_ids))
    changed = []
    deltas: dict[Table, Counter[Key]] = {table: Counter() for table in _KEYS}
    for ids in _chunks(wanted):
        for ballot in _held_ballots(connection, round_id, ids):
            if ballot.validity is not validity:
                _move(deltas, appraised, ballot, validity)
                changed.append(ballot.id)
    for ids in _chunks(changed):
        connection.execute(
            update(Ballot)
            .where(Ballot.round_id == round_id, Ballot.id.in_(ids))
            .values(validity=validity)
        )
    for table, counts in deltas.items():
        _apply(connection, table, counts)
    if changed:
        details = _details(validity, changed, reason)
        audit.record(session, actor, "ballots decided", now, round_id, details)
    return len(changed)


# --- the parts, in order of use ------------------------------------------------------------------


def _held_round(session: Session, round_id: int) -> Round:
    """Return the round, held as it is until the end of the transaction, or refuse."""
    found = session.scalars(
        select(Round).where(Round.id == round_id).with_for_update(read=True)
    ).one_or_none()
    if found is None:
        raise RoundUnknown(code=round_id)
    if found.state not in OPEN_TO_DECISIONS:
        raise WrongState(state=found.state)
    return found


def _held_ballots(connection: Connection, round_id: int, ids: Sequence[str]) -> Sequence[Any]:
    """Return ballots that nobody else can decide about meanwhile, or refuse."""
    found = connection.execute(
        select(
            Ballot.id,
            Ballot.group_id,
            Ballot.channel,
            Ballot.link_id,
            Ballot.received_on,
            Ballot.ratings,
            Ballot.validity,
        )
        .where(Ballot.round_id == round_id, Ballot.id.in_(ids))
        .order_by(Ballot.id)
        .with_for_update()
    ).all()
    missing = set(ids).difference(ballot.id for ballot in found)
    if missing:
        raise BallotUnknown(ballot=min(missing), count=len(missing))
    for ballot in found:
        if ballot.validity is Validity.DUPLICATE:
            raise BallotIsSecond(ballot=ballot.id)
    return found


def _move(
    deltas: dict[Table, Counter[Key]], appraised: Round, ballot: Any, validity: Validity
) -> None:
    """Note what a ballot takes away from where it was and brings to where it goes."""
    ratings = _ratings(appraised, ballot)
    for decided, sign in ((ballot.validity, -1), (validity, 1)):
        if decided in ENTERING:
            flagged = decided is Validity.FLAGGED
            for rating in ratings:
                cell = (appraised.id, ballot.group_id, ballot.channel, rating.unit_number)
                deltas[_TALLY][*cell, rating.pattern, flagged] += sign
        if ballot.link_id is None:
            deltas[_CORRECTION][appraised.id, ballot.group_id, ballot.channel, decided] += sign
        else:
            door = (appraised.id, ballot.link_id, ballot.received_on)
            deltas[_PARTICIPATION][*door, decided] += sign


def _ratings(appraised: Round, ballot: Any) -> tuple[UnitRating, ...]:
    try:
        return read_ratings_text(ballot.ratings, appraised.unit_digits, appraised.item_count)
    except ValueError as fault:
        raise BallotDamaged(ballot=ballot.id) from fault


def _apply(connection: Connection, table: Table, counts: Counter[Key]) -> None:
    """Add to counts and take away from them, in the order in which every writer goes."""
    columns = [table.c[name] for name in _KEYS[table]]
    # Only corrections may be below zero, and only they need not be there before.
    may_be_negative = table is _CORRECTION
    for key, delta in sorted(counts.items(), key=lambda entry: tuple(map(str, entry[0]))):
        if delta > 0 or (delta and may_be_negative):
            _add(connection, table, key, delta)
        elif delta:
            row = and_(*(column == value for column, value in zip(columns, key, strict=True)))
            taken: CursorResult[Any] = connection.execute(
                update(table)
                .where(row, table.c["count"] >= -delta)
                .values(count=table.c["count"] + delta)
            )
            if taken.rowcount != 1:
                raise CountsBroken


def _add(connection: Connection, table: Table, key: Key, delta: int) -> None:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {**dict(zip(_KEYS[table], key, strict=True)), "count": delta}
    statement = make(table).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(_KEYS[table]),
            set_={"count": table.c["count"] + statement.excluded["count"]},
        )
    )


def _details(validity: Validity, changed: Sequence[str], reason: str) -> str:
    digest = hashlib.sha256("\n".join(changed).encode()).hexdigest()
    return f"{validity}: {len(changed)} ({digest[:16]}): {reason}"


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


_TALLY, _PARTICIPATION, _CORRECTION = map(_table, (TallyCell, Participation, Correction))
# The tables that change, in the order in which the writer of ballots changes them, and their keys.
_KEYS: dict[Table, tuple[str, ...]] = {
    table: tuple(column.name for column in table.primary_key)
    for table in (_TALLY, _PARTICIPATION, _CORRECTION)
}
