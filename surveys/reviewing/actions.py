"""Entry of paper and telephone ballots from a file: all or nothing, each ballot once."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from analytics.faults import N_, FileFault
from analytics.files import RatingRow
from surveys import audit
from surveys.ballots import Outcome, store
from surveys.models import RoundState
from surveys.questionnaire import Channel, Submission, UnitRating, suspicions, validity_of
from surveys.refusals import Refusal, WrongState
from surveys.reviewing.queries import EntryRules, entry_links, entry_round

BATCH = 500
ID_SIGNS = 22  # of a ballot's id


@dataclass(frozen=True)
class EnteredBallot:
    """The rows of one ballot of a file."""

    name: str
    group: str
    first_row: int
    ratings: tuple[UnitRating, ...]


@dataclass(frozen=True)
class Entry:
    """What an import did (or, dry, would do): ballots by group and outcome."""

    new: Mapping[str, int]
    before: int
    ratings: int


def gather_ballots(
    rows: Iterable[RatingRow], rules: EntryRules, file: str
) -> tuple[EnteredBallot, ...]:
    """Put the rows of a ratings file together by ballot; refuse a ballot of two groups."""
    ratings: dict[str, list[UnitRating]] = {}
    heads: dict[str, RatingRow] = {}
    for row in rows:
        head = heads.setdefault(row.ballot, row)
        if row.group not in rules.group_ids:
            raise FileFault(
                N_("The round has no group “%(group)s”."),
                file=file,
                row=row.row,
                column="group",
                group=row.group,
            )
        if row.group != head.group:
            raise FileFault(
                N_("Ballot “%(ballot)s” is of another group in row %(first)s."),
                file=file,
                row=row.row,
                column="group",
                ballot=row.ballot,
                first=head.row,
            )
        ratings.setdefault(row.ballot, []).append(
            UnitRating(rules.unit_numbers[row.unit], row.pattern)
        )
    return tuple(
        EnteredBallot(name, head.group, head.row, tuple(ratings[name]))
        for name, head in heads.items()
    )


def enter_ballots(
    session: Session,
    rules: EntryRules,
    ballots: tuple[EnteredBallot, ...],
    channel: Channel,
    file: Path,
    now: datetime,
    actor: str,
    on_done: Callable[[int], None],
) -> Entry:
    """Store ballots in the caller's transaction; `on_done` hears how many more are done.

    A ballot's name in the file is its submission id, so the same file again stores nothing new; a
    ballot that was entered before with other ratings is refused, and with it the whole file.
    """
    found = entry_round(session, rules.round_id)
    if found.state not in {RoundState.OPEN, RoundState.CLOSED}:
        raise WrongState(state=found.state)
    links = entry_links(session, rules.round_id, channel, rules.group_ids)
    new: Counter[str] = Counter()
    before = ratings = 0
    for batch in _batches(ballots):
        submissions = [_submission(one, rules, links, channel) for one in batch]
        for one, answer in zip(batch, store(session, submissions, now), strict=True):
            if isinstance(answer, Refusal):
                raise answer
            _check_first(one, answer, file)
            new[one.group] += answer is Outcome.KEPT
            before += answer is not Outcome.KEPT
            ratings += len(one.ratings) if answer is Outcome.KEPT else 0
        on_done(len(batch))
    total = f"{file.name}: {sum(new.values())}"
    audit.record(session, actor, "ballots imported", now, rules.round_id, total)
    return Entry(dict(new), before, ratings)


def _submission(
    one: EnteredBallot, rules: EntryRules, links: Mapping[str, int], channel: Channel
) -> Submission:
    reasons = suspicions(one.ratings, None, rules.rules)
    name = f"{channel}:{one.group}:{one.name}"
    return Submission(
        round_id=rules.round_id,
        group_id=rules.group_ids[one.group],
        link_id=links[one.group],
        channel=channel,
        submission_id=hashlib.sha256(name.encode()).hexdigest()[:ID_SIGNS],
        ratings=one.ratings,
        unit_digits=rules.unit_digits,
        reasons=reasons,
        validity=validity_of(reasons, rules.rules),
    )


def _check_first(one: EnteredBallot, answer: Outcome, file: Path) -> None:
    if answer is Outcome.KEPT_FIRST:
        raise FileFault(
            N_("Ballot “%(ballot)s” was entered before with other ratings. Nothing was saved."),
            file=file.name,
            row=one.first_row,
            column="ballot",
            ballot=one.name,
        )


def _batches(ballots: Iterable[EnteredBallot]) -> Iterator[list[EnteredBallot]]:
    rest = iter(ballots)
    while batch := list(islice(rest, BATCH)):
        yield batch
