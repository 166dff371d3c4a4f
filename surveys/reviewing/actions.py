"""What the office does about ballots: takes them in from a file, hands them out as one."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from surveys import audit
from surveys.jobs import start_job
from surveys.jobs.files import keep_upload
from surveys.models import Job
from surveys.questionnaire import Channel
from surveys.reviewing.entry import check_state
from surveys.reviewing.export import Form
from surveys.reviewing.export_plan import Scope, export_plan
from surveys.rounds import round_of


def start_import(
    session: Session,
    var: Path,
    round_id: int,
    uploaded: Path,
    file_name: str,
    channel: Channel,
    now: datetime,
    actor: str,
    *,
    is_dry: bool = False,
) -> Job:
    """Put the import of a received ratings file on the list."""
    check_state(round_of(session, round_id).state)
    arguments = {"file_name": file_name, "channel": channel.value, "is_dry": is_dry}
    job = start_job(session, "import", now, actor, round_id, arguments)
    keep_upload(var, job.id, uploaded)
    return job


def start_export(
    session: Session,
    round_id: int,
    form: Form,
    scope: Scope,
    words: Mapping[str, Any],
    now: datetime,
    actor: str,
) -> Job:
    """Put an export on the list, or refuse; `words` are those of its file (`export_words`)."""
    export_plan(session, round_id, scope, is_english=words["is_english"])
    arguments = {"form": form.value, "scope": scope.value, **words}
    job = start_job(session, "export", now, actor, round_id, arguments)
    audit.record(session, actor, "ballots exported", now, round_id, f"#{job.id} · {form.value}")
    return job
