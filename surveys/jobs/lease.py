"""Who works on a job: one process at a time, under a lease that a dead one cannot renew."""

import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from analytics.faults import N_
from surveys.db import Database, transaction
from surveys.jobs.kinds import Claim, Result, Step, Write
from surveys.jobs.problems import problem_text
from surveys.models import Job, JobState

LEASE = timedelta(seconds=30)
ATTEMPTS_MAX = 3
CRASHED = N_("The work broke off %(count)s times and was given up.")


class JobLost(Exception):
    """The job is no longer ours: it was cancelled, or another process took it over."""


def holder_name() -> str:
    """Return a new name for a process to hold a job under."""
    return f"{socket.gethostname()[:16]}:{os.getpid()}:{secrets.token_hex(4)}"


def ready_job(session: Session, now: datetime, patience: timedelta) -> int | None:
    """Return the oldest job that nobody works on; waiting ones only when older than `patience`."""
    wanted = select(Job.id).where(_is_free(now, now - patience)).order_by(Job.id).limit(1)
    return session.scalars(wanted).first()


def claim(session: Session, job_id: int, holder: str, now: datetime) -> Claim | None:
    """Take a free job under a lease; None when another was quicker or it has failed too often."""
    taken = session.execute(
        update(Job)
        .where(Job.id == job_id, _is_free(now, now), Job.attempts < ATTEMPTS_MAX)
        .values(
            state=JobState.RUNNING,
            holder=holder,
            lease_until=now + LEASE,
            attempts=Job.attempts + 1,
        )
        .returning(Job.kind, Job.round_id, Job.arguments, Job.actor, Job.attempts, Job.result)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        _give_up(session, job_id, now)
        return None
    return Claim(
        job_id,
        taken.kind,
        taken.round_id,
        json.loads(taken.arguments),
        taken.actor,
        holder,
        taken.attempts,
        json.loads(taken.result) if taken.result else None,
    )


def hold(session: Session, claim: Claim, now: datetime, **changes: Any) -> None:
    """Renew the lease and change the row with it; raise JobLost when the job is no longer ours.

    The row stays locked until the commit, so nobody takes over in the middle of a step.
    """
    held = session.execute(
        update(Job)
        .where(Job.id == claim.job_id, Job.holder == claim.holder, Job.state == JobState.RUNNING)
        .values(**{"lease_until": now + LEASE, **changes})
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    if held is None:
        raise JobLost


def finish(session: Session, claim: Claim, now: datetime, state: JobState, **changes: Any) -> None:
    """End a job that is ours."""
    ended = {"state": state, "holder": None, "lease_until": None, "finished_at": now}
    hold(session, claim, now, **ended, **changes)


def release(session: Session, claim: Claim, now: datetime, *, is_clean: bool) -> None:
    """Put a job back on the list; a clean end of the process is not held against it."""
    attempts = claim.attempts - 1 if is_clean else claim.attempts
    freed = {"state": JobState.WAITING, "holder": None, "lease_until": None}
    hold(session, claim, now, **freed, attempts=max(0, attempts))


def writing(
    database: Database,
    claim: Claim,
    clock: Callable[[], datetime],
    on_step: Callable[[int, int], None],
) -> Write:
    """Return how a job's effects are written: in steps that happen only while the job is ours.

    `on_step` hears after each commit how far the job has come.
    """

    @contextmanager
    def write() -> Iterator[Step]:
        reached = (0, 0)
        with transaction(database) as session:
            now = clock()
            hold(session, claim, now)

            def note(done: int, total: int, result: Result) -> None:
                nonlocal reached
                reached = (done, total)
                # Progress was made, so earlier deaths of a process no longer count.
                kept = {"result": json.dumps(result, ensure_ascii=False), "attempts": 1}
                hold(session, claim, now, done_count=done, total_count=total, **kept)

            yield Step(session, now, note)
        on_step(*reached)

    return write


def _is_free(now: datetime, before: datetime) -> Any:
    return or_(
        and_(Job.state == JobState.WAITING, Job.created_at <= before),
        and_(Job.state == JobState.RUNNING, Job.lease_until < now),
    )


def _give_up(session: Session, job_id: int, now: datetime) -> None:
    """Fail a free job that has broken off too often."""
    session.execute(
        update(Job)
        .where(Job.id == job_id, _is_free(now, now), Job.attempts >= ATTEMPTS_MAX)
        .values(
            state=JobState.FAILED,
            holder=None,
            lease_until=None,
            finished_at=now,
            problem=problem_text(CRASHED, count=ATTEMPTS_MAX),
        )
        .execution_options(synchronize_session=False)
    )
