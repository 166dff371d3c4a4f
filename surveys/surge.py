"""Surge mode: ballots of open links wait in Redis, on its disk, until a drainer stores them."""

import json
import logging
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from redis.cluster import RedisCluster
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveys import metrics
from surveys.ballots import Outcome
from surveys.circuit import FAULTS, Circuit, Client, connect, node_of
from surveys.intake import Intake
from surveys.models import Round, RoundState
from surveys.questionnaire import Channel, Submission, UnitRating, Validity
from surveys.refusals import BallotsWaiting, SurgeSilent
from surveys.seal import sealed, unsealed
from surveys.settings import Settings

log = logging.getLogger(__name__)

SHARDS = 8
# Beyond it ballots go straight to the store: a stream that nobody drains must not fill the memory.
LONGEST_STREAM = 500_000
WAIT_SECONDS = 2.0  # an answer comes only after Redis has flushed its file
UNPROVEN_SECONDS = 60.0
PURPOSE = b"surge entry"
FIELD = b"ballot"
# Only ballots that carry no one-time code may wait: a code is spent where its ballot is stored.
CHANNELS = frozenset({Channel.OPEN, Channel.WINDOW})
# What Redis must say about itself before "received" is true: every command is on the disk before
# it is answered, also while the file is rewritten, and nothing is thrown away for want of memory.
PROOF: dict[str, Callable[[str], bool]] = {
    "appendonly": lambda value: value == "yes",
    "appendfsync": lambda value: value == "always",
    "no-appendfsync-on-rewrite": lambda value: value == "no",
    "maxmemory-policy": lambda value: not value.startswith("allkeys"),
}
# In one step, so that nothing can slip into a stream that has been shut.
_ADD = """
if redis.call('EXISTS', KEYS[2]) == 1 then return false end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return false end
return redis.call('XADD', KEYS[1], '*', 'ballot', ARGV[1])
"""


@dataclass(frozen=True)
class Shard:
    """One stream of a round; its keys share a hash tag, so a cluster keeps them on one server."""

    round_id: int
    number: int

    @property
    def key(self) -> str:
        """Return the key of the stream."""
        return f"{{pingyi:surge:{self.round_id}:{self.number}}}"

    @property
    def shut(self) -> str:
        """Return the key that stands while nothing more is taken."""
        return f"{self.key}:shut"

    @property
    def aside(self) -> str:
        """Return the key of what could not be stored."""
        return f"{self.key}:aside"


def shards_of(round_id: int) -> Iterator[Shard]:
    """Return the streams of a round."""
    return (Shard(round_id, number) for number in range(SHARDS))


def shard_of(submission: Submission) -> Shard:
    """Return where a ballot waits: those of one browser in one stream, so the first stays first."""
    sign = submission.device_key or submission.submission_id
    return Shard(submission.round_id, zlib.crc32(sign.encode()) % SHARDS)


