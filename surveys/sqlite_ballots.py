"""Counts the ballots of an SQLite file: SQLite joins their texts, numpy counts them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pysqlite3

from analytics.pieces import MARK, PieceCounter, head_of
from surveys.questionnaire import Channel, Validity
from surveys.tallies import UNKNOWN, BallotKind, Counts, Frame, kinds_of

BALLOTS_AT_ONCE = 20_000
WAIT_SECONDS = 30
# The first signs of ids, which are base64url, in the order in which SQLite compares them.
SIGNS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
END = "\U0010ffff"  # after every id
EDGES = ("", *SIGNS[1:], END)
SPLIT_FROM = 100_000
_RANGE = "round_id = :round AND id >= :since AND id < :to"


@dataclass(frozen=True)
class FilePart:
    """The ballots of a round whose ids lie in a range; `to` is outside."""

    path: str
    frame: Frame
    since: str
    to: str


def parts_of(path: str, frame: Frame, ballots: int) -> tuple[FilePart, ...]:
    """Return the parts of a round in a file: one where it is small."""
    path = str(Path(path).resolve())
    if ballots < SPLIT_FROM:
        return (FilePart(path, frame, "", END),)
    return tuple(FilePart(path, frame, since, to) for since, to in pairwise(EDGES))


def count_part(part: FilePart) -> Counts:
    """Return what the ballots of one part come to."""
    with _opened(part.path) as connection:
        return count_on(connection, part)


def count_on(connection: Any, part: FilePart) -> Counts:
    """Count a part on a connection that is at hand, in the transaction it is in."""
    kinds = kinds_of(part.frame)
    counter = PieceCounter(part.frame.shape, len(kinds))
    ballots: Counter[int] = Counter()
    for block in _blocks(connection, part):
        number, text = connection.execute(
            _joined(part.frame, kinds), {**block, "round": part.frame.round_id}
        ).fetchone()
        found = counter.add_headed(text or b"", number)
        if found is None:
            _count_one_by_one(connection, part.frame, block, kinds, counter, ballots)
        else:
            ballots.update({key: count for key, count in enumerate(found.tolist()) if count})
    return Counts(counter.found(), ballots)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    connection = pysqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def _blocks(connection: Any, part: FilePart) -> Iterator[dict[str, str]]:
    """Return ranges of ids that hold so many ballots each, whatever the ids look like."""
    find = f"SELECT id FROM ballot WHERE {_RANGE} ORDER BY id LIMIT 1 OFFSET :skipped"  # noqa: S608
    place = {"round": part.frame.round_id, "to": part.to}
    row = connection.execute(find, {**place, "since": part.since, "skipped": 0}).fetchone()
    while row is not None:
        since = row[0]
        row = connection.execute(
            find, {**place, "since": since, "skipped": BALLOTS_AT_ONCE}
        ).fetchone()
        yield {"since": since, "to": row[0] if row else part.to}


def _joined(frame: Frame, kinds: list[BallotKind]) -> str:
    """Return the statement that joins ballots, each after the head of its kind.

    The heads are what separates one ballot from the next, which SQLite leaves out before the first.
    """
    head = _head(frame, kinds)
    return (
        "SELECT count(*), CAST(group_concat("  # noqa: S608 - ids and words of ours
        f"CASE WHEN id = :since THEN {head} || ratings ELSE ratings END, {head}) AS BLOB)"
        f" FROM ballot WHERE {_RANGE}"
    )


def _head(frame: Frame, kinds: list[BallotKind]) -> str:
    """Return the expression for the head of a row: nested, so that a row meets few comparisons."""
    width = frame.shape.width
    heads = {kind: f"'{head_of(key, width)}'" for key, kind in enumerate(kinds)}
    unknown = f"'{head_of(0, width)}'"

    def choice(column: str, cases: dict[str, str]) -> str:
        whens = " ".join(f"WHEN {value} THEN {result}" for value, result in cases.items())
        return f"CASE {column} {whens} ELSE {unknown} END" if cases else unknown

    return choice(
        "group_id",
        {
            str(group_id): choice(
                "channel",
                {
                    f"'{channel}'": choice(
                        "validity", {f"'{v}'": heads[code, channel, v] for v in Validity}
                    )
                    for channel in Channel
                },
            )
            for group_id, code in frame.groups
        },
    )


def _count_one_by_one(
    connection: Any,
    frame: Frame,
    block: dict[str, str],
    kinds: list[BallotKind],
    counter: PieceCounter,
    ballots: Counter[int],
) -> None:
    """Count a block in which a text is damaged, each ballot by itself."""
    keys = {kind: key for key, kind in enumerate(kinds)}
    codes = frame.group_codes
    rows = connection.execute(
        "SELECT group_id, channel, validity, CAST(ratings AS BLOB) FROM ballot"  # noqa: S608
        f" WHERE {_RANGE}",
        {**block, "round": frame.round_id},
    )
    for group_id, channel, validity, text in rows:
        key = keys.get((codes.get(group_id, UNKNOWN), channel, validity), 0)
        ballots[key] += 1
        if len(text) % frame.shape.width or MARK.encode() in text:
            counter.add_odd(key, text)
        else:
            counter.add(key, text)
