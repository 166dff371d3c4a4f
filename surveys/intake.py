"""The one writer of ballots: a queue, group commit, and an answer only after the commit."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError

from surveys import metrics
from surveys.ballots import Outcome, keep_batch
from surveys.db import Database, transaction
from surveys.disk import FreeSpace
from surveys.questionnaire import Submission
from surveys.refusals import Busy, NotSaved, Refusal

log = logging.getLogger(__name__)

QUEUE_DEPTH = 2000
LARGEST_BATCH = 200
ANSWER_SECONDS = 60
# A server has 64 threads. When so many of them wait for a store that has become slow, the others
# are needed to go on showing pages and saying "not saved yet"; a short crowd is let in.
MOST_HELD_UP = 48
SLOW_SECONDS = 2.0


@dataclass(slots=True)
class _Waiting:
    """A submission in the queue and the request thread that waits for its answer."""

    submission: Submission
    done: threading.Event = field(default_factory=threading.Event)
    answer: Outcome | Refusal | None = None

    def tell(self, answer: Outcome | Refusal) -> None:
        self.answer = answer
        self.done.set()


class Intake:
    """A queue with one writer thread; every caller is answered only after the commit."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        depth: int = QUEUE_DEPTH,
        room: FreeSpace | None = None,
        patience: float = SLOW_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._room = room
        self._patience = patience
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(depth)
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None
        self._at_work = 0
        self._began_at: float | None = None

    def keep(self, submission: Submission) -> Outcome:
        """Store one submission durably; return what became of it, or raise the refusal.

        When no answer comes in time the outcome is unknown: the page says "not saved yet", and
        the same submission sent again is told what really happened.
        """
        if self._room is not None:
            self._room.check()
        if self.is_full:
            raise Busy
        self._start()
        waiting = _Waiting(submission)
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise Busy from None
        if not waiting.done.wait(ANSWER_SECONDS) or waiting.answer is None:
            raise NotSaved
        if isinstance(waiting.answer, Refusal):
            raise waiting.answer
        return waiting.answer

    @property
    def is_full(self) -> bool:
        """Tell whether the next ballot would be refused: too many wait, or too long."""
        began_at = self._began_at
        if began_at is not None and self._at_work + self._queue.qsize() >= MOST_HELD_UP:
            return time.monotonic() - began_at > self._patience
        return self._queue.full()

    def close(self) -> None:
        """Write what waits, then end the writer."""
        with self._starting:
            if self._writer is not None:
                self._queue.put(None)
                self._writer.join()
                self._writer = None

    def _start(self) -> None:
        # The thread is started by the first ballot, so that a server may fork before it.
        if self._writer is not None and self._writer.is_alive():
            return
        with self._starting:
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write, name="intake", daemon=True)
                self._writer.start()

    def _write(self) -> None:
        while True:
            batch, is_last = self._next_batch()
            metrics.QUEUE_DEPTH.set(self._queue.qsize())
            if batch:
                self._began_at = time.monotonic()
                self._at_work = len(batch)
                self._commit(batch)
                self._at_work = 0
                self._began_at = None
            if is_last:
                return

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        batch: list[_Waiting] = []
        first = self._queue.get()
        while first is not None:
            batch.append(first)
            if len(batch) >= LARGEST_BATCH:
                return batch, False
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        """Commit a batch; where a ballot spoils it, try its halves, so that the rest is kept."""
        try:
            with (
                metrics.COMMIT_SECONDS.time(),
                transaction(self._database, is_seen=False) as session,
            ):
                answers = keep_batch(session, [one.submission for one in batch], self._clock())
        except Exception as fault:
            if len(batch) > 1 and _is_of_one_ballot(fault):
                middle = len(batch) // 2
                self._commit(batch[:middle])
                self._commit(batch[middle:])
                return
            # Only the kind: the words of a store's fault may quote what somebody answered.
            log.error("%d ballots could not be stored: %s", len(batch), _kind(fault))
            answers = [NotSaved() for _ in batch]
        _count(answers)
        for one, answer in zip(batch, answers, strict=True):
            one.tell(answer)


def _is_of_one_ballot(fault: Exception) -> bool:
    """Tell whether the content of a ballot is at fault, and not the store as a whole."""
    if isinstance(fault, DataError | IntegrityError):
        return True
    return type(fault) is StatementError or not isinstance(fault, SQLAlchemyError)


def _kind(fault: Exception) -> str:
    cause = getattr(fault, "orig", None)
    return f"{type(fault).__name__} {type(cause).__name__} {getattr(cause, 'sqlstate', None) or ''}"


def _count(answers: Sequence[Outcome | Refusal]) -> None:
    metrics.BATCH_SIZE.observe(len(answers))
    kinds = Counter(
        metrics.kind_of(answer) if isinstance(answer, Refusal) else str(answer)
        for answer in answers
    )
    for kind, count in kinds.items():
        metrics.OUTCOMES.labels(kind).inc(count)