class Streams:
    """The streams of an installation in its Redis or Redis Cluster."""

    def __init__(self, redis_url: str, secret_key: bytes) -> None:
        self._url = redis_url
        self._secret = secret_key
        self._circuit = Circuit("surge")
        self._unproven = Circuit("surge (not durable)", UNPROVEN_SECONDS)
        self._made: Client | None = None

    def add(self, submission: Submission, received_at: datetime) -> bool:
        """Put a ballot on Redis's disk; tell whether it is proven to be there.

        Where it is not, it may be there all the same: the caller stores it, and its key makes a
        second storing harmless.
        """
        shard = shard_of(submission)
        content = write_entry(self._secret, shard, submission, received_at)
        answer = self._unproven.ask(
            lambda: self._circuit.ask(lambda: self._add(shard, content), None), None
        )
        if answer is None:
            return False
        problem, is_added = answer
        if problem:
            self._unproven.rest(problem)
        return is_added and not problem

    def waiting(self, round_id: int) -> int | None:
        """Return how many ballots wait to be stored, None when Redis does not say."""
        return self._circuit.ask(
            lambda: sum(self.server(one).xlen(one.key) for one in shards_of(round_id)), None
        )

    def aside(self, round_id: int) -> int | None:
        """Return how many ballots could not be stored, None when Redis does not say."""
        return self._circuit.ask(
            lambda: sum(self.server(one).xlen(one.aside) for one in shards_of(round_id)), None
        )

    def shut(self, round_id: int) -> int | None:
        """Take nothing more for a round; return how many ballots wait, None without an answer."""
        try:
            for one in shards_of(round_id):
                self.server(one).set(one.shut, b"1")
            return sum(self.server(one).xlen(one.key) for one in shards_of(round_id))
        except FAULTS:
            return None

    def problem(self) -> str:
        """Return why Redis cannot be trusted with a ballot, "" when it can."""
        try:
            return _problem(self.server(Shard(0, 0)).config_get(*PROOF))
        except FAULTS as fault:
            return type(fault).__name__

    def read(self, shard: Shard, found: dict[bytes, bytes]) -> tuple[Submission, datetime]:
        """Return what an entry holds, or raise ValueError where it is not one of ours."""
        content = unsealed(self._secret, PURPOSE, shard.key, found.get(FIELD, b""))
        if content is None:
            raise ValueError("the seal is broken")
        return read_entry(content)

    def server(self, shard: Shard) -> Redis:
        """Return the server that holds a stream."""
        if self._made is None:
            self._made = connect(self._url, WAIT_SECONDS)
        return node_of(self._made, shard.key)

    def _add(self, shard: Shard, content: bytes) -> tuple[str, bool]:
        """Return what is wrong with Redis, if anything, and whether the ballot was taken.

        One round trip on one connection, so the proof is about the server that took the ballot.
        """
        try:
            asked = self.server(shard).pipeline(transaction=False)
            asked.config_get(*PROOF)
            asked.eval(_ADD, 2, shard.key, shard.shut, content, str(LONGEST_STREAM))
            settings, entry_id = asked.execute()
        except FAULTS:
            if isinstance(self._made, RedisCluster):
                self._made = None  # another of its servers may hold the stream by now
            raise
        return _problem(settings), entry_id is not None


class SurgeIntake(Intake):
    """An intake that lets ballots of open links wait in Redis while that is safe."""

    def __init__(self, streams: Streams, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._streams = streams

    def keep(self, submission: Submission) -> Outcome:
        """Keep one submission: on Redis's disk, or else as the intake always does."""
        if submission.is_secret or submission.channel not in CHANNELS:
            return super().keep(submission)
        if self._streams.add(submission, self._clock()):
            metrics.OUTCOMES.labels(Outcome.RECEIVED.value).inc()
            return Outcome.RECEIVED
        return super().keep(submission)


def streams_of(settings: Settings) -> Streams | None:
    """Return the streams of an installation that has a Redis."""
    return Streams(settings.redis_url, settings.secret_key) if settings.redis_url else None


def check_drained(session: Session, settings: Settings, round_id: int) -> None:
    """Refuse to score while ballots of a closed round wait; from now on none can come."""
    streams = streams_of(settings)
    if streams is None:
        return
    state = session.scalar(select(Round.state).where(Round.id == round_id))
    if state not in {RoundState.CLOSED, RoundState.SCORED}:
        return
    # Without surge mode a Redis that is away holds nobody up, and one that is there is asked.
    waiting = streams.shut(round_id) if settings.surge else streams.waiting(round_id) or 0
    if waiting is None:
        raise SurgeSilent
    if waiting:
        raise BallotsWaiting(count=waiting)


# --- entries -------------------------------------------------------------------------------------


def write_entry(
    secret: bytes, shard: Shard, submission: Submission, received_at: datetime
) -> bytes:
    """Return a ballot and the moment it was received as one sealed piece."""
    document = {**asdict(submission), "received_at": received_at.isoformat()}
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return sealed(secret, PURPOSE, shard.key, content)


def read_entry(content: bytes) -> tuple[Submission, datetime]:
    """Return the ballot of an entry; raise ValueError, KeyError or TypeError on anything else."""
    given = json.loads(content)
    received_at = datetime.fromisoformat(given.pop("received_at"))
    return (
        Submission(
            **{
                **given,
                "channel": Channel(given["channel"]),
                "validity": Validity(given["validity"]),
                "ratings": tuple(UnitRating(**one) for one in given["ratings"]),
                "comments": tuple((number, words) for number, words in given["comments"]),
                "answers": tuple((code, _answer(value)) for code, value in given["answers"]),
                "reasons": tuple(given["reasons"]),
            }
        ),
        received_at,
    )


def _answer(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _problem(settings: Mapping[Any, Any]) -> str:
    """Return the first setting under which an answered command could be lost."""
    for name, is_safe in PROOF.items():
        if not is_safe(settings.get(name, "")):
            return f"{name} {settings.get(name, '?')}"
    return ""
