"""The set checker: what clients were told, held against what the store has in the end."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from surveys.ballots import Outcome
from surveys.db import Database, reading
from surveys.models import Ballot, Comment, Participation, Round, TallyCell, Token
from surveys.questionnaire import ENTERING, Validity, read_ratings_text
from surveys.refusals import TokenSpent, TokenUnknown
from tests.faults.journal import History, Sent

# Who hears these has nothing in the store, whatever happened to earlier attempts.
NEVER_STORED = {TokenSpent.__name__, TokenUnknown.__name__}


class Broken(StrEnum):
    """What a store must never do to a ballot."""

    LOST = "acknowledged, and not there"
    DOUBLED = "there more than once"
    UNEXPECTED = "there, and nobody sent it"
    CHANGED = "there with another content than was sent"
    REFUSED_YET_STORED = "there, though its client was told no"
    TWO_RECEIPTS = "its client was shown two receipts"
    KEPT_TWICE = "its client was told twice that it is stored just now"
    UNSETTLED = "nobody knows to the end what became of it"
    TOKEN_TWICE = "one token, two ballots acknowledged"
    TOKEN_WITHOUT_BALLOT = "a token is spent, and its ballot is not there"
    BALLOT_WITHOUT_TOKEN = "a secret ballot is there, and its token is not spent"
    DEVICE_TWICE = "a browser is counted more than once"
    TALLY_DIFFERS = "the tally is not what a recount gives"
    PARTICIPATION_DIFFERS = "the participation is not the number of ballots"
    COMMENTS_DIFFER = "comments are missing or too many"


@dataclass(frozen=True)
class Kept:
    """A ballot as the store has it; a secret one has no id that anybody was told."""

    id: str | None
    content: str
    validity: Validity = Validity.COUNTED
    device: str | None = None


@dataclass(frozen=True)
class Stored:
    """Everything that the store says about a round."""

    ballots: tuple[Kept, ...] = ()
    comments: tuple[str, ...] = ()
    spent: Mapping[str, str] | None = None  # a token's digest → the digest of what spent it
    tally: Mapping[tuple[object, ...], int] | None = None
    recount: Mapping[tuple[object, ...], int] | None = None
    participation: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Verdict:
    """What is broken, and how many of each kind there were."""

    broken: tuple[tuple[Broken, str], ...]
    sent: int
    acknowledged: int
    refused: int
    recovered: int  # the client never heard of it, and it is there

    @property
    def kinds(self) -> set[Broken]:
        """Return what is broken, each once."""
        return {kind for kind, _ in self.broken}

    def __str__(self) -> str:
        lines = [f"{kind}: {what}" for kind, what in self.broken[:20]]
        figures = f"sent {self.sent}, acknowledged {self.acknowledged}, refused {self.refused}"
        return "\n".join([f"{figures}, recovered {self.recovered}", *lines])


def check_promise(database: Database, round_id: int, history: History) -> Verdict:
    """Fail unless the store has exactly what its clients were told; return the figures."""
    with reading(database) as session:
        verdict = judge(history, read_stored(session, round_id))
        if database.is_sqlite:
            assert session.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
    assert not verdict.broken, str(verdict)
    return verdict


def judge(history: History, stored: Stored) -> Verdict:
    """Return what of the promise is broken."""
    open_ones = Counter(one.id for one in stored.ballots if one.id is not None)
    secret_ones = Counter(one.content for one in stored.ballots if one.id is None)
    present = {
        id_: open_ones[id_] if sent[0].token is None else secret_ones[sent[0].content]
        for id_, sent in history.sent.items()
    }
    broken = [
        *_broken_ids(history, present),
        *_strangers(history, stored),
        *_tokens(history, stored),
        *_sums(stored),
        *_comments(history, stored, present),
    ]
    return Verdict(
        tuple(broken),
        sent=len(history.sent),
        acknowledged=sum(history.is_acknowledged(id_) for id_ in history.sent),
        refused=sum(history.refusals(id_) != set() for id_ in history.sent),
        recovered=sum(
            bool(count) and history.was_unknown(id_) and not history.was_kept_now(id_)
            for id_, count in present.items()
        ),
    )


def read_stored(session: Session, round_id: int) -> Stored:
    """Read a round with plain queries, and count it again without the product's own code."""
    made = session.get_one(Round, round_id)
    rows = session.scalars(select(Ballot).where(Ballot.round_id == round_id)).all()
    recount: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        if row.validity in ENTERING:
            for rating in read_ratings_text(row.ratings, made.unit_digits, made.item_count):
                flagged = row.validity is Validity.FLAGGED
                cell = (row.group_id, row.channel, rating.unit_number, rating.pattern, flagged)
                recount[cell] += 1
    cells = session.scalars(select(TallyCell).where(TallyCell.round_id == round_id))
    doors = session.execute(
        select(Participation.validity, Participation.count).where(
            Participation.round_id == round_id
        )
    )
    participation: Counter[str] = Counter()
    for validity, count in doors:
        participation[validity] += count
    spent = select(Token.digest, Token.spent_by).where(Token.spent_by.is_not(None))
    return Stored(
        tuple(_kept(row) for row in rows),
        tuple(
            f"{row.ballot_id or 'secret'} {row.unit_number} {row.words}"
            for row in session.scalars(select(Comment).where(Comment.round_id == round_id))
        ),
        {digest: mark for digest, mark in session.execute(spent) if mark},
        {
            (cell.group_id, cell.channel, cell.unit_number, cell.pattern, cell.is_flagged): (
                cell.count
            )
            for cell in cells
            if cell.count
        },
        recount,
        participation,
    )


