"""Every ballot once: rows inserted by unique keys, tallies folded with them in one transaction."""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, delete, select, tuple_, update
from sqlalchemy.orm import Session

from surveys import postgresql_writing, sqlite_writing
from surveys.models import Ballot, Draft, Link, Round, Token, check_serving
from surveys.questionnaire import ENTERING, Submission, Validity, ratings_text
from surveys.refusals import LinkClosed, Refusal, TokenSpent, TokenUnknown
from surveys.settings import CITY_CLOCK
from surveys.tokens import spent_mark

Row = dict[str, Any]


class Outcome(StrEnum):
    """What became of a submission that was not refused."""

    KEPT = "kept"  # stored now
    KEPT_BEFORE = "kept before"  # the same submission arrived earlier; nothing new is stored
    KEPT_FIRST = "kept first"  # it arrived earlier with other answers, and those count
    DUPLICATE = "duplicate"  # stored, not counted: this browser has answered before
    RECEIVED = "received"  # on Redis's disk, and stored in a moment (surge mode only)


def keep_batch(
    session: Session, submissions: Sequence[Submission], now: datetime
) -> list[Outcome | Refusal]:
    """Store what came through entrances that are open at this moment; answer in the same order."""
    refused = _closed_entrances(session.connection(), submissions, now)
    answers: list[Outcome | Refusal | None] = [refused.get(one.link_id) for one in submissions]
    open_ones = [index for index, answer in enumerate(answers) if answer is None]
    stored = store(session, [submissions[index] for index in open_ones], now)
    for index, answer in zip(open_ones, stored, strict=True):
        answers[index] = answer
    return [answer for answer in answers if answer is not None]


def store(
    session: Session, submissions: Sequence[Submission], now: datetime
) -> list[Outcome | Refusal]:
    """Insert ballots by their keys and fold them into the tally, in the caller's transaction."""
    connection = session.connection()
    answers: dict[int, Outcome | Refusal] = {}
    # One order for all writers: two of them can then never wait for each other.
    order = sorted(range(len(submissions)), key=lambda index: _key(submissions[index]))
    for index in order:
        refusal = _spend_token(connection, submissions[index])
        if refusal is not None:
            answers[index] = refusal
    rows = {index: _row(submissions[index], now) for index in order if index not in answers}
    _delete_drafts(connection, [submissions[index].token_digest for index in rows])
    kept = _insert(connection, rows)
    _mark_duplicates(connection, [rows[index] for index, is_first in kept.items() if not is_first])
    answers.update({i: Outcome.KEPT if first else Outcome.DUPLICATE for i, first in kept.items()})
    again = [index for index in rows if index not in answers]
    known = _known(connection, [rows[index] for index in again])
    answers.update({index: _earlier(rows[index], known) for index in again})
    _fold(connection, [(submissions[index], rows[index]) for index in kept], now)
    return [answers[index] for index in range(len(submissions))]


# --- the parts, in order of use ------------------------------------------------------------------

# Built once: every batch asks it. The rounds stay as they are until the commit.
_ENTRANCES: Executable = (
    select(Link.id, Link.is_active, Round.state, Round.opens_at, Round.closes_at)
    .join(Round, Round.id == Link.round_id)
    .where(Link.id.in_(bindparam("links", expanding=True)))
    .with_for_update(read=True, of=Round)
)


def _closed_entrances(
    connection: Connection, submissions: Iterable[Submission], now: datetime
) -> dict[int, Refusal]:
    """Return the refusals of links that are shut."""
    wanted = {one.link_id for one in submissions}
    refused: dict[int, Refusal] = {link_id: LinkClosed() for link_id in wanted}
    for link_id, is_active, state, opens_at, closes_at in connection.execute(
        _ENTRANCES, {"links": list(wanted)}
    ):
        if not is_active:
            continue
        try:
            check_serving(state, opens_at, closes_at, now)
        except Refusal as refusal:
            refused[link_id] = refusal
        else:
            del refused[link_id]
    return refused


def _key(submission: Submission) -> str:
    return submission.token_digest or submission.submission_id


def _spend_token(connection: Connection, submission: Submission) -> Outcome | Refusal | None:
    """Spend the submission's token; return what to answer when it has none left to spend."""
    if submission.token_digest is None:
        return None
    mark = spent_mark(submission.submission_id)
    spent = connection.execute(
        update(Token)
        .where(
            Token.digest == submission.token_digest,
            Token.link_id == submission.link_id,
            Token.spent_by.is_(None),
            Token.is_void.is_(False),
        )
        .values(spent_by=mark)
        .returning(Token.digest)
    ).first()
    if spent is not None:
        return None
    earlier = connection.execute(
        select(Token.spent_by).where(
            Token.digest == submission.token_digest,
            Token.link_id == submission.link_id,
            Token.is_void.is_(False),
        )
    ).first()
    if earlier is None:
        return TokenUnknown()
    return Outcome.KEPT_BEFORE if earlier.spent_by == mark else TokenSpent()


