"""Moves an installation, or single rounds, from SQLite to PostgreSQL and proves the copy."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, Select, Table, func, select, text
from sqlalchemy.orm import Session

from analytics.pieces import PieceCounter
from surveys import schema
from surveys.copying import copy_rows
from surveys.db import Database, reading, transaction
from surveys.models import Account, Ballot, Base, Round, RoundState
from surveys.refusals import (
    CopyDiffers,
    RoundStillOpen,
    RoundTaken,
    TablesBehind,
    TallyDisagrees,
    TargetNotEmpty,
)
from surveys.rounds import round_id_of
from surveys.tallies import UNKNOWN, Counted, Counts, Frame, counted_of, folded, frame_of, kinds_of

ROWS_AT_A_TIME = 5_000
# What belongs to an installation and not to a round, and work that is running somewhere.
NOT_OF_A_ROUND = frozenset({"account", "account_session", "job"})
TAKING_BALLOTS = frozenset({RoundState.REHEARSAL, RoundState.OPEN})
_DIGEST_SPACE = 1 << 128
Tell = Callable[[str, int], object]


@dataclass(frozen=True)
class TableCopy:
    """One table on both sides: its rows, and a digest of all that is in them."""

    name: str
    rows: int
    digest: int


@dataclass(frozen=True)
class RoundCopy:
    """One round on both sides: what was folded, and what a recount of its ballots came to."""

    code: str
    ballots: int
    ratings: int
    tally_sha256: str


@dataclass(frozen=True)
class Moved:
    """What was moved; every figure was found to be the same on both sides."""

    tables: tuple[TableCopy, ...]
    rounds: tuple[RoundCopy, ...]


@dataclass(frozen=True)
class Plan:
    """Which rows are taken, and what is added to the numbers of each table."""

    tables: tuple[Table, ...]
    round_ids: tuple[int, ...] | None
    shifts: dict[str, int]

    def wanted(self, table: Table) -> Select[Any]:
        """Return the statement that reads the rows of a table that are to be moved."""
        found = select(table)
        if self.round_ids is None:
            return found
        return found.where(_of_rounds(table, self.round_ids))

    def shift_of(self, table: Table) -> dict[str, int]:
        """Return what is added to the columns that hold numbers of rows."""
        found = {
            key.parent.name: self.shifts.get(key.column.table.name, 0) for key in table.foreign_keys
        }
        if _has_own_number(table):
            found["id"] = self.shifts.get(table.name, 0)
        return {name: shift for name, shift in found.items() if shift}


def move(
    source: Database,
    target: Database,
    codes: Sequence[str] = (),
    tell: Tell = lambda _table, _rows: None,
) -> Moved:
    """Copy everything, or the rounds of these codes, in one transaction; prove it, or undo it.

    `tell` hears of every piece of a table that was copied. Raises a refusal when the target holds
    what would be moved, and when what arrived is not what was sent.
    """
    if schema.pending(source):
        raise TablesBehind
    schema.upgrade(target)
    with reading(source) as before, transaction(target) as after:
        plan = _plan(before, after, codes)
        for table in plan.tables:
            _copy(before.connection(), after.connection(), plan, table, tell)
        _set_sequences(after.connection())
        return _proven(before, after, plan)


# --- what is moved -------------------------------------------------------------------------------


def _plan(before: Session, after: Session, codes: Sequence[str]) -> Plan:
    tables = tuple(Base.metadata.sorted_tables)
    if not codes:
        if any(after.scalar(select(func.count()).select_from(one)) for one in (Account, Round)):
            raise TargetNotEmpty
        return Plan(tables, None, {})
    round_ids = tuple(round_id_of(before, code) for code in codes)
    for code in codes:
        if after.scalar(select(Round.id).where(Round.code == code)) is not None:
            raise RoundTaken(code=code)
    tables = tuple(table for table in tables if table.name not in NOT_OF_A_ROUND)
    shifts = {
        table.name: after.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
        for table in tables
        if _has_own_number(table)
    }
    if any(shifts[table] for table in ("round", "appraiser_group", "link")):
        _check_closed(before, round_ids)
    return Plan(tables, round_ids, shifts)


def _check_closed(before: Session, round_ids: tuple[int, ...]) -> None:
    """Refuse new numbers for a round whose pages are open on phones: they carry the old ones."""
    open_ones = before.scalars(
        select(Round.code).where(Round.id.in_(round_ids), Round.state.in_(TAKING_BALLOTS))
    ).all()
    if open_ones:
        raise RoundStillOpen(code=open_ones[0])


def _has_own_number(table: Table) -> bool:
    keys = list(table.primary_key.columns)
    return [key.name for key in keys] == ["id"] and isinstance(keys[0].type, Integer)


def _of_rounds(table: Table, round_ids: tuple[int, ...]) -> Any:
    """Return the condition that a row belongs to one of these rounds."""
    if table.name == Round.__tablename__:
        return table.c.id.in_(round_ids)
    if "round_id" in table.c:
        return table.c.round_id.in_(round_ids)
    for key in table.foreign_keys:  # by what it hangs on: a run, an import, a link
        owner = key.column.table
        if "round_id" in owner.c and not key.parent.nullable:
            return key.parent.in_(select(owner.c.id).where(owner.c.round_id.in_(round_ids)))
    raise LookupError(table.name)


# --- copying -------------------------------------------------------------------------------------


def _copy(before: Connection, after: Connection, plan: Plan, table: Table, tell: Tell) -> None:
    """Copy a table as its values are stored, so that no digit and no sign is understood anew."""
    statement = plan.wanted(table).compile(
        dialect=before.dialect, compile_kwargs={"literal_binds": True}
    )
    shift = plan.shift_of(table)
    columns = [column.name for column in table.columns]
    cursor: Any = before.connection.cursor()
    cursor.execute(str(statement))
    while rows := cursor.fetchmany(ROWS_AT_A_TIME):
        named = [dict(zip(columns, row, strict=True)) for row in rows]
        copy_rows(after, table, [_shifted(row, shift) for row in named])
        tell(table.name, len(rows))
    cursor.close()


def _shifted(row: dict[str, Any], shift: dict[str, int]) -> dict[str, Any]:
    for name, more in shift.items():
        if row[name] is not None:
            row[name] += more
    return row


def _set_sequences(after: Connection) -> None:
    """Let the next rows of the target get numbers that are free."""
    for table in Base.metadata.sorted_tables:
        if _has_own_number(table):
            after.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id))"  # noqa: S608 - name of a table
                    f" FROM {table.name} HAVING max(id) IS NOT NULL"
                )
            )


# --- proving -------------------------------------------------------------------------------------


def _proven(before: Session, after: Session, plan: Plan) -> Moved:
    """Compare both sides whole, table by table and round by round, or refuse."""
    tables = []
    for table in plan.tables:
        sent = _table_copy(before, plan.wanted(table), table, plan.shift_of(table))
        arrived = _table_copy(after, _arrived(plan, table), table, {})
        if sent != arrived:
            raise CopyDiffers(table=table.name, sent=sent.rows, arrived=arrived.rows)
        tables.append(sent)
    wanted = select(Round.id, Round.code).order_by(Round.id)
    if plan.round_ids is not None:
        wanted = wanted.where(Round.id.in_(plan.round_ids))
    rounds = []
    for round_id, code in before.execute(wanted).all():
        sent_round = _round_copy(before, round_id, code)
        arrived_round = _round_copy(after, round_id + plan.shifts.get("round", 0), code)
        if sent_round != arrived_round:
            raise CopyDiffers(table=code, sent=sent_round.ballots, arrived=arrived_round.ballots)
        rounds.append(sent_round)
    return Moved(tuple(tables), tuple(rounds))


def _arrived(plan: Plan, table: Table) -> Select[Any]:
    if plan.round_ids is None:
        return select(table)
    shift = plan.shifts["round"]
    return select(table).where(_of_rounds(table, tuple(one + shift for one in plan.round_ids)))


def _table_copy(
    session: Session, wanted: Select[Any], table: Table, shift: dict[str, int]
) -> TableCopy:
    """Return a table's rows and a digest that does not depend on their order."""
    count = total = 0
    rows = session.connection().execute(wanted.execution_options(yield_per=ROWS_AT_A_TIME))
    for row in rows.mappings():
        content = repr(tuple(_shifted(dict(row), shift).values())).encode()
        total += int.from_bytes(hashlib.blake2b(content, digest_size=16).digest())
        count += 1
    return TableCopy(table.name, count, total % _DIGEST_SPACE)


