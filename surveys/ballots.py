"""Every ballot once: rows inserted by unique keys, tallies folded with them in one transaction."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, Table, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from surveys.models import Ballot, Comment, Link, Participation, Round, TallyCell, Token
from surveys.questionnaire import ENTERING, Submission, Validity, ratings_text
from surveys.refusals import LinkClosed, Refusal, TokenSpent, TokenUnknown
from surveys.settings import CITY_CLOCK


class Outcome(StrEnum):
    """What became of a submission that was not refused."""

    KEPT = "kept"  # stored now
    KEPT_BEFORE = "kept before"  # the same submission arrived earlier; nothing new is stored
    KEPT_FIRST = "kept first"  # it arrived earlier with other answers, and those count
    DUPLICATE = "duplicate"  # stored, not counted: this browser has answered before


def keep_batch(
    session: Session, submissions: Sequence[Submission], now: datetime
) -> list[Outcome | Refusal]:
    """Store what came through entrances that are open at this moment; answer in the same order."""
    refused = _closed_entrances(session, submissions, now)
    answers: list[Outcome | Refusal | None] = [refused.get(one.link_id) for one in submissions]
    open_ones = [index for index, answer in enumerate(answers) if answer is None]
    stored = store(session, [submissions[index] for index in open_ones], now)
    for index, answer in zip(open_ones, stored, strict=True):
        answers[index] = answer
    return [answer for answer in answers if answer is not None]


def store(
    session: Session, submissions: Sequence[Submission], now: datetime
) -> list[Outcome | Refusal]:
    """Insert ballots by unique keys and fold them into the tally, in the caller's transaction."""
    answers: dict[int, Outcome | Refusal] = {}
    # One order for all writers: two of them can then never wait for each other.
    order = sorted(range(len(submissions)), key=lambda index: _key(submissions[index]))
    for index in order:
        refusal = _spend_token(session, submissions[index])
        if refusal is not None:
            answers[index] = refusal
    fresh = [index for index in order if index not in answers]
    rows = {index: _row(session, submissions[index], now) for index in fresh}
    kept = _insert(session, rows)
    again = {index: rows[index] for index in fresh if index not in kept}
    duplicates = {index: _as_duplicate(row) for index, row in again.items() if row["device_key"]}
    doubled = _insert(session, duplicates)
    known = _known(session, [row for index, row in again.items() if index not in doubled])
    for index in fresh:
        if index in kept:
            answers[index] = Outcome.KEPT
        elif index in doubled:
            answers[index] = Outcome.DUPLICATE
        else:
            answers[index] = _earlier(rows[index], known)
    rows.update(duplicates)
    _fold(session, [(submissions[index], rows[index]) for index in (*kept, *doubled)], now)
    return [answers[index] for index in range(len(submissions))]


# --- the parts, in order of use ------------------------------------------------------------------


def _closed_entrances(
    session: Session, submissions: Sequence[Submission], now: datetime
) -> dict[int, Refusal]:
    """Return the refusals of links that are shut; hold their rounds as they are until commit."""
    rounds = {
        found.id: found
        for found in session.scalars(
            select(Round)
            .where(Round.id.in_({one.round_id for one in submissions}))
            .order_by(Round.id)
            .with_for_update(read=True)
        )
    }
    active = set(
        session.scalars(
            select(Link.id).where(Link.id.in_({one.link_id for one in submissions}), Link.is_active)
        )
    )
    refused: dict[int, Refusal] = {}
    for one in submissions:
        if one.link_id in refused:
            continue
        try:
            if one.round_id not in rounds or one.link_id not in active:
                raise LinkClosed
            rounds[one.round_id].check_serving(now)
        except Refusal as refusal:
            refused[one.link_id] = refusal
    return refused


def _key(submission: Submission) -> str:
    return submission.token_digest or submission.submission_id


def _spend_token(session: Session, submission: Submission) -> Outcome | Refusal | None:
    """Spend the submission's token; return what to answer when it has none left to spend."""
    if submission.token_digest is None:
        return None
    mark = hashlib.sha256(submission.submission_id.encode()).hexdigest()
    spent = session.execute(
        update(Token)
        .where(
            Token.digest == submission.token_digest,
            Token.link_id == submission.link_id,
            Token.spent_by.is_(None),
            Token.is_void.is_(False),
        )
        .values(spent_by=mark)
        .returning(Token.digest)
        .execution_options(synchronize_session=False)
    ).first()
    if spent is not None:
        return None
    earlier = session.execute(
        select(Token.spent_by).where(
            Token.digest == submission.token_digest,
            Token.link_id == submission.link_id,
            Token.is_void.is_(False),
        )
    ).first()
    if earlier is None:
        return TokenUnknown()
    return Outcome.KEPT_BEFORE if earlier.spent_by == mark else TokenSpent()


