"""`flask jobs …`: the long work of an installation: listed, started, called off, done."""

import time
from pathlib import Path

import click
from flask_babel import gettext

from surveys import web
from surveys.commands import SayingGroup
from surveys.jobs import Runner, cancel_job, job_of, jobs_of, start_job
from surveys.jobs.files import folder_of
from surveys.jobs.queue import work
from surveys.jobs.rows import LIVING
from surveys.jobs.saying import faults_of, problem_words
from surveys.models import Job, JobState
from surveys.refusals import JobOver
from surveys.rounds import round_id_of
from surveys.wording import job_kind_words, words

ACTOR = "command"
WAIT_SECONDS = 0.5

jobs = SayingGroup("jobs", help="Long work: imports, exports, recounts.")


@jobs.command("list")
@click.option("--round", "code", help="Only those of the round with this code.")
def list_jobs(code: str | None) -> None:
    """List the newest tasks, one a line."""
    with web.reading() as session:
        found = jobs_of(session, round_id_of(session, code) if code else None)
    for job in found:
        done = f"{job.done_count}/{job.total_count or '?'}"
        line = f"{job.id:>6}  {job_kind_words(job.kind):<12} {words(job.state):<8} {done:>15}"
        click.echo(f"{line}  {web.moment(job.created_at)}  {job.actor}")
        said = " ".join(filter(None, problem_words(job)))
        if said:
            click.echo(f"        {said}")


@jobs.command("start")
@click.argument("kind", type=click.Choice(["recount"]))
@click.option("--round", "code", required=True, help="Code of the round.")
def start(kind: str, code: str) -> None:
    """Start a task and follow it; imports and exports start with `flask ballots`."""
    with web.transaction() as session:
        job_id = start_job(session, kind, web.now(), ACTOR, round_id_of(session, code)).id
    finish(follow(job_id))


@jobs.command("cancel")
@click.argument("job_id", type=int)
def cancel(job_id: int) -> None:
    """Call task JOB_ID off."""
    with web.transaction() as session:
        kind = job_of(session, job_id).kind
        if not cancel_job(session, job_id, web.now(), ACTOR):
            raise JobOver
    click.echo(f"#{job_id} {job_kind_words(kind)}  {words(JobState.CANCELLED)}")


@jobs.command("work")
def work_off() -> None:
    """Do tasks until stopped: those that Redis hands out, and whatever waits in the store."""
    here = web.installation()
    click.echo("后台任务进程已启动，按 Ctrl+C 停止 / Working on tasks; Ctrl+C stops")
    work(here.settings, here.database, web.now)


# --- for commands that start a job and wait for it ------------------------------------------------


def follow(job_id: int) -> Job:
    """Do a job here when it is free, else watch the process that does; return how it ended."""
    here = web.installation()
    runner = Runner(here.settings, here.database, web.now)
    with web.reading() as session:
        label = job_kind_words(job_of(session, job_id).kind)
    try:
        with click.progressbar(length=1, label=label) as bar:

            def tell(done: int, total: int | None) -> None:
                if total:
                    bar.length = total
                    bar.update(done - bar.pos)

            while True:
                was_free = runner.run(job_id, tell)
                with web.reading() as session:
                    job = job_of(session, job_id)
                if job.state not in LIVING:
                    tell(job.total_count or 1, job.total_count or 1)
                    return job
                tell(job.done_count, job.total_count)
                if not was_free:
                    time.sleep(WAIT_SECONDS)
    except KeyboardInterrupt:
        with web.transaction() as session:
            cancel_job(session, job_id, web.now(), ACTOR)
        raise


def finish(job: Job, file: str = "") -> None:
    """Say how a job ended, with every fault of its file; exit with 1 when it did not end well."""
    if job.state is JobState.DONE:
        return
    lines = [" ".join(filter(None, problem_words(job))) or words(job.state)]
    for fault in faults_of(job):
        place = [file, gettext("row %(row)s", row=fault.row) if fault.row else ""]
        place.append(gettext("column %(column)s", column=fault.column) if fault.column else "")
        lines.append(f"{' '.join(filter(None, place))}: {fault.words}")
    for line in lines:
        click.echo(line, err=True)
    raise SystemExit(1)


def result_path(job: Job) -> Path:
    """Return where a job's file lies."""
    assert job.file_name is not None  # noqa: S101 - the caller saw that it is done
    return folder_of(web.installation().settings.var, job.id) / job.file_name


COMMANDS = (jobs,)