def content_of(group_id: int, channel: str, ratings: str, answers: Mapping[str, object]) -> str:
    """Return what a ballot says, in one text."""
    return f"{group_id} {channel} {ratings} {json.dumps(dict(answers), sort_keys=True)}"


def mark_of(submission_id: str) -> str:
    """Return what a token keeps of the submission that spent it."""
    return hashlib.sha256(submission_id.encode()).hexdigest()


# --- the parts, in order of use ------------------------------------------------------------------


def _broken_ids(history: History, present: Mapping[str, int]) -> Iterable[tuple[Broken, str]]:
    for id_, count in present.items():
        is_safe, refusals = history.is_acknowledged(id_), history.refusals(id_)
        may_be_there = is_safe or history.was_unknown(id_)
        rules = (
            (Broken.DOUBLED, count > 1),
            (Broken.LOST, is_safe and not count),
            (Broken.REFUSED_YET_STORED, count and (refusals & NEVER_STORED or not may_be_there)),
            (Broken.TWO_RECEIPTS, len(history.receipts(id_)) > 1),
            (Broken.KEPT_TWICE, history.words(id_).count(Outcome.KEPT) > 1),
            (Broken.UNSETTLED, history.is_open(id_)),
        )
        yield from ((kind, id_) for kind, is_broken in rules if is_broken)


def _strangers(history: History, stored: Stored) -> Iterable[tuple[Broken, str]]:
    secrets = {
        one.content for sent in history.sent.values() for one in sent if one.token is not None
    }
    for one in stored.ballots:
        if one.id is None:
            if one.content not in secrets:
                yield Broken.UNEXPECTED, one.content
        elif one.id not in history.sent:
            yield Broken.UNEXPECTED, one.id
        elif one.content not in {sent.content for sent in history.sent[one.id]}:
            yield Broken.CHANGED, f"{one.id}: {one.content}"


def _tokens(history: History, stored: Stored) -> Iterable[tuple[Broken, str]]:
    secrets = Counter(one.content for one in stored.ballots if one.id is None)
    by_token: dict[str, list[Sent]] = {}
    for sent in history.sent.values():
        if sent[0].token is not None:
            by_token.setdefault(sent[0].token, []).append(sent[0])
    spent = stored.spent or {}
    for token, rivals in by_token.items():
        if sum(history.is_acknowledged(one.id) for one in rivals) > 1:
            yield Broken.TOKEN_TWICE, token
        winners = [one for one in rivals if spent.get(token) == mark_of(one.id)]
        if token in spent and not any(secrets[one.content] for one in winners):
            yield Broken.TOKEN_WITHOUT_BALLOT, token
    if secrets.total() > len(spent):
        yield Broken.BALLOT_WITHOUT_TOKEN, f"{secrets.total()} ballots, {len(spent)} tokens"
    if secrets.total() < len(spent):
        yield Broken.TOKEN_WITHOUT_BALLOT, f"{secrets.total()} ballots, {len(spent)} tokens"


def _sums(stored: Stored) -> Iterable[tuple[Broken, str]]:
    devices = Counter(
        one.device
        for one in stored.ballots
        if one.device and one.validity is not Validity.DUPLICATE
    )
    for device, count in devices.items():
        if count > 1:
            yield Broken.DEVICE_TWICE, f"{device}: {count}"
    tally, recount = dict(stored.tally or {}), dict(stored.recount or {})
    for cell in sorted(tally.keys() | recount.keys(), key=str):
        if tally.get(cell) != recount.get(cell):
            words = f"{cell}: {tally.get(cell)} instead of {recount.get(cell)}"
            yield Broken.TALLY_DIFFERS, words
    by_validity = Counter(str(one.validity) for one in stored.ballots)
    doors = {str(key): count for key, count in (stored.participation or {}).items()}
    if doors != dict(by_validity):
        yield Broken.PARTICIPATION_DIFFERS, f"{doors} instead of {dict(by_validity)}"


def _comments(
    history: History, stored: Stored, present: Mapping[str, int]
) -> Iterable[tuple[Broken, str]]:
    expected: Counter[str] = Counter()
    contents = {one.id: one.content for one in stored.ballots}
    for id_, count in present.items():
        if count:
            kept = next(
                (one for one in history.sent[id_] if contents.get(id_) == one.content),
                history.sent[id_][0],
            )
            owner = id_ if kept.token is None else "secret"
            expected.update(f"{owner} {words}" for words in kept.comments)
    found = Counter(stored.comments)
    for words in sorted((found - expected) + (expected - found)):
        yield Broken.COMMENTS_DIFFER, f"{words}: {found[words]} instead of {expected[words]}"


def _kept(row: Ballot) -> Kept:
    # A secret ballot keeps no day; its own random id was never told to anybody.
    is_secret = row.received_on is None
    answers = json.loads(row.answers) if row.answers else {}
    content = content_of(row.group_id, row.channel, row.ratings, answers)
    return Kept(None if is_secret else row.id, content, row.validity, row.device_key)