def _row(session: Session, one: Submission, now: datetime) -> dict[str, Any]:
    """Return the row of a ballot; a secret one keeps no time, entrance or submission id."""
    digits = session.get_one(Round, one.round_id).unit_digits
    answers = json.dumps(dict(one.answers), ensure_ascii=False) if one.answers else None
    return {
        "round_id": one.round_id,
        "id": secrets.token_urlsafe(16),
        "group_id": one.group_id,
        "channel": one.channel,
        "link_id": None if one.is_secret else one.link_id,
        "submission_id": None if one.is_secret else one.submission_id,
        "device_key": None if one.is_secret else one.device_key,
        "ratings": ratings_text(one.ratings, digits),
        "answers": answers,
        "received_on": None if one.is_secret else now.astimezone(CITY_CLOCK).date(),
        "seconds": None if one.is_secret else one.seconds,
        "validity": one.validity,
        "reasons": ",".join(one.reasons),
    }


def _as_duplicate(row: dict[str, Any]) -> dict[str, Any]:
    reasons = ",".join(filter(None, (row["reasons"], "same_device")))
    return {**row, "validity": Validity.DUPLICATE, "reasons": reasons}


def _insert(session: Session, rows: dict[int, dict[str, Any]]) -> list[int]:
    """Insert ballots that meet no unique key; return which ones were."""
    if not rows:
        return []
    statement = _insert_once(session.get_bind().dialect.name)
    inserted = set(session.execute(statement, list(rows.values())).scalars())
    return [index for index, row in rows.items() if row["id"] in inserted]


def _known(session: Session, rows: Iterable[dict[str, Any]]) -> dict[tuple[int, str], Any]:
    """Return the stored ballots that have the submission ids of these rows."""
    keys = [(row["round_id"], row["submission_id"]) for row in rows]
    if not keys:
        return {}
    found = session.execute(
        select(
            Ballot.round_id, Ballot.submission_id, Ballot.validity, Ballot.ratings, Ballot.answers
        ).where(tuple_(Ballot.round_id, Ballot.submission_id).in_(keys))
    )
    return {(one.round_id, one.submission_id or ""): one for one in found}


def _earlier(row: dict[str, Any], known: dict[tuple[int, str], Any]) -> Outcome:
    before = known[row["round_id"], row["submission_id"]]
    if (before.ratings, before.answers) != (row["ratings"], row["answers"]):
        return Outcome.KEPT_FIRST
    return Outcome.DUPLICATE if before.validity is Validity.DUPLICATE else Outcome.KEPT_BEFORE


def _fold(
    session: Session, new: Sequence[tuple[Submission, dict[str, Any]]], now: datetime
) -> None:
    """Count the new ballots into the tally and the participation, and store their comments."""
    cells: Counter[tuple[Any, ...]] = Counter()
    doors: Counter[tuple[Any, ...]] = Counter()
    comments: list[dict[str, Any]] = []
    day = now.astimezone(CITY_CLOCK).date()
    for one, row in new:
        validity = row["validity"]
        doors[one.round_id, one.link_id, day, validity] += 1
        comments.extend(_comments(one, row))
        if validity in ENTERING:
            flagged = validity is Validity.FLAGGED
            for rating in one.ratings:
                cell = (one.round_id, one.group_id, one.channel, rating.unit_number)
                cells[(*cell, rating.pattern, flagged)] += 1
    columns = ("round_id", "group_id", "channel", "unit_number", "pattern", "is_flagged")
    _add(session, _table(TallyCell), columns, cells)
    _add(session, _table(Participation), ("round_id", "link_id", "day", "validity"), doors)
    if comments:
        session.execute(_table(Comment).insert(), sorted(comments, key=lambda row: row["id"]))


def _comments(one: Submission, row: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for unit_number, words in one.comments:
        yield {
            "round_id": one.round_id,
            "id": secrets.token_urlsafe(16),
            "ballot_id": None if one.is_secret else row["id"],
            "group_id": one.group_id,
            "unit_number": unit_number,
            "words": words,
        }


def _add(
    session: Session, table: Table, columns: tuple[str, ...], counts: Counter[tuple[Any, ...]]
) -> None:
    """Add counts to the rows of these keys, making those that are missing; in one fixed order."""
    if not counts:
        return
    statement = _upsert(session.get_bind().dialect.name, table, columns)
    rows = [
        {**dict(zip(columns, key, strict=True)), "count": count}
        for key, count in sorted(counts.items(), key=lambda entry: tuple(map(str, entry[0])))
    ]
    session.execute(statement, rows)


def _insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@lru_cache
def _insert_once(dialect: str) -> ReturningInsert[tuple[str]]:
    """Return the statement that inserts a ballot unless a unique key is taken."""
    return _insert_into(dialect, _table(Ballot)).on_conflict_do_nothing().returning(Ballot.id)


@lru_cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Insert:
    """Return the statement that adds to a count."""
    statement = _insert_into(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(columns),
        set_={"count": table.c.count + statement.excluded["count"]},
    )


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table
