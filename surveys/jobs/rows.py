"""Jobs as rows: started, looked at, called off."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from surveys import audit
from surveys.models import Job, JobState
from surveys.refusals import JobUnknown

LIVING = (JobState.WAITING, JobState.RUNNING)


def start_job(
    session: Session,
    kind: str,
    now: datetime,
    actor: str,
    round_id: int | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Job:
    """Put a job on the list and return its row; a process takes it up after the commit."""
    job = Job(
        kind=kind,
        round_id=round_id,
        arguments=json.dumps(dict(arguments or {}), ensure_ascii=False, sort_keys=True),
        state=JobState.WAITING,
        done_count=0,
        attempts=0,
        actor=actor,
        created_at=now,
    )
    session.add(job)
    session.flush()
    return job


def job_of(session: Session, job_id: int, round_id: int | None = None) -> Job:
    """Return a job, or refuse; one of another round does not exist here."""
    found = session.get(Job, job_id)
    if found is None or (round_id is not None and found.round_id != round_id):
        raise JobUnknown
    return found


def jobs_of(session: Session, round_id: int | None = None, most: int = 50) -> tuple[Job, ...]:
    """Return the jobs of a round or of all, the newest first."""
    wanted = select(Job).order_by(Job.id.desc()).limit(most)
    if round_id is not None:
        wanted = wanted.where(Job.round_id == round_id)
    return tuple(session.scalars(wanted))


def living_job(session: Session, round_id: int, kind: str) -> int | None:
    """Return the id of the oldest job of this kind that waits or runs in a round."""
    wanted = select(Job.id).where(Job.round_id == round_id, Job.kind == kind, Job.state.in_(LIVING))
    return session.scalars(wanted.order_by(Job.id).limit(1)).first()


def cancel_job(session: Session, job_id: int, now: datetime, actor: str) -> bool:
    """Call a job off; tell whether it was still waiting or running."""
    cancelled = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(LIVING))
        .values(state=JobState.CANCELLED, holder=None, lease_until=None, finished_at=now)
        .returning(Job.round_id, Job.kind)
        .execution_options(synchronize_session=False)
    ).first()
    if cancelled is None:
        return False
    details = f"#{job_id} · {cancelled.kind}"
    audit.record(session, actor, "job cancelled", now, cancelled.round_id, details)
    return True
