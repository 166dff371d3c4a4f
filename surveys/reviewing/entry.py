"""Paper and telephone ballots from a file: all checked before the first is stored, each once."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.faults import N_, Fault, FileFault
from analytics.files import RatingRow, read_ratings
from analytics.tables import FaultList
from surveys import audit
from surveys.ballots import Outcome, store
from surveys.db import reading
from surveys.jobs import Claim, Kind, Result, Task, Write
from surveys.models import Ballot, RoundState
from surveys.questionnaire import (
    Channel,
    Submission,
    UnitRating,
    ratings_text,
    read_ratings_text,
    suspicions,
    validity_of,
)
from surveys.refusals import Refusal, WrongState
from surveys.reviewing.queries import EntryRules, entry_id, entry_links, entry_round, entry_rules
from surveys.rounds import round_of

STATES = frozenset({RoundState.OPEN, RoundState.CLOSED})
BATCH = 500
ROWS_PER_REPORT = 1_000
CHECKED = "checked.jsonl"
One = TypeVar("One")


@dataclass(frozen=True)
class EnteredBallot:
    """The rows of one ballot of a file."""

    name: str
    group: str
    first_row: int
    ratings: tuple[UnitRating, ...]


# --- in the child: everything is checked, nothing is stored ---------------------------------------


def check_file(task: Task) -> Result:
    """Read the uploaded file; write its ballots down for storing, or refuse with every fault."""
    assert task.round_id is not None  # noqa: S101 - an import is started for a round
    channel = Channel(task.arguments["channel"])
    with reading(task.database) as session:
        check_state(round_of(session, task.round_id).state)
        rules = entry_rules(session, task.round_id)
        rows = read_ratings(task.upload, rules.rules, frozenset(rules.unit_numbers))
        ballots = gather_ballots(_told(rows, task), rules, task.upload.name)
        before = _check_known(session, rules, ballots, channel, task.upload.name)
    with (task.folder / CHECKED).open("w", encoding="utf-8") as file:
        for one in ballots:
            line = [
                one.name,
                one.group,
                one.first_row,
                ratings_text(one.ratings, rules.unit_digits),
            ]
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    fresh = [one for one in ballots if entry_id(channel, one.group, one.name) not in before]
    return {
        "ballots": len(ballots),
        "new": dict(Counter(one.group for one in fresh)),
        "before": len(before),
        "ratings": sum(len(one.ratings) for one in fresh),
    }


def gather_ballots(
    rows: Iterable[RatingRow], rules: EntryRules, file: str
) -> tuple[EnteredBallot, ...]:
    """Put the rows of a ratings file together by ballot; refuse a ballot of two groups."""
    faults = FaultList()
    ratings: dict[str, list[UnitRating]] = {}
    heads: dict[str, tuple[str, int]] = {}
    made: dict[tuple[str, str], UnitRating] = {}  # there are few different ones
    for row in rows:
        group, first_row = heads.setdefault(row.ballot, (row.group, row.row))
        fault = _group_fault(row, rules, group, first_row, file)
        if fault is not None:
            faults.add(fault)
            continue
        key = row.unit, row.pattern
        if key not in made:
            made[key] = UnitRating(rules.unit_numbers[row.unit], row.pattern)
        ratings.setdefault(row.ballot, []).append(made[key])
    faults.check()
    return tuple(EnteredBallot(name, *heads[name], tuple(rated)) for name, rated in ratings.items())


def check_state(state: RoundState) -> None:
    """Refuse when no ballot may be entered into a round of this state."""
    if state not in STATES:
        raise WrongState(state=state)


def _group_fault(
    row: RatingRow, rules: EntryRules, group: str, first_row: int, file: str
) -> Fault | None:
    if row.group not in rules.group_ids:
        message = N_("The round has no group “%(group)s”.")
        return FileFault(message, file, row.row, "group", group=row.group)
    if row.group != group:
        message = N_("Ballot “%(ballot)s” is of another group in row %(first)s.")
        return FileFault(message, file, row.row, "group", ballot=row.ballot, first=first_row)
    return None


def _check_known(
    session: Session,
    rules: EntryRules,
    ballots: Iterable[EnteredBallot],
    channel: Channel,
    file: str,
) -> set[str]:
    """Return the ids of ballots entered before; refuse those that have other ratings now."""
    faults = FaultList()
    known: set[str] = set()
    for batch in _batches(ballots):
        ids = {entry_id(channel, one.group, one.name): one for one in batch}
        wanted = select(Ballot.id, Ballot.ratings).where(
            Ballot.round_id == rules.round_id, Ballot.id.in_(ids)
        )
        for ballot_id, ratings in session.execute(wanted):
            known.add(ballot_id)
            one = ids[ballot_id]
            if ratings != ratings_text(one.ratings, rules.unit_digits):
                faults.add(_other_ratings(one.name, one.first_row, file))
    faults.check()
    return known


def _told(rows: Iterable[RatingRow], task: Task) -> Iterator[RatingRow]:
    for done, row in enumerate(rows, start=1):
        if done % ROWS_PER_REPORT == 0:
            task.tell(done, None)
        yield row


# --- in the parent: stored by batches, each a short transaction -----------------------------------


def store_ballots(claim: Claim, found: Result, write: Write, folder: Path) -> Result:
    """Store what was checked, going on after the last batch that is stored already."""
    if claim.arguments.get("is_dry"):
        return found
    assert claim.round_id is not None  # noqa: S101 - an import is started for a round
    doors: _Doors | None = None
    state = found.get("stored") or {"done": 0, "new": {}, "before": 0, "ratings": 0}
    with (folder / CHECKED).open(encoding="utf-8") as file:
        lines = islice(map(json.loads, file), state["done"], None)
        for batch in _batches(lines):
            with write() as step:
                check_state(entry_round(step.session, claim.round_id).state)
                doors = doors or _doors(step.session, claim)
                state = _store_batch(step.session, doors, batch, state, step.now)
                step.note(state["done"], found["ballots"], {**found, "stored": state})
    return {**found, **state}


def record_import(session: Session, claim: Claim, result: Result, now: datetime) -> None:
    """Write down who imported what."""
    if not claim.arguments.get("is_dry"):
        details = f"{claim.arguments['file_name']}: {sum(result['new'].values())}"
        audit.record(session, claim.actor, "ballots imported", now, claim.round_id, details)


IMPORT = Kind("import", check_file, settle=record_import, apply=store_ballots)


@dataclass(frozen=True)
class _Doors:
    """What the ballots of one file have in common."""

    rules: EntryRules
    links: Mapping[str, int]
    channel: Channel
    file: str


def _doors(session: Session, claim: Claim) -> _Doors:
    assert claim.round_id is not None  # noqa: S101 - an import is started for a round
    channel = Channel(claim.arguments["channel"])
    rules = entry_rules(session, claim.round_id)
    links = entry_links(session, claim.round_id, channel, rules.group_ids)
    return _Doors(rules, links, channel, claim.arguments["file_name"])


def _store_batch(
    session: Session, doors: _Doors, batch: list[list[Any]], state: Result, now: datetime
) -> Result:
    """Store some ballots in the caller's transaction; return how far the import has come."""
    submissions = [_submission(doors, name, group, text) for name, group, _, text in batch]
    new: Counter[str] = Counter(state["new"])
    before, ratings = state["before"], state["ratings"]
    for line, one, answer in zip(batch, submissions, store(session, submissions, now), strict=True):
        if isinstance(answer, Refusal):
            raise answer
        if answer is Outcome.KEPT_FIRST:
            raise _other_ratings(line[0], line[2], doors.file)
        is_new = answer is Outcome.KEPT
        new[line[1]] += is_new
        before += not is_new
        ratings += len(one.ratings) if is_new else 0
    done = state["done"] + len(batch)
    return {"done": done, "new": dict(new), "before": before, "ratings": ratings}


def _submission(doors: _Doors, name: str, group: str, text: str) -> Submission:
    rules = doors.rules
    ratings = read_ratings_text(text, rules.unit_digits, len(rules.rules.items))
    reasons = suspicions(ratings, None, rules.rules)
    return Submission(
        round_id=rules.round_id,
        group_id=rules.group_ids[group],
        link_id=doors.links[group],
        channel=doors.channel,
        submission_id=entry_id(doors.channel, group, name),
        ratings=ratings,
        unit_digits=rules.unit_digits,
        reasons=reasons,
        validity=validity_of(reasons, rules.rules),
    )


def _other_ratings(name: str, row: int, file: str) -> FileFault:
    message = N_("Ballot “%(ballot)s” was entered before with other ratings.")
    return FileFault(message, file=file, row=row, column="ballot", ballot=name)


def _batches(ballots: Iterable[One]) -> Iterator[list[One]]:
    rest = iter(ballots)
    while batch := list(islice(rest, BATCH)):
        yield batch
