"""The drainer of surge mode: takes waiting ballots from Redis and stores each once."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from redis.exceptions import ResponseError
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from surveys.ballots import store
from surveys.db import Database, reading, transaction
from surveys.models import Round, RoundState
from surveys.questionnaire import Submission, Validity
from surveys.settings import CITY_CLOCK
from surveys.surge import FIELD, Shard, Streams, shards_of

log = logging.getLogger(__name__)

GROUP = "drainers"
BATCH = 1000
# A drainer that has been silent for so long is taken for dead, and its entries are done again.
CLAIM_SECONDS = 10.0
# What one ballot can be guilty of by itself; everything else is the store's fault and passes.
POISON = (DataError, IntegrityError, ValueError, TypeError, KeyError)
# After the scores a ballot is kept and not counted: a person decides.
SCORED = frozenset({RoundState.SCORED, RoundState.PUBLISHED})
LATE = "late"

RawEntry = tuple[bytes, dict[bytes, bytes]]


@dataclass(frozen=True)
class Entry:
    """A ballot that waits: its place in the stream, itself, and when it was received."""

    id: bytes
    raw: dict[bytes, bytes]
    submission: Submission
    received_at: datetime

    @property
    def day(self) -> date:
        """Return the city's day on which it was received."""
        return self.received_at.astimezone(CITY_CLOCK).date()