def _round_copy(session: Session, round_id: int, code: str) -> RoundCopy:
    """Count a round's ballots again; refuse where they are not what was folded."""
    frame = frame_of(session, round_id)
    before, again = folded(session, frame), _recounted(session, frame)
    if before != again:
        raise TallyDisagrees(count=code)
    return RoundCopy(code, again.ballot_count, again.tally.total, again.tally.digest())


def _recounted(session: Session, frame: Frame) -> Counted:
    """Count in this very transaction: what was copied is not to be seen from any other."""
    kinds = kinds_of(frame)
    keys = {kind: key for key, kind in enumerate(kinds)}
    codes = frame.group_codes
    counter = PieceCounter(frame.shape, len(kinds))
    ballots: Counter[int] = Counter()
    for part in _parts(session, frame.round_id):
        texts: defaultdict[int, list[str]] = defaultdict(list)
        for group_id, channel, validity, ratings in part:
            key = keys.get((codes.get(group_id, UNKNOWN), channel.value, validity.value), 0)
            ballots[key] += 1
            if len(ratings) % frame.shape.width:
                counter.add_odd(key, ratings.encode())
            else:
                texts[key].append(ratings)
        for key, found in texts.items():
            counter.add(key, "".join(found).encode())
    return counted_of(frame, Counts(counter.found(), ballots))


def _parts(session: Session, round_id: int) -> Iterator[Sequence[Any]]:
    rows = session.execute(
        select(Ballot.group_id, Ballot.channel, Ballot.validity, Ballot.ratings)
        .where(Ballot.round_id == round_id)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    return rows.partitions(ROWS_AT_A_TIME)
