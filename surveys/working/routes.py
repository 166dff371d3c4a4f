"""The pages of long work: the tasks of a round, one task, its progress, its file."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from surveys import audit, web
from surveys.access import actor, requires
from surveys.jobs import cancel_job, job_of, jobs_of
from surveys.jobs.files import folder_of
from surveys.jobs.rows import LIVING
from surveys.jobs.saying import faults_of, problem_words
from surveys.models import Job, JobState, Role
from surveys.refusals import JobOver, JobUnknown
from surveys.rounds import round_of
from surveys.wording import job_kind_words, words
from surveys.working.outcome import outcome_of, subject_of

blueprint = Blueprint("working", __name__, url_prefix="/console/rounds/<int:round_id>/jobs")


@blueprint.get("")
@requires(Role.OFFICE)
def jobs(round_id: int) -> ResponseReturnValue:
    """List a round's tasks, the newest first."""
    with web.reading() as session:
        made = round_of(session, round_id)
        found = jobs_of(session, round_id)
    return render_template(
        "working/jobs.html", round=made, jobs=found, is_moving=_is_moving(*found), **_words()
    )


@blueprint.get("/<int:job_id>")
@requires(Role.OFFICE)
def job(round_id: int, job_id: int) -> ResponseReturnValue:
    """Show one task: how far it is, what came of it, every fault of its file."""
    with web.reading() as session:
        made = round_of(session, round_id)
        found = job_of(session, job_id, round_id)
    message, advice = problem_words(found)
    return render_template(
        "working/job.html",
        round=made,
        job=found,
        is_moving=_is_moving(found),
        problem=message,
        advice=advice,
        faults=faults_of(found),
        **_words(),
    )


@blueprint.get("/<int:job_id>/progress.json")
@requires(Role.OFFICE)
def progress(round_id: int, job_id: int) -> ResponseReturnValue:
    """Tell how far a task is."""
    with web.reading() as session:
        found = job_of(session, job_id, round_id)
    return jsonify(
        state=found.state,
        words=words(found.state),
        done=found.done_count,
        total=found.total_count,
        progress=progress_words(found),
        is_moving=_is_moving(found),
    )


@blueprint.post("/<int:job_id>/cancel")
@requires(Role.OFFICE)
def cancel(round_id: int, job_id: int) -> ResponseReturnValue:
    """Call a task off."""
    with web.transaction() as session:
        job_of(session, job_id, round_id)
        if not cancel_job(session, job_id, web.now(), actor()):
            raise JobOver
    flash(_("The task has been called off."), "good")
    return redirect(url_for("working.job", round_id=round_id, job_id=job_id), 303)


@blueprint.get("/<int:job_id>/file")
@requires(Role.OFFICE)
def file(round_id: int, job_id: int) -> ResponseReturnValue:
    """Hand out what a task has made; who took it is written down."""
    with web.reading() as session:
        found = job_of(session, job_id, round_id)
    if found.state is not JobState.DONE or found.file_name is None:
        raise JobUnknown
    path = folder_of(web.installation().settings.var, job_id) / found.file_name
    if not path.is_file():
        raise JobUnknown
    with web.transaction() as session:
        audit.record(session, actor(), "ballots downloaded", web.now(), round_id, f"#{job_id}")
    return send_file(path, as_attachment=True, download_name=path.name)


# --- the parts, in order of use -------------------------------------------------------------------


def _is_moving(*found: Job) -> bool:
    return any(one.state in LIVING for one in found)


def _words() -> dict[str, Any]:
    return {
        "kind_words": job_kind_words,
        "outcome_of": outcome_of,
        "subject_of": subject_of,
        "problem_words": problem_words,
        "progress_words": progress_words,
    }


def progress_words(job: Job) -> str:
    """Return how far a job is, as far as that is known."""
    if job.total_count:
        done, total = f"{job.done_count:,}", f"{job.total_count:,}"
        return str(_("%(done)s of %(total)s", done=done, total=total))
    return f"{job.done_count:,}" if job.done_count else ""