class Drainer:
    """Stores what waits, batch by batch; an entry leaves its stream only after the commit."""

    def __init__(
        self,
        streams: Streams,
        database: Database,
        name: str,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._streams = streams
        self._database = database
        self._name = name
        self._ticks = ticks
        self._claimed_at = float("-inf")

    def sweep(self, claim_after: float = CLAIM_SECONDS) -> Counter[str]:
        """Take one batch of every stream; return what became of its entries.

        Raises what the store or Redis raise when they are away: nothing is lost by trying again.
        """
        done: Counter[str] = Counter()
        is_claiming = self._ticks() - self._claimed_at >= claim_after
        for round_id in self._rounds():
            for shard in shards_of(round_id):
                if is_claiming:
                    done += self._drain(shard, self._claim(shard, claim_after))
                done += self._drain(shard, self._next(shard))
        if is_claiming:
            self._claimed_at = self._ticks()
        return done

    def retry_aside(self, round_id: int) -> int:
        """Put what could not be stored back into its stream; return how many there were."""
        moved = 0
        for shard in shards_of(round_id):
            server: Any = self._streams.server(shard)
            while entries := server.xrange(shard.aside, count=BATCH):
                asked = server.pipeline(transaction=True)
                for entry_id, fields in entries:
                    asked.xadd(shard.key, {FIELD: fields[FIELD]})
                    asked.xdel(shard.aside, entry_id)
                asked.execute()
                moved += len(entries)
        return moved

    # --- reading ---------------------------------------------------------------------------------

    def _rounds(self) -> Sequence[int]:
        with reading(self._database) as session:
            wanted = select(Round.id).where(Round.state != RoundState.DRAFT)
            return session.scalars(wanted.order_by(Round.id)).all()

    def _next(self, shard: Shard) -> list[RawEntry]:
        """Return entries that nobody has taken yet."""
        server = self._streams.server(shard)
        for _ in range(2):
            try:
                found = server.xreadgroup(GROUP, self._name, {shard.key: ">"}, count=BATCH)
            except ResponseError as fault:
                if "NOGROUP" not in str(fault):
                    raise
                if not server.exists(shard.key):
                    return []
                _make_group(server, shard)
            else:
                return [entry for _, entries in _pairs(found) for entry in entries]
        return []

    def _claim(self, shard: Shard, idle_seconds: float) -> list[RawEntry]:
        """Return entries that a drainer took and did not finish."""
        try:
            _, entries, *_ = self._streams.server(shard).xautoclaim(
                shard.key, GROUP, self._name, int(idle_seconds * 1000), count=BATCH
            )
        except ResponseError as fault:
            if "NOGROUP" in str(fault):
                return []
            raise
        return list(entries)

    # --- storing ---------------------------------------------------------------------------------

    def _drain(self, shard: Shard, raw: Iterable[RawEntry]) -> Counter[str]:
        done: Counter[str] = Counter()
        entries: list[Entry] = []
        for entry_id, fields in raw:
            try:
                entries.append(Entry(entry_id, fields, *self._streams.read(shard, fields)))
            except POISON as fault:
                self._set_aside(shard, entry_id, fields, fault)
                done["aside"] += 1
        return done + self._store(shard, entries) if entries else done

    def _store(self, shard: Shard, entries: list[Entry]) -> Counter[str]:
        """Store a batch and take it from the stream; halve it to find what cannot be stored."""
        try:
            with transaction(self._database) as session:
                done = _settle(session, shard.round_id, entries)
        except POISON as fault:
            if len(entries) == 1:
                self._set_aside(shard, entries[0].id, entries[0].raw, fault)
                return Counter(aside=1)
            half = len(entries) // 2
            return self._store(shard, entries[:half]) + self._store(shard, entries[half:])
        self._take_out(shard, [entry.id for entry in entries])
        return done

    def _take_out(self, shard: Shard, entry_ids: list[bytes]) -> None:
        asked = self._streams.server(shard).pipeline(transaction=True)
        asked.xack(shard.key, GROUP, *entry_ids)
        asked.xdel(shard.key, *entry_ids)
        asked.execute()

    def _set_aside(
        self, shard: Shard, entry_id: bytes, fields: dict[bytes, bytes], fault: Exception
    ) -> None:
        """Move an entry out of the way; the log says the kind of fault and never the content."""
        kind = type(fault).__name__
        log.error("a waiting ballot of round %s is set aside: %s", shard.round_id, kind)
        asked = self._streams.server(shard).pipeline(transaction=True)
        asked.xadd(shard.aside, {FIELD: fields.get(FIELD, b""), b"fault": kind.encode()})
        asked.xack(shard.key, GROUP, entry_id)
        asked.xdel(shard.key, entry_id)
        asked.execute()


def _settle(session: Session, round_id: int, entries: list[Entry]) -> Counter[str]:
    """Store the ballots of one round as of the days on which they were received."""
    found = session.scalars(
        select(Round).where(Round.id == round_id).with_for_update(read=True)
    ).one_or_none()
    if found is None or any(one.submission.round_id != round_id for one in entries):
        raise ValueError("a ballot of another round")
    done: Counter[str] = Counter()
    wanted = [one for one in entries if not _is_rehearsed(found, one)]
    done["rehearsed"] = len(entries) - len(wanted)
    for _, same_day in groupby(sorted(wanted, key=_day), key=_day):
        batch = list(same_day)
        submissions = [
            _late(one.submission) if found.state in SCORED else one.submission for one in batch
        ]
        for answer in store(session, submissions, batch[0].received_at):
            done[str(answer)] += 1
    return done


def _is_rehearsed(found: Round, entry: Entry) -> bool:
    """Tell whether a ballot belongs to the rehearsal, whose ballots went when the round opened."""
    return found.frozen_at is not None and entry.received_at < found.frozen_at


def _late(submission: Submission) -> Submission:
    return replace(
        submission,
        validity=Validity.HELD,
        reasons=tuple(dict.fromkeys((*submission.reasons, LATE))),
    )


def _day(entry: Entry) -> date:
    return entry.day


def _make_group(server: Any, shard: Shard) -> None:
    try:
        server.xgroup_create(shard.key, GROUP, id="0")
    except ResponseError as fault:
        if "BUSYGROUP" not in str(fault):  # another drainer was quicker
            raise


def _pairs(found: Any) -> Iterable[tuple[bytes, list[RawEntry]]]:
    """Return streams with their entries, whichever protocol the answer came by."""
    return found.items() if isinstance(found, dict) else found or ()