def _delete_drafts(connection: Connection, digests: Iterable[str | None]) -> None:
    """Delete what was put aside under codes that are spent now."""
    spent = [digest for digest in digests if digest is not None]
    if spent:
        connection.execute(delete(Draft).where(Draft.token_digest.in_(spent)))


def _row(one: Submission, now: datetime) -> Row:
    """Return the row of a ballot; a secret one keeps no time, entrance or submission id."""
    answers = json.dumps(dict(one.answers), ensure_ascii=False) if one.answers else None
    day = now.astimezone(CITY_CLOCK).date().isoformat()
    return {
        "round_id": one.round_id,
        "id": secrets.token_urlsafe(16) if one.is_secret else one.submission_id,
        "group_id": one.group_id,
        "channel": one.channel,
        "link_id": None if one.is_secret else one.link_id,
        "device_key": None if one.is_secret else one.device_key,
        "ratings": ratings_text(one.ratings, one.unit_digits),
        "answers": answers,
        "received_on": None if one.is_secret else day,
        "seconds": None if one.is_secret else one.seconds,
        "validity": one.validity,
        "reasons": ",".join(one.reasons),
    }


def _insert(connection: Connection, rows: dict[int, Row]) -> dict[int, bool]:
    """Insert ballots whose key is not taken; return which, and whether of a new browser."""
    if not rows:
        return {}
    new = {
        (round_id, ballot_id): is_first
        for round_id, ballot_id, is_first in _writing(connection).insert_ballots(
            connection, list(rows.values())
        )
    }
    kept = {}
    for index, row in rows.items():
        key = row["round_id"], row["id"]
        if key in new:  # of the same submission twice in a batch, the first
            kept[index] = new.pop(key)
    return kept


def _mark_duplicates(connection: Connection, rows: Iterable[Row]) -> None:
    """Mark new ballots whose browsers have answered before."""
    for row in rows:
        row["validity"] = Validity.DUPLICATE
        row["reasons"] = ",".join(filter(None, (row["reasons"], "same_device")))
        connection.execute(
            update(Ballot)
            .where(Ballot.round_id == row["round_id"], Ballot.id == row["id"])
            .values(validity=row["validity"], reasons=row["reasons"])
        )


def _known(connection: Connection, rows: Iterable[Row]) -> dict[tuple[int, str], Any]:
    """Return the stored ballots that have the keys of these rows."""
    keys = [(row["round_id"], row["id"]) for row in rows]
    if not keys:
        return {}
    found = connection.execute(
        select(Ballot.round_id, Ballot.id, Ballot.validity, Ballot.ratings, Ballot.answers).where(
            tuple_(Ballot.round_id, Ballot.id).in_(keys)
        )
    )
    return {(one.round_id, one.id): one for one in found}


def _earlier(row: Row, known: dict[tuple[int, str], Any]) -> Outcome:
    before = known[row["round_id"], row["id"]]
    if (before.ratings, before.answers) != (row["ratings"], row["answers"]):
        return Outcome.KEPT_FIRST
    return Outcome.DUPLICATE if before.validity is Validity.DUPLICATE else Outcome.KEPT_BEFORE


def _fold(connection: Connection, new: Iterable[tuple[Submission, Row]], now: datetime) -> None:
    """Count the new ballots into the tally and the participation, and store their comments."""
    cells: Counter[tuple[Any, ...]] = Counter()
    doors: Counter[tuple[Any, ...]] = Counter()
    comments: list[Row] = []
    day = now.astimezone(CITY_CLOCK).date().isoformat()
    for one, row in new:
        validity = row["validity"]
        doors[one.round_id, one.link_id, day, validity] += 1
        comments.extend(_comments(one, row))
        if validity in ENTERING:
            flagged = validity is Validity.FLAGGED
            for rating in one.ratings:
                cell = (one.round_id, one.group_id, one.channel, rating.unit_number)
                cells[(*cell, rating.pattern, flagged)] += 1
    comments.sort(key=lambda row: str(row["id"]))
    if doors:
        _writing(connection).add_counts_and_comments(connection, cells, doors, comments)


def _comments(one: Submission, row: Row) -> Iterable[Row]:
    for unit_number, words in one.comments:
        yield {
            "round_id": one.round_id,
            "id": secrets.token_urlsafe(16),
            "ballot_id": None if one.is_secret else row["id"],
            "group_id": one.group_id,
            "unit_number": unit_number,
            "words": words,
        }


def _writing(connection: Connection) -> Any:
    """Return the module that writes into this kind of store."""
    return sqlite_writing if connection.dialect.name == "sqlite" else postgresql_writing
